"""`use --undo`, frozen environments, other channels, and two `use` at once, by `lock`."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.customer.environment.lock import LOCK_NAME, exclusive
from tests.support.mirror import SOLVERS
from tests.support.running import PATIENCE, Customer, snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from dev.upstream.cable import Cable
    from tests.support.running import Conda

SECRET = "tk-5ecret0f4cme"
#: Whether this conda has `--override-frozen`.
OVERRIDES = "rattler" in SOLVERS


@pytest.fixture
def customer(tmp_path: Path, trap: Cable) -> Conda:
    """The administrator, with the solver that conda takes by itself."""
    return Customer(tmp_path / "administrator", **trap.proxies)


@pytest.fixture
def prefix(customer: Conda) -> Path:
    """An environment without packages, with a `.condarc` of its own."""
    prefix = customer.envs / "rating"
    (prefix / "conda-meta").mkdir(parents=True)
    (prefix / "conda-meta" / "history").touch()
    return prefix


@pytest.mark.parametrize(
    "text",
    [
        "# the old way\nchannels:\n- https://conda.example.com/main  # ours\noffline: false\n",
        "channel: [a, b]\ndefault_channels: []\nquiet: 'no'  # kept\n",
        "always_yes: true\n",
    ],
)
def test_undo_restores_the_settings(customer: Conda, stick: Path, prefix: Path, text: str) -> None:
    condarc = prefix / ".condarc"
    condarc.write_text(text)
    customer.use(stick, "-n", "rating", "app", "--yes")
    assert stick.as_uri() in condarc.read_text()
    used = snapshot(prefix)
    answer = customer.run("offline-repo", "use", "--undo", "-n", "rating", "--dry-run", "--json")
    assert (answer.json["dry_run"], answer.json["changed"]) == (True, True)
    assert snapshot(prefix) == used
    customer.run("offline-repo", "use", "--undo", "-n", "rating")
    words = sorted(text.replace("[a, b]", "").split())
    assert sorted(condarc.read_text().replace("[a, b]", "").split()) == words
    assert not list((prefix / "conda-meta").glob("offline-repo*"))
    assert customer.installed("rating")["app"] == "1.0"
    told = customer.fail("offline-repo", "use", "--undo", "-n", "rating")
    assert "NotUsedError" in told.stderr


def test_undo_of_a_new_environment(customer: Conda, stick: Path) -> None:
    customer.use(stick, "-n", "rating")
    prefix = customer.envs / "rating"
    told = customer.fail("offline-repo", "use", "--undo", "/elsewhere", "-n", "rating")
    assert str(stick) in told.stderr
    told = customer.fail("offline-repo", "use", "--undo", stick, "app", "-n", "rating")
    assert "packages" in told.stderr
    customer.run("offline-repo", "use", "--undo", stick, "-n", "rating")
    assert not (prefix / ".condarc").exists()


@pytest.mark.parametrize("content", ["", '{"message": "Ask operations."}', "{", "[1e999]"])
def test_frozen_environment(customer: Conda, stick: Path, prefix: Path, content: str) -> None:
    (prefix / "conda-meta" / "frozen").write_text(content)
    before = snapshot(prefix)
    for packages in ((), ("app", "--yes")):
        told = customer.fail("offline-repo", "use", stick, "-n", "rating", *packages)
        for text in ("marked as frozen", "--override-frozen"):
            assert text in told.stderr
        assert ("Ask operations." in told.stderr) == ("message" in content)
    assert snapshot(prefix) == before
    if OVERRIDES:
        customer.use(stick, "-n", "rating", "--override-frozen", "app", "--yes")
        assert customer.installed("rating")["app"] == "1.0"
        customer.use(stick, "-n", "rating")  # nothing is to be changed
        customer.fail("offline-repo", "use", "--undo", "-n", "rating")
        customer.run("offline-repo", "use", "--undo", "-n", "rating", "--override-frozen")


@pytest.mark.parametrize("solver", SOLVERS)
def test_other_channels_are_named_before_the_solver_runs(
    customer: Conda, stick: Path, solver: str
) -> None:
    customer.use(stick, "-n", "rating")
    shell = {**customer.activated("rating"), "CONDA_SOLVER": solver}
    url = f"https://me:{SECRET}@conda.example.com/t/{SECRET}/main"
    told = customer.fail("install", "--yes", "-c", url, "app", **shell)
    for text in (
        "OtherChannelsError",
        "https://conda.example.com/main (from the command line)",
        "--undo",
    ):
        assert text in told.stderr
    assert "--override-channels" not in told.stderr  # beside another -c it changes nothing
    added = ("channels", "https://conda.example.com/main")
    customer.run("config", "--env", "--append", *added, **shell)
    told = customer.fail("install", "--yes", "app", **shell)
    assert f"--override-channels -c {stick.as_uri()}" in told.stderr
    checked = customer.run("doctor", **shell).stdout
    assert (
        f"https://conda.example.com/main (from {customer.envs / 'rating' / '.condarc'})" in checked
    )
    assert "--override-channels" not in checked
    assert SECRET not in told.output
    here = ("--override-channels", "-c", stick.as_uri())
    customer.run("install", "--yes", "app", *here, **shell)
    customer.run("config", "--env", "--remove", *added, **shell)
    told = customer.fail("install", "--yes", "nowhere::extra", **shell)
    assert "OtherChannelsError" in told.stderr
    assert "extra" in told.stderr
    local = customer.work / "local"
    (local / "noarch").mkdir(parents=True)
    (local / "noarch" / "repodata.json").write_text('{"packages": {}, "packages.conda": {}}')
    customer.run("install", "--yes", "-c", local.as_uri(), "extra", **shell)
    customer.run("offline-repo", "use", "--undo", "-n", "rating")


def start(customer: Conda, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "conda", "offline-repo", "use", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=customer.work,
        encoding="utf-8",
        env=customer.variables,
    )


def test_two_at_once_wait_for_each_other(customer: Conda, stick: Path) -> None:
    prefix = customer.envs / "rating"
    with exclusive(prefix, lambda _: None):
        runs = [start(customer, stick, "-n", "rating", name, "--yes") for name in ("app", "nope")]
        for run in runs:
            assert run.stderr is not None
            assert any("Waiting for process" in line for line in run.stderr)
        assert [path.name for path in prefix.rglob("*")] == ["conda-meta", LOCK_NAME]
    for run in runs:
        run.communicate(timeout=PATIENCE)
    assert [run.returncode for run in runs] == [0, 1]
    assert customer.installed("rating")["app"] == "1.0"
    assert not (prefix / "conda-meta" / LOCK_NAME).exists()
    assert str(prefix) in (customer.home / ".conda" / "environments.txt").read_text()


def test_new_environment_that_cannot_be_filled_is_gone(customer: Conda, stick: Path) -> None:
    prefix = customer.envs / "deep" / "rating"
    customer.fail("offline-repo", "use", stick, "-p", prefix, "nope", "--yes")
    assert not (customer.envs / "deep").exists()


def test_solver_that_is_not_installed(customer: Conda, stick: Path) -> None:
    for name in {"mambo", "libmamba"} - {*SOLVERS}:
        told = customer.fail(
            "offline-repo", "use", stick, "-n", "rating", "app", "--yes", CONDA_SOLVER=name
        )
        assert name in told.stderr
        assert "owner of the channel" not in told.stderr
        assert "classic" in told.stderr


def test_process_ends_with_status_1_after_a_refusal(customer: Conda, stick: Path) -> None:
    archive = stick / "noarch" / "app-1.0-0.conda"
    archive.write_bytes(archive.read_bytes()[:-1])
    for arguments in (("nope",), ("app", "--no-verify"), ("app",)):
        run = start(customer, stick, "-n", "rating", *arguments, "--yes")
        run.communicate(timeout=PATIENCE)
        assert run.returncode == 1, arguments


@pytest.mark.parametrize("name", ["X Y/b c", "ä b/ö d", "b c"])
def test_folder_with_spaces_reinstalls_nothing(
    customer: Conda, stick: Path, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / name / "bank x"
    folder.parent.mkdir(parents=True)
    stick.rename(folder)
    customer.use(folder, "-n", "rating", "app", "--yes")
    shell = customer.activated("rating")
    told = customer.run("update", "--all", "--yes", "--json", **shell)
    assert told.json.get("actions", {}).get("LINK", []) == []
    customer.run("install", "--yes", "extra", **shell)
    told = customer.run("update", "--all", "--yes", "--json", **shell)
    assert told.json.get("actions", {}).get("LINK", []) == []
    answer = customer.use(folder, "-n", "rating", "app", "--yes", "--json").json
    assert answer["actions"] == {"LINK": [], "UNLINK": []}
    state = json.loads((customer.envs / "rating" / "conda-meta" / "offline-repo").read_text())
    assert state["path"] == str(folder)
