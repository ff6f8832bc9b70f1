"""Packages that a user names beside the repository: a file, an explicit list, another folder."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from conda.plugins import hookspec

from tests.support.keys import SigningKey, sign
from tests.support.mirror import PLATFORM, SOLVERS, SWAPPED, another
from tests.support.running import Customer, snapshot
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.mirror import Mirror
    from tests.support.running import Conda

VENDOR = SigningKey("vendor")
TRUST = ("--trust", VENDOR.fingerprint, "--yes")
WARNING = "WARNING: Not from the offline repository"
EXTRA = "noarch/extra-1.0-0.conda"


@pytest.fixture(params=SOLVERS)
def customer(tmp_path: Path, request: pytest.FixtureRequest) -> Conda:
    return Customer(tmp_path / "me", CONDA_SOLVER=request.param)


@pytest.fixture
def anyone(tmp_path: Path) -> Conda:
    return Customer(tmp_path / "me")


@pytest.fixture
def signed(stick: Path) -> Path:
    sign(stick, VENDOR)
    return stick


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    """A channel in a folder, of somebody else."""
    channel = TinyChannel(tmp_path / "downloads")
    channel.add("other", "9.9", subdir=PLATFORM)
    channel.write()
    return channel.folder


def ways(conda: Conda, downloads: Path) -> dict[str, tuple[object, ...]]:
    """The commands that name `other`, without the environment."""
    archive = downloads / PLATFORM / "other-9.9-0.conda"
    (conda.work / "list.txt").write_text(f"@EXPLICIT\n{archive.as_uri()}\n")
    lines = f"name: rating\nchannels: [{downloads.as_uri()}]\ndependencies: [other]\n"
    (conda.work / "environment.yml").write_text(lines)
    return {
        "file": ("install", archive),
        "URL": ("install", archive.as_uri()),
        "JSON": ("install", "--json", archive),
        "list": ("install", "--file", "list.txt"),
        "folder": ("install", "-c", downloads, "other"),
        "environment": ("env", "update", "-f", "environment.yml"),
    }


def test_what_no_release_names_is_refused(customer: Conda, signed: Path, downloads: Path) -> None:
    customer.use(signed, "-n", "rating", "app", *TRUST)
    shell = customer.activated("rating")
    before = snapshot(customer.envs / "rating")
    for way, command in ways(customer, downloads).items():
        yes = ("--yes",) * (way != "environment")
        told = customer.fail(*command, *yes, **shell)
        assert "UnnamedPackagesError" in told.output, str(told)
        assert "other 9.9 0" in told.output
        assert "another environment" in told.output
        assert snapshot(customer.envs / "rating") == before
    customer.run(
        "create", "--yes", "-n", "mine", "--offline", downloads / PLATFORM / "other-9.9-0.conda"
    )


def test_environment_file_names_the_environment(
    anyone: Conda, signed: Path, downloads: Path
) -> None:
    anyone.use(signed, "-n", "rating", "app", *TRUST)
    told = anyone.fail(*ways(anyone, downloads)["environment"])
    assert "UnnamedPackagesError" in told.stderr


@pytest.mark.parametrize("trust", [True, False])
def test_file_of_a_release_is_taken_wherever_it_lies(
    anyone: Conda, mirror: Mirror, signed: Path, tmp_path: Path, trust: bool
) -> None:
    copy = tmp_path / "copies" / EXTRA
    copy.parent.mkdir(parents=True)
    shutil.copyfile(signed / EXTRA, copy)
    stick = signed if trust else mirror.copy(1, tmp_path / "plain" / "bank")
    anyone.use(stick, "-n", "rating", "app", *(TRUST if trust else ("--yes",)))
    shell = anyone.activated("rating")
    for archive in (copy, stick / EXTRA):
        told = anyone.run("install", "--yes", archive, **shell)
        assert WARNING not in told.stderr
        anyone.run("remove", "--yes", "extra", **shell)
    anyone.run("install", "--yes", "extra", **shell)


def test_what_the_cache_has_of_another_file_there(
    anyone: Conda, signed: Path, tmp_path: Path
) -> None:
    """conda looks at the name and the size of what it has of a file, not at the file again."""
    copy = tmp_path / "copies" / EXTRA
    copy.parent.mkdir(parents=True)
    copy.write_bytes(another(signed / EXTRA))
    anyone.run("create", "--yes", "--offline", "-n", "mine", copy)
    assert (anyone.envs / "mine/share/extra.txt").read_text() == SWAPPED
    anyone.use(signed, "-n", "rating", "app", *TRUST)
    told = anyone.fail("install", "--yes", copy, **anyone.activated("rating"))
    assert "UnnamedPackagesError" in told.stderr
    shutil.copyfile(signed / EXTRA, copy)
    told = anyone.execute("install", "--yes", copy, **anyone.activated("rating"))
    if told.status == 0:
        assert (anyone.envs / "rating/share/extra.txt").read_text() != SWAPPED
    else:
        assert "PoisonedCacheError" in told.stderr


def test_without_a_key_users_install_what_they_name(
    customer: Conda, stick: Path, downloads: Path
) -> None:
    customer.use(stick, "-n", "rating", "app", "--yes")
    shell = customer.activated("rating")
    for way, command in ways(customer, downloads).items():
        yes = ("--yes",) * (way != "environment")
        told = customer.run(*command, *yes, **shell)
        (line,) = [line for line in told.stderr.splitlines() if WARNING in line]
        assert "other 9.9 0" in line
        assert customer.installed("rating")["other"] == "9.9"
        customer.run("remove", "--yes", "other", **shell)
    stick.rename(stick.with_name("unplugged"))
    told = customer.run(*ways(customer, downloads)["file"], "--yes", **shell)
    assert WARNING in told.stderr


def test_copies_and_earlier_revisions_of_a_signed_environment(
    anyone: Conda, mirror: Mirror, signed: Path
) -> None:
    """Their packages are in conda's cache, and no longer in the folder."""
    anyone.use(signed, "-n", "rating", "app", *TRUST)
    shell = anyone.activated("rating")
    mirror.copy(3, signed)
    sign(signed, VENDOR)
    anyone.run("update", "--yes", "--all", **shell)
    told = anyone.execute("install", "--yes", "--revision", "0", **shell)
    if hasattr(hookspec.CondaSpecs, "conda_pre_transaction_actions"):
        assert anyone.installed("rating")["app"] == "1.0", str(told)
    anyone.run("create", "--yes", "-n", "twin", "--clone", "rating")
    assert anyone.installed("twin") == anyone.installed("rating")
