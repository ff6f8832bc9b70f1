"""What a new build changes for the customer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conda_offline_repo.queries.compare import difference, subdir_and_name
from conda_offline_repo.queries.news import new_scripts
from conda_offline_repo.repository.manifest import Kept, Manifest
from conda_offline_repo.repository.package import File, Package, WheelOrigin
from conda_offline_repo.repository.remembered import Remembered


def manifest(*archives: str, files: dict[str, str] | None = None) -> Manifest:
    """One with archives of 10 bytes, `subdir/file` or `subdir/file=digest`, and other files."""
    packages = {}
    for archive in archives:
        name, _, digest = archive.partition("=")
        packages[name] = Package(digest or name, "", 10, "")
    other = {name: File(digest, 1) for name, digest in (files or {}).items()}
    return Manifest("bank", 1, "", Remembered(), {}, packages, other, {})


APP, LIB = "noarch/app-1.0-0.conda", "noarch/lib-1.0-0.conda"


def test_first_build_adds_all() -> None:
    new = manifest(LIB, APP, files={"SHA256SUMS": "x"})
    changes = difference(None, new)
    assert (changes.added, changes.updated, changes.removed) == ((APP, LIB), (), ())
    assert changes.transfer_bytes == 21 + len(new.content)


def test_no_change() -> None:
    same = manifest(APP, LIB, files={"SHA256SUMS": "x"})
    changes = difference(same, replace(same))
    assert (changes.added, changes.updated, changes.removed) == ((), (), ())
    assert changes.transfer_bytes == 0


@pytest.mark.parametrize(
    ("archive", "kind"),
    [
        ("noarch/app-1.1-0.conda", "updated"),
        ("noarch/app-1.0-1.conda", "updated"),
        ("noarch/app-1.0-0.tar.bz2", "updated"),
        ("noarch/app-tools-1.0-0.conda", "added"),
        ("linux-64/app-1.0-0.conda", "added"),
    ],
)
def test_archive_in_the_place_of_another(archive: str, kind: str) -> None:
    new = manifest(archive, LIB)
    changes = difference(manifest(APP, LIB), new)
    assert getattr(changes, kind) == (archive,)
    assert changes.removed == (APP,)
    assert len(changes.added) + len(changes.updated) == 1
    assert changes.transfer_bytes == 10 + len(new.content)


def test_same_name_with_other_bytes() -> None:
    new = manifest(APP, f"{LIB}=other")
    changes = difference(manifest(APP, LIB), new)
    assert (changes.added, changes.updated, changes.removed) == ((), (LIB,), ())
    assert changes.transfer_bytes == 10 + len(new.content)


def test_removed_costs_no_transfer_but_the_index() -> None:
    old = manifest(APP, LIB, files={"noarch/repodata.json": "1", "README.txt": "1"})
    new = manifest(APP, files={"noarch/repodata.json": "2", "README.txt": "1"})
    changes = difference(old, new)
    assert (changes.added, changes.updated, changes.removed) == ((), (), (LIB,))
    assert changes.transfer_bytes == 1 + len(new.content)


@pytest.mark.parametrize(
    ("archive", "name"),
    [
        ("noarch/app-1.0-0.conda", "noarch/app"),
        ("win-64/ruamel.yaml-0.18-py_0.tar.bz2", "win-64/ruamel.yaml"),
        ("linux-64/charset-normalizer-3.5-py311_0.conda", "linux-64/charset-normalizer"),
    ],
)
def test_package_name(archive: str, name: str) -> None:
    assert subdir_and_name(archive) == name


def wheel(file: str, url: str = "https://files.pythonhosted.org/x", sha256: str = "") -> Package:
    project, version, _ = file.split("-", 2)
    return Package(sha256 or file, "", 10, url, WheelOrigin(project, version, file, sha256 or file))


FLASK = "flask-3.0-py3-none-any.whl"


@pytest.mark.parametrize(
    ("before", "after", "build", "updated", "origin"),
    [
        (wheel(FLASK), wheel(FLASK), "0", (), None),
        (
            wheel(FLASK, sha256="a"),
            wheel(FLASK, sha256="b"),
            "0",
            ("3.0 0", "3.0 0, other content"),
            "from another wheel",
        ),
        (
            Package("a", "", 1, "https://h.example/c/noarch/flask-3.0-0.conda"),
            wheel(FLASK),
            "0",
            ("3.0 0", "3.0 0, other content"),
            "from PyPI",
        ),
        (
            Package("a", "", 1, ""),
            wheel(FLASK, "https://pypi.example/x"),
            "1",
            ("3.0 0", "3.0 1"),
            "from pypi.example",
        ),
        (wheel(FLASK), Package("a", "", 1, ""), "1", ("3.0 0", "3.0 1"), "from a channel"),
        (
            wheel("flask-3.0-1-py3-none-any.whl"),
            wheel(FLASK),
            "1",
            ("3.0 0", "3.0 1"),
            "from another wheel",
        ),
    ],
    ids=range(6),
)
def test_origin_of_a_package(
    before: Package, after: Package, build: str, updated: tuple[str, ...], origin: str | None
) -> None:
    def release(name: str, package: Package) -> Manifest:
        solutions = {"linux-64": (name,)}
        return Manifest("bank", 1, "", Remembered(), solutions, {name: package}, {}, {})

    old = release("noarch/flask-3.0-0.conda", before)
    changes = difference(old, release(f"noarch/flask-3.0-{build}.conda", after)).platforms
    assert [(change.updated, dict(change.origins)) for change in changes] == (
        [((("flask", *updated),), {"flask": origin} if origin else {})] if updated else []
    )


def test_origin_of_a_new_package() -> None:
    name = "noarch/flask-3.0-0.conda"
    packages = {name: wheel(FLASK), APP: Package("a", "", 1, "")}
    solutions = {"linux-64": (name, APP)}
    new = Manifest("bank", 1, "", Remembered(), solutions, packages, {}, {})
    (change,) = difference(None, new).platforms
    assert change.added == (("app", "1.0"), ("flask", "3.0"))
    assert change.origins == {"flask": "from PyPI"}


def test_what_runs_newly_is_of_the_release_and_not_of_those_beside_it() -> None:
    def release(*names: str, runs: tuple[str, ...] = (), kept: str = "") -> Manifest:
        made = manifest(*names, *([kept] if kept else []))
        packages = {
            name: replace(package, scripts={"menu": ("m",)} if name in runs else {})
            for name, package in made.packages.items()
        }
        beside = {1: Kept("", "", {"linux-64": (kept,)})} if kept else {}
        own = {"linux-64": names}
        return replace(made, release=2, packages=packages, solutions=own, releases=beside)

    plain, both = release(APP, LIB), release(APP, LIB, runs=(APP, LIB))
    assert new_scripts(plain, both) == {"menu": ("app", "lib")}
    assert new_scripts(both, both) == {}
    kept = release(APP, runs=(LIB,), kept=LIB)
    assert new_scripts(plain, kept) == {}
    assert new_scripts(kept, both) == {"menu": ("app", "lib")}
