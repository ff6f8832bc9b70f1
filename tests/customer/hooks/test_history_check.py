"""Releases that are older than the last, were built anew, or are another label's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.customer.environment.state import State
from conda_offline_repo.customer.exceptions import OtherContentError
from conda_offline_repo.customer.hooks.history_check import check_release
from conda_offline_repo.printable import quoted
from conda_offline_repo.repository.locate import locate_one
from tests.support.mirror import SOLVERS
from tests.support.running import Customer, snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from dev.upstream.cable import Cable
    from tests.support.mirror import Mirror
    from tests.support.running import Conda, Finished

APP_1 = {"app": "1.0", "tool": "1.0", "lib": "1.0"}
APP_2 = {"app": "2.0", "tool": "2.0", "lib": "1.0"}
APP_3 = {"app": "2.0", "tool": "2.0", "lib": "1.1"}


@pytest.fixture(params=SOLVERS)
def customer(tmp_path: Path, trap: Cable, request: pytest.FixtureRequest) -> Conda:
    """The administrator, with each solver that the conda of the tests has."""
    return Customer(tmp_path / "administrator", CONDA_SOLVER=request.param, **trap.proxies)


@pytest.fixture
def anyone(tmp_path: Path, trap: Cable) -> Conda:
    """The administrator, with the solver that conda takes by itself."""
    return Customer(tmp_path / "administrator", **trap.proxies)


def refused(told: Finished, error: str, *words: str) -> None:
    assert told.status == 1, str(told)
    assert f"{error}: " in told.stderr, str(told)
    assert "Traceback" not in told.output
    for word in words:
        assert word in told.stderr


def test_back_to_the_last_delivery(
    customer: Conda, mirror: Mirror, stick: Path, tmp_path: Path
) -> None:
    mirror.copy(3, stick)
    customer.use(stick, "-n", "rating", "app", "--yes")
    shell = customer.activated("rating")
    assert customer.installed("rating") == APP_3
    old = mirror.copy(1, tmp_path / "old" / "bank")
    before = snapshot(customer.envs)
    answer = customer.use(old, "-n", "rating", "--allow-older", "app", "--dry-run", "--json").json
    assert {name.rpartition("::")[2].split("-")[0] for name in answer["actions"]["LINK"]} == {
        "app",
        "tool",
        "lib",
    }
    assert snapshot(customer.envs) == before

    told = customer.use(old, "-n", "rating", "--allow-older")
    (command,) = [line for line in told.stdout.splitlines() if "--allow-older" in line]
    assert command.strip() == f"conda offline-repo use {quoted(old)} --allow-older app"
    customer.run(*command.split()[1:], "--yes", **shell)
    assert customer.installed("rating") == APP_1
    for name, version in APP_1.items():
        installed = customer.envs / "rating" / "share" / f"{name}.txt"
        assert installed.read_text().startswith(f"{name} {version} ")
    told = customer.run("list", "--revisions", **shell)
    customer.run("install", "--yes", "extra", **shell)
    assert customer.installed("rating") == {**APP_1, "extra": "1.0"}
    customer.use(stick, "-n", "rating", "app", "--yes")
    assert customer.installed("rating").items() >= {"app": "2.0", "tool": "2.0"}.items()


def test_what_was_asked_for_by_version_comes_down_as_well(
    customer: Conda, mirror: Mirror, stick: Path
) -> None:
    mirror.copy(3, stick)
    customer.use(stick, "-n", "rating", "app", "lib=1.1", "extra=2", "--yes")
    mirror.copy(1, stick)
    customer.use(stick, "-n", "rating", "--allow-older", "app", "--yes")
    assert customer.installed("rating") == {**APP_1, "extra": "2.0"}
    customer.run("install", "--yes", "tool", **customer.activated("rating"))


def test_release_of_an_environment_that_a_file_names(
    anyone: Conda, mirror: Mirror, stick: Path
) -> None:
    anyone.use(stick, "-n", "rating", "app", "--yes")
    mirror.copy(2, stick)
    file = anyone.work / "environment.yml"
    channels = f"channels: [{stick.as_uri()}, nodefaults]"
    file.write_text(f"name: rating\n{channels}\ndependencies: [app=2]\n")
    anyone.run("env", "update", "-f", file.name)
    assert anyone.installed("rating")["app"] == "2.0"
    mirror.copy(1, stick)
    told = anyone.execute("env", "update", "-f", file.name)
    refused(told, "OlderBuildError", "has used release 2")


def test_folder_that_became_older_is_refused_by_conda_itself(
    customer: Conda, mirror: Mirror, stick: Path
) -> None:
    customer.use(stick, "-n", "rating", "app", "--yes")
    shell = customer.activated("rating")
    mirror.copy(2, stick)
    customer.run("update", "--yes", "app", **shell)  # `use` has not seen release 2
    mirror.copy(1, stick)
    before = snapshot(customer.envs)
    words = ("release 1", "release 2", f"conda offline-repo use {stick}", "--allow-older")
    refused(customer.execute("install", "--yes", "extra", **shell), "OlderBuildError", *words)
    refused(customer.execute("update", "--yes", "--all", **shell), "OlderBuildError", *words)
    told = customer.execute("offline-repo", "use", stick, "-n", "rating")
    refused(told, "OlderBuildError", *words)
    assert snapshot(customer.envs) == before
    customer.use(stick, "-n", "rating", "--allow-older")
    customer.run("install", "--yes", "extra", **shell)
    assert customer.installed("rating") == {**APP_2, "extra": "1.0"}


def test_same_number_with_other_content(anyone: Conda, stick: Path) -> None:
    anyone.use(stick, "-n", "rating", "app", "--yes")
    shell = anyone.activated("rating")
    manifest = stick / "offline-repo.json"
    content = json.loads(manifest.read_bytes())
    manifest.write_text(json.dumps({**content, "created": "2031-01-01T00:00:00+00:00"}))
    words = ("release 1", "other content", "--allow-older")
    refused(anyone.execute("install", "--yes", "extra", **shell), "OtherContentError", *words)
    told = anyone.execute("offline-repo", "use", stick, "-n", "rating")
    refused(told, "OtherContentError", *words)
    anyone.use(stick, "-n", "rating", "--allow-older")
    anyone.run("install", "--yes", "extra", **shell)
    anyone.use(stick, "-n", "rating")


def test_state_of_an_older_version_learns_the_digest(anyone: Conda, stick: Path) -> None:
    anyone.use(stick, "-n", "rating")
    path = anyone.envs / "rating" / "conda-meta" / "offline-repo"
    state = json.loads(path.read_text())
    assert len(state["manifest_sha256"]) == 64
    old = {key: state[key] for key in ("build", "channel", "label", "path")}
    path.write_text(json.dumps(old))
    anyone.run("install", "--yes", "app", **anyone.activated("rating"))
    anyone.use(stick, "-n", "rating")
    assert json.loads(path.read_text())["manifest_sha256"] == state["manifest_sha256"]


def test_release_that_was_read_is_the_one_that_is_compared(stick: Path, tmp_path: Path) -> None:
    """Another release may be in its place by then."""
    used = locate_one(stick).manifest
    state = State(used.label, used.release, str(stick), stick.as_uri(), used.digest)
    manifest = stick / "offline-repo.json"
    manifest.write_bytes(manifest.read_bytes() + b" ")
    check_release(stick, used, state, tmp_path)
    with pytest.raises(OtherContentError):
        check_release(stick, locate_one(stick).manifest, state, tmp_path)


def test_repository_of_another_label(anyone: Conda, stick: Path, tmp_path: Path) -> None:
    anyone.use(stick, "-n", "rating", "app", "--yes")
    shell = anyone.activated("rating")
    manifest = stick / "offline-repo.json"
    good = manifest.read_bytes()
    manifest.write_text(json.dumps({**json.loads(good), "label": "plant"}))
    before = snapshot(anyone.envs)
    told = anyone.execute("offline-repo", "use", stick, "-n", "rating")
    refused(told, "OtherLabelError", "'plant'", "'bank'", "--other-label")
    told = anyone.execute("install", "--yes", "extra", **shell)
    refused(told, "OtherLabelError", "'plant'", "'bank'", "--other-label")
    assert snapshot(anyone.envs) == before
    answer = anyone.use(stick, "-n", "rating", "--other-label", "--json").json
    assert answer["label"] == "plant"
    anyone.run("install", "--yes", "extra", **shell)
    manifest.write_bytes(good)
    told = anyone.execute("offline-repo", "use", stick, "-n", "rating")
    refused(told, "OtherLabelError", "'plant'", "'bank'", "--other-label")
