"""What conda's own commands do with, and besides, the repository of their environment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support.keys import SigningKey, forge, sign
from tests.support.mirror import SOLVERS
from tests.support.proposals import split
from tests.support.running import Customer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.mirror import Mirror
    from tests.support.running import Conda, Finished

VENDOR, OTHER = SigningKey("vendor"), SigningKey("other")


@pytest.fixture(params=SOLVERS)
def customer(tmp_path: Path, request: pytest.FixtureRequest) -> Conda:
    return Customer(tmp_path / "me", CONDA_SOLVER=request.param)


@pytest.fixture
def anyone(tmp_path: Path) -> Conda:
    return Customer(tmp_path / "me")


def proposed(told: Finished, start: str) -> list[str]:
    """The arguments of the command of conda's that a refusal proposes, typed as they stand."""
    assert told.status == 1, str(told)
    assert "ERROR REPORT" not in told.output
    match = re.search(rf"conda ({start}[^`;\n]*)", " ".join(told.stderr.split()))
    assert match, str(told)
    return split(match[1])


def test_what_only_takes_away_works_without_the_folder(customer: Conda, stick: Path) -> None:
    customer.use(stick, "-n", "rating", "app", "extra", "--yes")
    shell = customer.activated("rating")
    stick.rename(stick.with_name("unplugged"))
    customer.run("remove", "--yes", "extra", **shell)
    assert customer.installed("rating") == {"app": "1.0", "lib": "1.0", "tool": "1.0"}
    customer.run("remove", "--yes", "--force", "tool", **shell)
    assert customer.installed("rating") == {"app": "1.0", "lib": "1.0"}
    assert "RepositoryGoneError" in customer.fail("install", "--yes", "extra", **shell).stderr
    customer.run("env", "remove", "--yes", "-n", "rating")
    assert not (customer.envs / "rating" / "conda-meta").exists()


def test_removal_takes_nothing_older(customer: Conda, mirror: Mirror, stick: Path) -> None:
    mirror.copy(3, stick)
    customer.use(stick, "-n", "rating", "app", "extra", "--yes")
    mirror.copy(1, stick)
    customer.run("remove", "--yes", "extra", **customer.activated("rating"))
    assert customer.installed("rating") == {"app": "2.0", "lib": "1.1", "tool": "2.0"}


def test_environment_file_with_channels_of_the_network(customer: Conda, stick: Path) -> None:
    customer.use(stick, "-n", "rating", "app", "--yes")
    shell = customer.activated("rating")
    file = customer.work / "environment.yml"
    file.write_text("name: rating\nchannels: [conda-forge, nodefaults]\ndependencies: [extra]\n")
    told = customer.fail("env", "update", "-f", file.name, **shell)
    assert "OtherChannelsError" in told.stderr, str(told)
    assert f"conda-forge (from {file})" in told.stderr
    assert "--override-channels" not in told.stderr  # the command does not have it
    file.write_text("name: rating\ndependencies: [extra]\n")
    customer.run("env", "update", "-f", file.name, **shell)
    assert "extra" in customer.installed("rating")


def test_request_with_a_channel(customer: Conda, stick: Path) -> None:
    customer.use(stick, "-n", "rating", "app", "--yes")
    shell = customer.activated("rating")
    told = customer.execute("install", "--yes", "acme::extra>=1", **shell)
    assert "the request for extra" in told.stderr
    assert "--override-channels" not in told.stderr  # with which it would be the same
    customer.run(*proposed(told, "install"), "--yes", **shell)
    assert customer.installed("rating")["extra"] == "1.0"


@pytest.mark.parametrize("keys", [(), (OTHER,)])
def test_origin_is_the_reason_before_the_number(
    anyone: Conda, mirror: Mirror, stick: Path, keys: tuple[SigningKey, ...]
) -> None:
    """A rewritten folder with a number that the environment has used, or an older one."""
    mirror.copy(2, stick)
    sign(stick, VENDOR)
    anyone.use(stick, "-n", "rating", "app", "--trust", VENDOR.fingerprint, "--yes")
    mirror.copy(1, stick)
    forge(stick, *keys)
    reason = "OtherSignerError" if keys else "NotSignedError"
    for command in ("install", "offline-repo"):
        arguments = ("use", stick, "-p") if command == "offline-repo" else ("extra", "--yes", "-p")
        told = anyone.fail(command, *arguments, anyone.envs / "rating")
        assert reason in told.stderr
        assert "--allow-older" not in told.stderr
    if keys:
        told = anyone.execute(
            *("offline-repo", "use", stick, "-n", "rating", "--trust", OTHER.fingerprint)
        )
        assert "OtherContentError" in told.stderr
        anyone.run(*proposed(told, "offline-repo use"), "--yes")
