"""An environment that no longer says whose repository it uses: nothing is installed into it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context

from conda_offline_repo.customer.environment.state import state_path
from conda_offline_repo.customer.exceptions import StateUnreadableError
from conda_offline_repo.customer.hooks.archives import expected_manifest
from conda_offline_repo.customer.hooks.history_check import check_environment, remember_release
from tests.support.inside import inside
from tests.support.keys import SigningKey, sign
from tests.support.running import Customer, tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.running import Conda

VENDOR, OTHER = SigningKey("vendor"), SigningKey("other")


@pytest.fixture
def customer(tmp_path: Path) -> Conda:
    return Customer(tmp_path / "administrator")


@pytest.fixture
def state(customer: Conda, stick: Path) -> Path:
    """The state of an environment that expects the vendor's signature."""
    sign(stick, VENDOR)
    customer.use(stick, "-n", "rating", "app", "--trust", VENDOR.fingerprint, "--yes")
    return state_path(customer.envs / "rating")


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def become_a_pipe(path: Path) -> None:
    path.unlink()
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    os.mkfifo(path)


def become_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


FORMS = [truncate, empty, become_a_pipe, become_a_folder]


@pytest.mark.parametrize("spoil", FORMS)
def test_everything_is_refused(
    customer: Conda, stick: Path, state: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(state)
    sign(stick, OTHER)  # what the environment must not take
    before = customer.installed("rating"), tree(customer.envs)
    shell = customer.activated("rating")
    use = ("offline-repo", "use", stick, "-n", "rating", "--yes")
    for arguments in (
        ("install", "--yes", "extra"),
        ("update", "--yes", "--all"),
        ("remove", "--yes", "app"),
        use,
        (*use, "app", "--allow-older", "--other-label", "--no-verify"),
        (*use, "--trust", OTHER.fingerprint),
        ("offline-repo", "use", "--undo", "-n", "rating"),
        ("offline-repo", "verify", stick),
    ):
        told = customer.fail(*arguments, **shell)
        assert "StateUnreadableError" in told.stderr, str(told)
        assert str(state) in told.stderr
        assert "ERROR REPORT" not in told.output
        assert (customer.installed("rating"), tree(customer.envs)) == before


def test_explicit_list(customer: Conda, stick: Path, state: Path) -> None:
    truncate(state)
    listed = customer.work / "list.txt"
    listed.write_text(f"@EXPLICIT\n{(stick / 'noarch' / 'extra-1.0-0.conda').as_uri()}\n")
    told = customer.fail("install", "--yes", "--file", listed, **customer.activated("rating"))
    assert "StateUnreadableError" in told.stderr
    assert "extra" not in customer.installed("rating")


def test_doctor_says_it(customer: Conda, state: Path) -> None:
    truncate(state)
    told = customer.run("doctor", "-p", customer.envs / "rating")
    assert "Error running health check" not in told.output
    assert f"❌ {state}, which says" in told.stdout
    assert "Restore the file from a backup" in told.stdout


def test_way_out_is_to_remove_it_and_to_be_asked_anew(
    customer: Conda, stick: Path, state: Path
) -> None:
    truncate(state)
    state.unlink()
    told = customer.fail("offline-repo", "use", stick, "-n", "rating", "--yes")
    assert "UnknownSignerError" in told.stderr
    customer.use(stick, "-n", "rating", "--yes", "--trust", VENDOR.fingerprint)
    customer.run("install", "--yes", "extra", **customer.activated("rating"))
    assert customer.installed("rating")["extra"] == "1.0"


def test_other_environments_work(customer: Conda, stick: Path, state: Path) -> None:
    truncate(state)
    customer.use(stick, "-n", "other", "app", "--yes", "--trust", VENDOR.fingerprint)
    customer.run("install", "--yes", "extra", **customer.activated("other"))


def test_command_that_has_done_its_work_only_warns(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with inside(tmp_path / "me"):
        prefix = tmp_path / "rating"
        (prefix / "conda-meta").mkdir(parents=True)
        context.__init__(argparse_args={"prefix": str(prefix)})
        remember_release()
        assert not caplog.records
        state_path(prefix).write_text("{")
        with pytest.raises(StateUnreadableError):
            check_environment((), expected_manifest)
        remember_release()
        (record,) = caplog.records
        assert record.levelname == "WARNING"
        assert str(state_path(prefix)) in record.getMessage()
        assert state_path(prefix).read_text() == "{"
