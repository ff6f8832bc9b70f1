"""What conda's own commands take into an environment that uses a repository: what is in it.

`guard` sees to it, and `explicit` where no solver is asked.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from conda.plugins import hookspec

from conda_offline_repo._conda.classic_solver import CLASSIC
from conda_offline_repo.files.hashing import hash_file
from dev.upstream.server import ChannelServer
from tests.support.mirror import PLATFORM, SOLVERS, SWAPPED, another, publish
from tests.support.running import Customer
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.mirror import Mirror
    from tests.support.running import Conda


@pytest.fixture
def customer(tmp_path: Path) -> Conda:
    return Customer(tmp_path / "me")


def leave_in_the_cache(customer: Conda, folder: Path) -> None:
    """Let an environment of another channel leave a newer `lib`, and `other`, in the cache."""
    channel = TinyChannel(folder)
    channel.add("lib", "9.9", subdir=PLATFORM)
    channel.add("other", "1.0", subdir=PLATFORM)
    channel.write()
    customer.run(
        *("create", "--yes", "-n", "foreign", "--override-channels", "-c", folder.as_uri()),
        *("lib", "other"),
    )
    shutil.rmtree(folder)


@pytest.mark.parametrize("solver", SOLVERS)
def test_what_the_cache_has_of_other_channels(
    customer: Conda, stick: Path, tmp_path: Path, solver: str
) -> None:
    customer.use(stick, "-n", "rating", "--solver", solver, "app")
    leave_in_the_cache(customer, tmp_path / "foreign")
    before = customer.installed("rating")
    assert before["lib"] == "1.0"
    for spec in ("lib>1.5", "other"):
        told = customer.execute(
            *("install", "--yes", "-p", customer.envs / "rating", "--solver", solver, spec)
        )
        assert told.status == 1, str(told)
        assert "ERROR REPORT" not in told.output
        assert customer.installed("rating") == before
        assert spec.partition(">")[0] in told.stderr
        if solver in CLASSIC and len(SOLVERS) > 1:  # there it does not offer them
            continue
        assert "not from the offline repository" in told.stderr
        use = f"conda offline-repo use {stick} -p {customer.envs / 'rating'}"
        if spec == "other":
            assert "The repository has none of them" in told.stderr
            assert use not in told.stderr
        else:
            _, command = told.stderr.split(use)
            customer.use(stick, "-p", customer.envs / "rating", "--yes", command.split()[0])


@pytest.mark.parametrize("solver", SOLVERS)
def test_what_is_installed_from_elsewhere_stays(tmp_path: Path, stick: Path, solver: str) -> None:
    """Solvers offer it from conda's cache, as another package."""
    customer = Customer(tmp_path / "me", CONDA_SOLVER=solver)
    channel = TinyChannel(tmp_path / "channel")
    channel.add("other", subdir=PLATFORM)
    channel.add("lib", "0.9")
    channel.write()
    with ChannelServer(channel.folder.parent) as server:
        url = f"{server.url}/{channel.folder.name}"
        customer.run(
            "create", "--yes", "-n", "rating", "--override-channels", "-c", url, "other", "lib"
        )
    customer.use(stick, "-n", "rating")
    customer.run("update", "--yes", "--all", **customer.activated("rating"))
    assert customer.installed("rating") == {"lib": "1.0", "other": "1.0"}


@pytest.mark.parametrize("solver", SOLVERS)
def test_update_of_all_takes_what_the_repository_has(
    customer: Conda, mirror: Mirror, stick: Path, tmp_path: Path, solver: str
) -> None:
    customer.use(stick, "-n", "rating", "--solver", solver, "app")
    leave_in_the_cache(customer, tmp_path / "foreign")
    mirror.copy(3, stick)
    told = customer.run(
        *("update", "--yes", "--all", "-p", customer.envs / "rating", "--solver", solver)
    )
    assert customer.installed("rating")["lib"] == "1.1", str(told)
    assert customer.installed("rating")["app"] == "2.0", str(told)


def test_clone_and_revision_after_a_newer_copy(
    customer: Conda, mirror: Mirror, stick: Path
) -> None:
    customer.use(stick, "-n", "rating", "app")
    before = customer.installed("rating")
    mirror.copy(3, stick)
    rating = customer.envs / "rating"
    customer.run("create", "--yes", "--offline", "--clone", rating, "-n", "twin")
    assert customer.installed("twin") == before
    customer.use(stick, "-n", "rating", "app")
    told = customer.execute("install", "--yes", "-p", rating, "--revision", "0")
    if told.status == 0:  # conda 24.7 does not find its own records of a local channel again
        assert customer.installed("rating") == before
    else:
        assert "PackagesNotFoundError" in told.stderr


def test_clone_from_a_cache_with_another_archive(
    customer: Conda, mirror: Mirror, stick: Path
) -> None:
    customer.use(stick, "-n", "rating", "app")
    app = "app-1.0-0.conda"
    (customer.pkgs / app).write_bytes(another(stick / "noarch" / app))
    mirror.copy(3, stick)
    told = customer.execute(
        *("create", "--yes", "--offline", "--clone", customer.envs / "rating", "-n", "twin")
    )
    if hasattr(hookspec.CondaSpecs, "conda_pre_transaction_actions"):
        assert told.status == 1, str(told)
        assert app in told.stderr
        assert "app" not in customer.installed("twin")
    assert "ERROR REPORT" not in told.output


@pytest.mark.parametrize("digest", ["sha256", "both"])
@pytest.mark.parametrize("way", ["use", "create", "install"])
def test_republished_with_the_same_size(
    customer: Conda, tmp_path: Path, way: str, digest: str
) -> None:
    channel = TinyChannel(tmp_path / "channel")
    without = {"md5": None} if digest == "sha256" else {}
    package = channel.add("app", record=without)
    folder = publish(tmp_path / "one", channel, "app", root=tmp_path / "stick")
    customer.use(folder, "-n", "old", "app")
    assert (customer.envs / "old" / "share" / "app.txt").read_text() != SWAPPED
    package.path.write_bytes(another(package.path))
    digests = hash_file(package.path, md5=True)
    package.record["sha256"] = digests.sha256
    if digest == "both":
        package.record["md5"] = digests.md5
    publish(tmp_path / "two", channel, "app", root=tmp_path / "stick")
    new = customer.envs / "new"
    if way == "create":
        customer.run(
            *("create", "--yes", "--offline", "--override-channels"),
            *("-c", folder.as_uri(), "-p", new, "app"),
        )
    else:
        customer.use(folder, "-p", new, *(["app"] if way == "use" else []))
    if way == "install":
        customer.run("install", "--yes", "-p", new, "app")
    assert (new / "share" / "app.txt").read_text() == SWAPPED
