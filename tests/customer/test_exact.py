"""Environments that are brought to just what a release installs."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.inside import Inside, inside
from tests.support.keys import SigningKey, sign
from tests.support.mirror import PLATFORM, SOLVERS, publish
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.running import Conda, Finished


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with three releases: `extra` comes with the second and goes with the third."""
    folder = tmp_path_factory.mktemp("vendor")
    channel = TinyChannel(folder / "channel")
    with inside(folder / "me") as me:
        engineer = Inside(me.conda, folder / "repositories")
        for number in (1, 2, 3):
            more = ["extra"] if number == 2 else []
            channel.add("app", f"{number}.0", depends=["lib", *more])
            if number != 3:
                channel.add("lib", f"{number}.0", subdir=PLATFORM)
            channel.add("extra")
            channel.add("tool", f"{number}.0")
            channel.write()
            channels = (channel.folder.as_uri(),)
            engineer.build(
                engineer.options("app", "tool", channels=channels, platforms=(PLATFORM,), keep=3)
            )
    return folder / "repositories" / "bank"


@pytest.fixture
def bank(kept: Path, tmp_path: Path) -> Path:
    return shutil.copytree(kept, tmp_path / "share" / "bank")


RELEASES = {
    1: {"app": "1.0", "lib": "1.0", "tool": "1.0"},
    2: {"app": "2.0", "lib": "2.0", "tool": "2.0", "extra": "1.0"},
    3: {"app": "3.0", "lib": "2.0", "tool": "3.0"},
}


def installed(customer: Conda) -> dict[str, str]:
    records = (
        json.loads(p.read_text()) for p in (customer.envs / "rating/conda-meta").glob("*.json")
    )
    return {record["name"]: record["version"] for record in records}


def use(customer: Conda, bank: Path, *options: object) -> Finished:
    return customer.run("offline-repo", "use", bank, "-n", "rating", "--yes", *options)


@pytest.mark.parametrize("solver", SOLVERS)
def test_to_any_release_and_back(customer: Conda, bank: Path, solver: str) -> None:
    for number in (2, 1, 3, 2, 3):
        told = use(customer, bank, "--release", number, "--solver", solver)
        assert installed(customer) == RELEASES[number]
        assert f"just what release {number} installs" in told.stdout
    shell = customer.activated("rating")
    customer.run("update", "--yes", "--solver", solver, "--all", **shell)
    assert installed(customer) == RELEASES[3]


def test_update_leads_from_an_earlier_release_to_the_newest(customer: Conda, bank: Path) -> None:
    use(customer, bank, "--release", 1)
    customer.run("update", "--yes", "app", "tool", **customer.activated("rating"))
    assert {**installed(customer), "lib": "2.0"} == RELEASES[3]


def test_says_which_release_the_environment_has(customer: Conda, bank: Path) -> None:
    content = use(customer, bank, "--json").json
    assert content["environment_release"] is None
    content = use(customer, bank, "--release", 1, "--json").json
    assert (content["environment_release"], content["next"]) == (1, ["conda activate rating"])
    told = use(customer, bank)
    assert "It has release 1 of bank; the repository is at release 3." in told.stdout
    shell = customer.activated("rating")
    assert "has release 1 of bank" in customer.run("doctor", **shell).stdout
    customer.run("update", "--yes", "app", **shell)  # and not the tool
    assert use(customer, bank, "--json").json["environment_release"] is None
    for verb in (use(customer, bank), customer.run("doctor", **shell)):
        assert "of no single release" in verb.stdout
    customer.run("update", "--yes", "lib", "tool", **shell)
    assert "It has release 3 of bank.\n" in use(customer, bank).stdout


