"""The life of an installation: real conda, a fresh home, empty caches, and a trap for traffic."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

import pytest

from dev.upstream.cable import Cable
from tests.support.mirror import PLATFORM, SOLVERS, SWAPPED, actions, another, hand_over
from tests.support.running import Conda, Customer, snapshot, tree

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.mirror import Mirror
    from tests.support.running import Finished

NOTHING: dict[str, str] = {}
APP_1 = {"app": "1.0", "tool": "1.0", "lib": "1.0"}
APP_2 = {"app": "2.0", "tool": "2.0", "lib": "1.0"}
INDEX = "noarch/repodata.json"


@pytest.fixture(params=SOLVERS)
def customer(tmp_path: Path, trap: Cable, request: pytest.FixtureRequest) -> Conda:
    """The administrator, with each solver that the conda of the tests has."""
    return Customer(tmp_path / "administrator", CONDA_SOLVER=request.param, **trap.proxies)


@pytest.fixture
def rating(customer: Conda, stick: Path) -> dict[str, str]:
    """The variables of a shell with the environment `rating`, which has app 1.0 from the stick."""
    customer.use(stick, "-n", "rating")
    shell = customer.activated("rating")
    customer.run("install", "--yes", "app", **shell)
    return shell


def prefix_of(customer: Conda) -> Path:
    return customer.envs / "rating"


def content(prefix: Path) -> dict[str, bytes]:
    """All that an environment holds, whenever it was written."""
    return {path: digest for path, (_, digest) in snapshot(prefix).items()}


def cached_archives(customer: Conda) -> list[str]:
    """What lies in the package cache besides the channels' indexes."""
    return [name for name in tree(customer.pkgs) if not name.startswith(("cache/", "urls"))]


def refusal(told: Finished, error: str, *words: str) -> None:
    """See that a run was refused, with the words and what to do next."""
    assert told.status == 1, str(told)
    assert f"{error}: " in told.stderr
    assert "Traceback" not in told.output
    for text in (*words, "from its source, then repeat this command"):
        assert text in told.stderr or os.path.normpath(text) in told.stderr


def test_trap_catches_traffic(tmp_path: Path) -> None:
    with Cable() as trap:
        conda = Conda(tmp_path / "me", CONDA_REMOTE_MAX_RETRIES="0", **trap.proxies)
        url = "http://conda.example.com/main"
        conda.fail("search", "--override-channels", "-c", url, "app")
        assert trap.refused > 0


def test_from_the_first_use_to_the_end(
    customer: Conda, mirror: Mirror, stick: Path, tmp_path: Path
) -> None:
    prefix = prefix_of(customer)
    customer.use(stick, "-n", "rating")
    shell = customer.activated("rating")
    assert customer.installed("rating") == NOTHING

    told = customer.run("install", "--yes", "--json", "app", **shell)
    assert actions(told, "LINK") == APP_1
    told = customer.run("install", "--yes", "--json", "extra", **shell)
    assert actions(told, "LINK") == {"extra": "1.0"}

    mirror.copy(2, stick)
    told = customer.run("update", "--yes", "--json", "app", **shell)
    assert actions(told, "LINK") == {"app": "2.0", "tool": "2.0"}
    assert (prefix / "share" / "app.txt").read_text() == "app 2.0 0 noarch\n"

    mirror.copy(3, stick)
    told = customer.run("update", "--yes", "--all", "--json", **shell)
    assert actions(told, "LINK") == {"lib": "1.1", "extra": "2.0"}
    assert actions(told, "UNLINK") == {"lib": "1.0", "extra": "1.0"}
    everything = {**APP_2, "lib": "1.1", "extra": "2.0"}
    assert customer.installed("rating") == everything

    moved = tmp_path / "share" / "bank"
    moved.parent.mkdir()
    stick.rename(moved)
    customer.use(moved, "-n", "rating")
    told = customer.run("update", "--yes", "--all", "--json", **shell)
    assert actions(told, "LINK") == {}
    told = customer.run("remove", "--yes", "--json", "extra", **shell)
    assert actions(told, "UNLINK") == {"extra": "2.0"}

    customer.run("env", "remove", "--yes", "-n", "rating")
    assert not prefix.exists()
    assert customer.run("env", "list", "--json").json["envs"].count(str(prefix)) == 0
    customer.use(moved, "-n", "rating", "app", "--yes")
    assert customer.installed("rating") == {**APP_2, "lib": "1.1"}


