"""`conda offline-repo verify` and `show`, and the comparison behind them."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.progress import Unwatched
from conda_offline_repo.repository.locate import locate, locate_one
from conda_offline_repo.repository.publication.ownership import leftovers
from conda_offline_repo.repository.verify import verify
from tests.support.inside import Counted
from tests.support.running import snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from conda_offline_repo.repository.verify import Report
    from tests.support.running import Conda

APP, LIB = "noarch/app-2.0-0.conda", "noarch/lib-1.1-0.tar.bz2"


def report(copy: Path) -> Report:
    return verify(locate_one(copy), Unwatched())


def flip(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def test_whole(copy: Path) -> None:
    progress = Counted()
    result = verify(locate_one(copy), progress)
    assert result.good
    assert (result.missing, result.changed, result.extra, result.unfinished) == ((), (), (), False)
    manifest = json.loads((copy / "offline-repo.json").read_bytes())
    assert result.files == len(manifest["packages"]) + len(manifest["files"])
    assert progress.steps == [("Checking", len(manifest["packages"]), result.size)]
    assert progress.packages == len(manifest["packages"])
    assert progress.done == result.size


def test_all_that_is_wrong_is_named(copy: Path) -> None:
    flip(copy / APP)
    (copy / LIB).unlink()
    (copy / "noarch" / "repodata.json").write_bytes(b"")
    (copy / "noarch" / "repodata.json.zst").write_bytes(b"stale")
    (copy / "osx-64").mkdir()
    (copy / "osx-64" / "x").write_bytes(b"")
    result = report(copy)
    assert not result.good
    assert result.missing == (LIB,)
    assert result.changed == (APP, "noarch/repodata.json")
    assert result.extra == ("noarch/repodata.json.zst", "osx-64/x")


def test_extra_files_do_no_harm_to_the_rest(copy: Path) -> None:
    (copy / "noarch" / "extra").write_bytes(b"")
    assert report(copy).good


@pytest.mark.parametrize(
    "name",
    [
        *("Thumbs.db", ".DS_Store", "desktop.ini", "._repodata.json", ".nfs000000000000002a"),
        *("System Volume Information/WPSettings.dat", "$RECYCLE.BIN/S-1-5-18/desktop.ini"),
        *(".Trashes/501/app.conda", ".Spotlight-V100/Store-V2/x", ".fseventsd/fseventsd-uuid"),
        *("lost+found/#11", ".Trash-1000/info/x.trashinfo", "@eaDir/app@SynoEAStream"),
    ],
)
@pytest.mark.parametrize("folder", [".", "noarch"])
def test_what_systems_leave_in_folders_is_not_told(copy: Path, name: str, folder: str) -> None:
    path = copy / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    assert report(copy).extra == ()
    assert not list(leftovers(locate_one(copy).manifest, copy, None))


@pytest.mark.parametrize("name", ["app.txt", "_thumbs.db", "found.1", "trashes", "_.app"])
def test_other_names_are_told(copy: Path, name: str) -> None:
    (copy / "noarch" / name).write_bytes(b"x")
    assert report(copy).extra == (f"noarch/{name}",)


def test_folders_of_systems_are_no_repositories(copy: Path) -> None:
    """Some may not even be looked into, at the root of a stick."""
    for name in ("System Volume Information", "lost+found"):
        shutil.copytree(copy, copy.with_name(name))
    assert [repository.path for repository in locate(copy.parent)] == [copy]


def test_folder_in_the_place_of_a_file(copy: Path) -> None:
    (copy / LIB).unlink()
    (copy / LIB).mkdir()
    assert report(copy).changed == (LIB,)


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["text", "json"])
def test_command_on_a_whole_repository(
    customer: Conda, copy: Path, options: tuple[str, ...]
) -> None:
    before = snapshot(copy)
    told = customer.run("offline-repo", "verify", copy, *options)
    assert snapshot(copy) == before
    if not options:
        assert str(copy) in told.stdout
    else:
        assert told.json["success"] is True
        assert told.json["repositories"][str(copy)]["missing"] == []


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["text", "json"])
def test_command_names_what_is_wrong(customer: Conda, copy: Path, options: tuple[str, ...]) -> None:
    other = copy.with_name("whole")
    shutil.copytree(copy, other)
    flip(copy / APP)
    (copy / LIB).unlink()
    told = customer.fail("offline-repo", "verify", copy.parent, *options)
    if options:
        assert told.json["success"] is False
        result = told.json["repositories"]
        assert result[str(copy)]["missing"] == [LIB]
        assert result[str(copy)]["changed"] == [APP]
        assert result[str(other)]["changed"] == []
    else:
        assert f"missing: {LIB}" in told.stdout
        assert f"changed: {APP}" in told.stdout
        assert str(other) in told.stdout


def test_command_is_not_content_with_extra_files(customer: Conda, copy: Path) -> None:
    (copy / "noarch" / "extra").write_bytes(b"")
    assert "extra: noarch/extra" in customer.fail("offline-repo", "verify", copy).stdout


def test_show_tells_the_packages(customer: Conda, copy: Path) -> None:
    told = customer.run("offline-repo", "show", copy)
    for line in ("bank", "app", "2.0", "lib", "1.1", "BSD-3-Clause", "2 packages"):
        assert line in told.stdout
    (shown,) = customer.run("offline-repo", "show", copy, "--json").json["repositories"]
    assert [(p["name"], p["version"]) for p in shown["packages"]] == [
        ("app", "2.0"),
        ("lib", "1.1"),
    ]
    manifest = json.loads((copy / "offline-repo.json").read_bytes())
    assert "manifest" not in shown
    assert {key: shown[key] for key in ("label", "build", "created", "request")} == {
        key: manifest[key] for key in ("label", "build", "created", "request")
    }
    (shown,) = customer.run("offline-repo", "show", copy, "--json", "-v").json["repositories"]
    assert shown["manifest"] == manifest