def test_nothing_is_linked_anew_without_need(customer: Conda, bank: Path, tmp_path: Path) -> None:
    use(customer, bank, "--release", 2)
    told = use(customer, bank, "--release", 3, "--json").json
    assert sorted(package.rpartition("::")[2] for package in told["actions"]["LINK"]) == [
        "app-3.0-0",
        "tool-3.0-0",
    ]
    assert (told["release"], told["build"]) == (3, 3)
    assert not use(customer, bank, "--release", 3, "--json").json["changed"]
    moved = tmp_path / "elsewhere" / "bank"
    moved.parent.mkdir()
    bank.rename(moved)
    told = use(customer, moved, "--release", 3, "--json").json
    assert told["actions"] == {"LINK": [], "UNLINK": []}
    use(customer, moved, "--release", 1)
    assert installed(customer) == RELEASES[1]


def test_what_the_release_does_not_have_goes(customer: Conda, bank: Path) -> None:
    use(customer, bank, "app", "extra")
    use(customer, bank, "--release", 3)
    assert installed(customer) == RELEASES[3]


def test_dry_run_changes_nothing(customer: Conda, bank: Path) -> None:
    use(customer, bank, "--release", 1)
    told = use(customer, bank, "--release", 2, "--dry-run", "--json").json
    assert len(told["actions"]["LINK"]) == 4
    assert installed(customer) == RELEASES[1]


def test_what_is_refused(customer: Conda, bank: Path) -> None:
    command = ("offline-repo", "use", bank, "-n", "rating", "--yes", "--release")
    told = customer.fail(*command, "7").stderr
    assert "ReleaseNotKeptError" in told
    assert "1, 2, 3" in told
    assert "InvalidRequestError" in customer.fail(*command, "2", "app").stderr
    assert not (customer.envs / "rating").exists()


@pytest.mark.parametrize("damage", ["archive", "index"])
def test_damaged_repository_is_refused(customer: Conda, bank: Path, damage: str) -> None:
    name = "noarch/app-1.0-0.conda" if damage == "archive" else f"{PLATFORM}/repodata.json"
    content = (bank / name).read_bytes()
    (bank / name).write_bytes(content.replace(b"a", b"b", 1))
    command = ("offline-repo", "use", bank, "-n", "rating", "--yes", "--release", "1")
    for more in ((), ("--no-verify",)):
        told = customer.fail(*command, *more).stderr
        assert name.rpartition("/")[2] in told
        assert not (customer.envs / "rating").exists()


def test_signature_is_asked_for_as_ever(customer: Conda, bank: Path) -> None:
    key = SigningKey("vendor")
    sign(bank, key)
    use(customer, bank, "--release", 1, "--trust", key.fingerprint)
    sign(bank, SigningKey("other"))
    told = customer.fail("offline-repo", "use", bank, "-n", "rating", "--yes", "--release", "2")
    assert "OtherSignerError" in told.stderr
    assert installed(customer) == RELEASES[1]


def test_machine_that_cannot_have_a_release(customer: Conda, tmp_path: Path) -> None:
    channel = TinyChannel(tmp_path / "channel")
    channel.add("gpu", depends=["__cuda >=12"])
    channel.add("lib", constrains=["__cuda >=12.4"])
    bank = publish(
        *(tmp_path / "engineer", channel, "gpu", "lib"),
        root=tmp_path / "repositories",
        virtual_packages=("__cuda=12.4",),
    )
    command = ("offline-repo", "use", bank, "-n", "rating", "--yes", "--release", "1")
    for own, missed in (("", ["gpu"]), ("12.0", ["lib"]), ("11", ["gpu", "lib"])):
        told = customer.fail(*command, CONDA_OVERRIDE_CUDA=own).stderr
        assert "MachineMisfitError" in told
        assert "CONDA_OVERRIDE_CUDA=12.4" in told
        assert (own or "none") in told
        assert [name for name in ("gpu", "lib") if f"{name} 1.0 " in told] == missed
        assert not (customer.envs / "rating").exists()
    customer.run(*command, CONDA_OVERRIDE_CUDA="12.4")
    assert installed(customer) == {"gpu": "1.0", "lib": "1.0"}