NEW_ARCHIVES = ("noarch/app-2.0-0.conda", f"{PLATFORM}/tool-2.0-0.conda")
NEW_INDEXES = (INDEX, f"{PLATFORM}/repodata.json")


@pytest.mark.parametrize(
    ("copied", "cut", "error", "named"),
    [
        pytest.param(
            (*NEW_ARCHIVES, *NEW_INDEXES),
            None,
            "RepositoryDamagedError",
            "repodata.json",
            id="old manifest",
        ),
        pytest.param(
            (*NEW_ARCHIVES, NEW_INDEXES[1]),
            None,
            "RepositoryDamagedError",
            NEW_INDEXES[1],
            id="one index of two",
        ),
        pytest.param(
            ("offline-repo.json", *NEW_INDEXES, *NEW_ARCHIVES),
            INDEX,
            "RepositoryDamagedError",
            INDEX,
            id="index cut short",
        ),
        pytest.param(
            ("offline-repo.json",), None, "RepositoryDamagedError", "repodata.json", id="manifest"
        ),
        pytest.param(
            ("offline-repo.json", *NEW_INDEXES),
            None,
            "ArchivesRefusedError",
            NEW_ARCHIVES[0],
            id="archives missing",
        ),
        pytest.param(
            ("offline-repo.json", *NEW_INDEXES, *NEW_ARCHIVES),
            NEW_ARCHIVES[0],
            "ArchivesRefusedError",
            NEW_ARCHIVES[0],
            id="archive cut short",
        ),
    ],
)
def test_interrupted_copy_is_refused_until_it_is_complete(
    customer: Conda,
    mirror: Mirror,
    stick: Path,
    rating: dict[str, str],
    copied: tuple[str, ...],
    cut: str | None,
    error: str,
    named: str,
) -> None:
    hand_over(mirror.builds[2], stick, *copied)
    if cut:
        whole = (stick / cut).read_bytes()
        (stick / cut).write_bytes(whole[: len(whole) // 2])
    before = snapshot(customer.envs)
    refusal(customer.execute("update", "--yes", "app", **rating), error, named, str(stick))
    refusal(customer.execute("update", "--yes", "--all", **rating), error, named)
    told = customer.execute("update", "--yes", "app", "--json", **rating)
    assert (told.status, told.json["exception_name"]) == (1, error)
    message = told.json["message"]
    assert named in message or os.path.normpath(named) in message
    assert snapshot(customer.envs) == before

    mirror.copy(2, stick)
    customer.run("update", "--yes", "app", **rating)
    assert customer.installed("rating") == APP_2


def test_use_of_an_interrupted_copy_is_refused_until_it_is_complete(
    customer: Conda, mirror: Mirror, stick: Path, rating: dict[str, str]
) -> None:
    hand_over(mirror.builds[2], stick, "offline-repo.json", *NEW_INDEXES)
    before = snapshot(customer.envs)
    told = customer.execute("offline-repo", "use", stick, "-n", "rating", "app", "--yes")
    refusal(told, "RepositoryDamagedError", *NEW_ARCHIVES)
    told = customer.execute("offline-repo", "use", stick, "-n", "another", "app", "--yes")
    refusal(told, "RepositoryDamagedError", *NEW_ARCHIVES)
    assert snapshot(customer.envs) == before

    mirror.copy(2, stick)
    customer.use(stick, "-n", "rating", "app", "--yes")
    assert customer.installed("rating") == APP_2


@pytest.mark.parametrize("name", ["noarch/app-2.0-0.conda", f"{PLATFORM}/tool-2.0-0.conda"])
def test_swapped_archive_is_refused(
    customer: Conda, mirror: Mirror, stick: Path, rating: dict[str, str], name: str
) -> None:
    mirror.copy(2, stick)
    archive = stick / name
    good = archive.read_bytes()
    archive.write_bytes(another(archive))
    assert archive.stat().st_size == len(good)
    before, cached = snapshot(customer.envs), cached_archives(customer)
    words = (str(archive), "not the file")
    refused = "ArchivesRefusedError"
    refusal(customer.execute("update", "--yes", "app", **rating), refused, *words)
    here = ("--offline", "--override-channels", "-c", stick.as_uri())
    refusal(
        customer.execute("create", "--yes", "-n", "new", *here, "app"),
        refused,
        *words,
    )
    told = customer.execute("offline-repo", "use", stick, "-n", "new", "--no-verify", "app", "-y")
    refusal(told, refused, *words)
    assert snapshot(customer.envs) == before
    assert cached_archives(customer) == cached

    archive.write_bytes(good)
    customer.run("update", "--yes", "app", **rating)
    assert customer.installed("rating") == APP_2
    short = archive.name.partition("-")[0]
    assert (prefix_of(customer) / "share" / f"{short}.txt").read_text() != SWAPPED


def test_swapped_archive_from_an_explicit_list(
    customer: Conda, stick: Path, rating: dict[str, str]
) -> None:
    archive = stick / "noarch" / "extra-1.0-0.conda"
    good = archive.read_bytes()
    archive.write_bytes(another(archive))
    digest = hashlib.md5(good, usedforsecurity=False).hexdigest()
    wanted = customer.work / "list.txt"
    wanted.write_text(f"@EXPLICIT\n{archive.as_uri()}#{digest}\n")
    installed = prefix_of(customer) / "share" / "extra.txt"
    before, cached = content(customer.envs), cached_archives(customer)
    told = customer.execute("install", "--yes", "--file", wanted, **rating)
    refusal(told, "ArchivesRefusedError", str(archive), "not the file")
    assert content(customer.envs) == before
    assert cached_archives(customer) == cached

    archive.write_bytes(good)
    customer.run("install", "--yes", "--file", wanted, **rating)
    assert installed.read_text() == "extra 1.0 0 noarch\n"
    customer.run("install", "--yes", "app", **rating)
    assert customer.installed("rating") == {**APP_1, "extra": "1.0"}


def test_package_cache_that_took_in_a_swapped_archive(
    customer: Conda, stick: Path, rating: dict[str, str]
) -> None:
    archive = stick / "noarch" / "extra-1.0-0.conda"
    good = archive.read_bytes()
    archive.write_bytes(another(archive))
    here = ("--offline", "--override-channels", "-c", stick.as_uri())
    without = {"CONDA_NO_PLUGINS": "true", "CONDA_SOLVER": "classic"}
    customer.run("create", "--yes", "-n", "plain", *here, "extra", **without)
    assert (customer.envs / "plain" / "share" / "extra.txt").read_text() == SWAPPED
    archive.write_bytes(good)

    before = snapshot(prefix_of(customer))
    told = customer.fail("install", "--yes", "extra", **rating)
    for text in ("PoisonedCacheError", str(customer.pkgs / archive.name), "conda clean"):
        assert text in told.stderr
    assert snapshot(prefix_of(customer)) == before
    customer.run("clean", "--yes", "--packages", "--tarballs")
    customer.run("env", "remove", "--yes", "-n", "plain")
    customer.run("clean", "--yes", "--packages", "--tarballs")
    customer.run("install", "--yes", "extra", **rating)
    assert (prefix_of(customer) / "share" / "extra.txt").read_text() == "extra 1.0 0 noarch\n"


def test_environment_made_offline_on_an_empty_cache(customer: Conda, stick: Path) -> None:
    here = ("--offline", "--override-channels", "-c", stick.as_uri())
    told = customer.run("create", "--yes", "--json", "-n", "rating", *here, "app")
    assert actions(told, "LINK") == APP_1
    known: dict[str, object] = {}
    for path in (customer.pkgs / "cache").glob("*.json"):
        known |= json.loads(path.read_text()).get("packages.conda", {})
    assert {"app-1.0-0.conda", "tool-1.0-0.conda"} <= set(known)


def test_search_sees_the_folder_as_it_is(customer: Conda, mirror: Mirror, stick: Path) -> None:
    here = ("--offline", "--override-channels", "-c", stick.as_uri())
    for number, version in ((1, "1.0"), (2, "2.0")):
        mirror.copy(number, stick)
        listed = customer.run("search", "--json", *here, "app").json
        assert [record["version"] for record in listed["app"]] == [version]


@pytest.mark.parametrize("way", ["activated", "by path", "by name", "--solver classic"])
def test_ways_to_name_the_environment(
    customer: Conda, mirror: Mirror, stick: Path, way: str
) -> None:
    # conda reads an environment's .condarc by its name where the folder of environments is usual
    del customer.variables["CONDA_ENVS_DIRS"]
    prefix = customer.home / ".conda" / "envs" / "rating"
    customer.use(stick, "-p", prefix)
    options, shell = {
        "activated": ((), {"CONDA_PREFIX": str(prefix), "CONDA_SHLVL": "1"}),
        "by path": (("-p", str(prefix)), {}),
        "by name": (("-n", "rating"), {}),
        "--solver classic": (("-p", str(prefix), "--solver", "classic"), {}),
    }[way]
    told = customer.run("install", "--yes", "--json", *options, "app", **shell)
    assert actions(told, "LINK") == APP_1
    mirror.copy(2, stick)
    told = customer.run("update", "--yes", "--json", *options, "app", **shell)
    assert actions(told, "LINK") == {"app": "2.0", "tool": "2.0"}


@pytest.mark.parametrize("command", ["use app", "install app", "update app", "update --all"])
def test_moved_repository_reinstalls_nothing(
    customer: Conda,
    mirror: Mirror,
    stick: Path,
    rating: dict[str, str],
    tmp_path: Path,
    command: str,
) -> None:
    prefix = prefix_of(customer)
    moved = tmp_path / "share" / "bank"
    moved.parent.mkdir()
    stick.rename(moved)
    files = snapshot(prefix / "share")
    if command == "use app":
        answer = customer.use(moved, "-n", "rating", "app", "--json", "--yes").json
        assert answer["actions"] == {"LINK": [], "UNLINK": []}
    else:
        customer.use(moved, "-n", "rating")
        records = snapshot(prefix / "conda-meta")
        told = customer.run(*command.split(), "--yes", "--json", **rating)
        assert (actions(told, "LINK"), actions(told, "UNLINK")) == ({}, {})
        assert snapshot(prefix / "conda-meta") == records
    assert snapshot(prefix / "share") == files
    mirror.copy(2, moved)
    told = customer.run("update", "--yes", "--json", "app", **rating)
    assert actions(told, "LINK") == {"app": "2.0", "tool": "2.0"}


@pytest.mark.parametrize("way", ["use", "install"])
@pytest.mark.parametrize(
    "name", ["X Y", "bänk", "50%20#"], ids=["space", "unicode", "percent and hash"]
)
def test_folder_with_another_name(
    customer: Conda, mirror: Mirror, tmp_path: Path, name: str, way: str
) -> None:
    folder = mirror.copy(1, tmp_path / name / "bank")
    shell = customer.activated("rating")
    if "#" in name and customer.variables["CONDA_SOLVER"] == "libmamba":
        use = ("offline-repo", "use", folder, "-n", "rating")
        told = customer.fail(*use, "app", "--yes")
        assert f"The solver libmamba cannot read a channel in {folder}" in told.stderr
        customer.run(*use)
        assert "FolderNameError" in customer.fail("install", "--yes", "app", **shell).stderr
        return
    customer.use(folder, "-n", "rating", *(("app", "--yes") if way == "use" else ()))
    if way == "install":
        customer.run("install", "--yes", "app", **shell)
    mirror.copy(2, folder)
    customer.run("update", "--yes", "app", **shell)
    assert customer.installed("rating") == APP_2

    moved = folder.rename(tmp_path / "bank")
    customer.use(moved, "-n", "rating")
    told = customer.run("update", "--yes", "--all", "--json", **shell)
    assert actions(told, "LINK") == {}


def test_older_stick_is_refused_unless_allowed(
    customer: Conda, mirror: Mirror, stick: Path, rating: dict[str, str], tmp_path: Path
) -> None:
    mirror.copy(2, stick)
    customer.use(stick, "-n", "rating", "app", "--yes")
    assert customer.installed("rating") == APP_2
    old = mirror.copy(1, tmp_path / "old" / "bank")
    before = snapshot(customer.envs)
    told = customer.fail("offline-repo", "use", old, "-n", "rating")
    for text in (str(old), "release 1", "release 2", "--allow-older", "conda offline-repo show"):
        assert text in told.stderr
    assert snapshot(customer.envs) == before

    customer.use(old, "-n", "rating", "--allow-older")
    customer.run("install", "--yes", "app=1", **rating)
    assert customer.installed("rating") == APP_1
    answer = customer.use(stick, "-n", "rating", "app", "--yes", "--json").json
    assert (answer["build"], customer.installed("rating")) == (2, APP_2)
