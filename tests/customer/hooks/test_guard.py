"""What the hooks do around conda's solves, called in this process."""

from __future__ import annotations

import errno
import json
import os
import re
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context
from conda.core.subdir_data import SubdirData
from conda.models.channel import Channel

from conda_offline_repo.customer.exceptions import RepositoryDamagedError, SiblingIndexError
from conda_offline_repo.customer.hooks import guard
from conda_offline_repo.customer.hooks.exceptions import (
    ArchivesRefusedError,
    RepositoryGoneError,
)
from conda_offline_repo.exceptions import OfflineRepoError
from conda_offline_repo.files.hashing import hash_file
from conda_offline_repo.repository.exceptions import FolderNameError, ManifestError, UnreadableError
from conda_offline_repo.repository.manifest import JOURNAL_NAME, MANIFEST_NAME
from conda_offline_repo.urls import file_url
from dev.upstream.cable import Cable
from tests.support.guarded import APP, INDEX, LIB, TOOL, check, edit, record
from tests.support.inside import forget, inside
from tests.support.mirror import PLATFORM, another, entries, hand_over, no_file, publish
from tests.support.running import snapshot
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.inside import Inside
    from tests.support.mirror import Mirror


def cached(folder: Path, subdir: str = "noarch") -> list[str]:
    """The archives in conda's cached index, read as the libmamba solver reads it when offline."""
    data = SubdirData(Channel(f"{file_url(folder)}/{subdir}"))
    path: Path = data.repo_fetch.cache_path_json
    if not path.exists():
        return []
    index = json.loads(path.read_text())
    return sorted([*index["packages"], *index["packages.conda"]])


def test_cached_index_is_there_at_the_first_use(me: Inside, stick: Path) -> None:
    me.configure(channels=[file_url(stick)], offline=True)
    assert cached(stick) == cached(stick, PLATFORM) == []
    guard.prepare_solve((), ())
    assert cached(stick) == sorted(entries(stick))
    assert cached(stick, PLATFORM) == sorted(entries(stick, PLATFORM))


def test_cached_index_follows_the_folder(me: Inside, mirror: Mirror, stick: Path) -> None:
    me.configure(channels=[file_url(stick)], offline=True)
    guard.prepare_solve((), ())
    before = cached(stick)
    mirror.copy(2, stick)
    forget()
    assert cached(stick) == before
    assert before != sorted(entries(stick))
    guard.prepare_solve((), ())
    assert cached(stick) == sorted(entries(stick))
    assert cached(stick, PLATFORM) == sorted(entries(stick, PLATFORM))


def test_channel_of_the_command_line(me: Inside, stick: Path) -> None:
    context.__init__(argparse_args={"channel": [str(stick)], "override_channels": True})
    guard.prepare_solve((), ())
    assert cached(stick) == sorted(entries(stick))


def test_other_platform_of_the_command_line(me: Inside, stick: Path, tmp_path: Path) -> None:
    other = "win-64" if PLATFORM != "win-64" else "linux-64"
    channel = TinyChannel(tmp_path / "channel")
    channel.add("app", subdir=other)
    folder = publish(tmp_path / "you", channel, "app", root=tmp_path / "R", platforms=(other,))
    with inside(tmp_path / "she", CONDA_SUBDIR=other) as she:
        she.configure(channels=[file_url(folder)], offline=True)
        guard.prepare_solve((), ())
        assert cached(folder, other) == ["app-1.0-0.conda"]


def test_repository_without_this_platform(me: Inside, tmp_path: Path) -> None:
    other = "win-64" if PLATFORM != "win-64" else "linux-64"
    channel = TinyChannel(tmp_path / "channel")
    channel.add("app")
    folder = publish(tmp_path / "you", channel, "app", root=tmp_path / "R", platforms=(other,))
    me.configure(channels=[file_url(folder)], offline=True)
    guard.prepare_solve((), ())
    assert cached(folder) == ["app-1.0-0.conda"]


def test_nothing_is_refreshed_online(me: Inside, stick: Path) -> None:
    me.configure(channels=[file_url(stick)])
    guard.prepare_solve((), ())
    assert cached(stick) == []


def test_other_channels_are_left_alone(me: Inside, mirror: Mirror, tmp_path: Path) -> None:
    folder = mirror.channel.folder
    with Cable() as trap, inside(tmp_path / "she", **trap.proxies) as she:
        names = [file_url(folder), "https://conda.example.com/main", "defaults"]
        she.configure(channels=names, offline=True)
        before = snapshot(she.conda.folder)
        guard.prepare_solve((), ())
        assert snapshot(she.conda.folder) == before
        assert trap.refused == 0
    package = mirror.channel.packages[APP]
    package.path.rename(tmp_path / "away")
    check(record(folder, APP))
    (tmp_path / "away").rename(package.path)


def test_repository_is_only_read(me: Inside, stick: Path) -> None:
    me.configure(channels=[file_url(stick)], offline=True)
    before = snapshot(stick.parent)
    guard.prepare_solve((), ())
    check(record(stick, APP), record(stick, LIB), record(stick, TOOL))
    assert snapshot(stick.parent) == before


@pytest.mark.parametrize("offline", [True, False])
@pytest.mark.parametrize("name", [INDEX, f"{PLATFORM}/repodata.json"])
def test_changed_index_is_refused(me: Inside, stick: Path, name: str, offline: bool) -> None:
    me.configure(channels=[file_url(stick)], offline=offline)
    edit(stick / name, lambda index: index.update(removed=["x"]))
    with pytest.raises(RepositoryDamagedError, match=f"changed: {name}"):
        guard.prepare_solve((), ())


@pytest.mark.parametrize("name", [INDEX, f"{PLATFORM}/repodata.json"])
def test_missing_index_is_refused(me: Inside, stick: Path, name: str) -> None:
    me.configure(channels=[file_url(stick)], offline=True)
    (stick / name).unlink()
    with pytest.raises(RepositoryDamagedError, match=f"missing: {name}"):
        guard.prepare_solve((), ())


def test_index_on_a_stick_with_errors_is_not_called_damaged(
    me: Inside, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(path: Path, **_: object) -> None:
        raise OSError(errno.EIO, "Input/output error", str(path))

    monkeypatch.setattr(guard, "hash_file", broken)
    me.configure(channels=[file_url(stick)], offline=True)
    with pytest.raises(UnreadableError, match=r"repodata\.json cannot be read: Input/output"):
        guard.prepare_solve((), ())


def test_index_that_the_manifest_does_not_name_is_refused(me: Inside, stick: Path) -> None:
    me.configure(channels=[file_url(stick)], offline=True)
    edit(stick / MANIFEST_NAME, lambda content: content["files"].pop(INDEX))
    with pytest.raises(RepositoryDamagedError, match=f"changed: {INDEX}"):
        guard.prepare_solve((), ())


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 2}'])
def test_manifest_that_is_none_is_refused(me: Inside, stick: Path, text: str) -> None:
    app = record(stick, APP)
    me.configure(channels=[file_url(stick)], offline=True)
    (stick / MANIFEST_NAME).write_text(text)
    with pytest.raises(ManifestError, match=MANIFEST_NAME):
        guard.prepare_solve((), ())
    with pytest.raises(ManifestError, match=MANIFEST_NAME):
        check(app)


def test_files_on_their_way_are_those_of_the_manifest(
    me: Inside, mirror: Mirror, stick: Path
) -> None:
    me.configure(channels=[file_url(stick)], offline=True)
    new = "noarch/app-2.0-0.conda"
    hand_over(mirror.builds[2], stick, new, INDEX)
    with pytest.raises(RepositoryDamagedError, match=INDEX):
        guard.prepare_solve((), ())
    moving = {
        name: {hash_file(stick / name).sha256: (stick / name).stat().st_size}
        for name in (new, INDEX)
    }
    edit(stick / MANIFEST_NAME, lambda content: content.update(on_the_way=moving))
    guard.prepare_solve((), ())
    check(record(stick, new), record(stick, LIB))
    (stick / new).write_bytes((stick / APP).read_bytes())
    with pytest.raises(ArchivesRefusedError, match=re.escape(os.path.normpath(new))):
        check(record(stick, new))


def test_journal_allows_nothing(me: Inside, mirror: Mirror, stick: Path) -> None:
    me.configure(channels=[file_url(stick)], offline=True)
    new = "noarch/app-2.0-0.conda"
    (stick / APP).write_bytes(another(stick / APP))
    hand_over(mirror.builds[2], stick, new)
    names = (APP, new, INDEX)
    moving = {name: [hash_file(stick / name).sha256] for name in names}
    (stick / JOURNAL_NAME).write_text(json.dumps({"build": 2, "moving": moving}))
    for linked in (record(stick, APP, sha256=moving[APP][0]), record(stick, new)):
        with pytest.raises(ArchivesRefusedError, match="not the file|does not name"):
            check(linked)
    hand_over(mirror.builds[2], stick, INDEX)
    moving[INDEX].append(hash_file(stick / INDEX).sha256)
    (stick / JOURNAL_NAME).write_text(json.dumps({"build": 2, "moving": moving}))
    with pytest.raises(RepositoryDamagedError, match=INDEX):
        guard.prepare_solve((), ())


@pytest.mark.parametrize(
    "sibling",
    [
        *("repodata.json.zst", "repodata.json.bz2", "current_repodata.json", "repodata.jlap"),
        *("current_repodata.json.zst", "repodata_shards.msgpack.zst", "Repodata.JSON.zst"),
    ],
)
@pytest.mark.parametrize("subdir", ["noarch", PLATFORM])
def test_siblings_of_an_index_are_refused(
    me: Inside, stick: Path, subdir: str, sibling: str
) -> None:
    me.configure(channels=[file_url(stick)], offline=True)
    linked = record(stick, f"{subdir}/app-1.0-0.conda" if subdir == "noarch" else TOOL)
    (stick / subdir / sibling).write_bytes(b"")
    with pytest.raises(SiblingIndexError, match=sibling):
        guard.prepare_solve((), ())
    with pytest.raises(SiblingIndexError, match=sibling):
        check(linked)


@pytest.mark.parametrize("way", ["gone", "link", "pipe", "folder"])
def test_manifest_is_no_switch(me: Inside, stick: Path, tmp_path: Path, way: str) -> None:
    app = record(stick, APP)
    me.configure(channels=[file_url(stick)], offline=True)
    no_file(stick / MANIFEST_NAME, way, tmp_path / "manifest")
    with pytest.raises(OfflineRepoError, match=MANIFEST_NAME):
        guard.prepare_solve((), ())
    with pytest.raises(OfflineRepoError, match=MANIFEST_NAME):
        check(app)


@pytest.mark.parametrize("name", [APP, INDEX])
def test_pipe_in_the_place_of_a_file(me: Inside, stick: Path, name: str) -> None:
    app = record(stick, APP)
    me.configure(channels=[file_url(stick)], offline=True)
    (stick / name).unlink()
    os.mkfifo(stick / name)
    with pytest.raises(OfflineRepoError, match=name):
        check(app)
    if name == INDEX:
        with pytest.raises(RepositoryDamagedError, match=name):
            guard.prepare_solve((), ())


def test_environment_knows_its_repository_through_a_link(
    me: Inside, stick: Path, tmp_path: Path
) -> None:
    prefix = tmp_path / "env"
    (prefix / "conda-meta").mkdir(parents=True)
    app = record(stick, APP)
    state = {"label": "bank", "build": 1, "path": str(stick), "channel": file_url(stick)}
    (prefix / "conda-meta" / "offline-repo").write_text(json.dumps(state))
    link = tmp_path / "link"
    link.symlink_to(stick, target_is_directory=True)
    reached = record(link, APP)
    for name in (MANIFEST_NAME, "SHA256SUMS"):
        (stick / name).unlink()
    me.configure(channels=[file_url(link)], offline=True)
    context.__init__(argparse_args={"prefix": str(prefix), "channel": [file_url(link)]})
    with pytest.raises(RepositoryGoneError):
        guard.prepare_solve((), ())
    for linked in (app, reached):
        with pytest.raises(RepositoryGoneError):
            check(linked)


@pytest.mark.parametrize("name", ["X Y", "bänk", "日本", "50%", "a%20b", "#1", "it's"])
def test_folders_of_any_name(mirror: Mirror, me: Inside, tmp_path: Path, name: str) -> None:
    folder = mirror.copy(1, tmp_path / name / "bank")
    me.configure(channels=[file_url(folder)], offline=True, solver="libmamba")
    if {*"%#"} & {*name}:
        with pytest.raises(FolderNameError, match="Rename the folder"):
            guard.prepare_solve((), ())
    me.configure(channels=[file_url(folder)], offline=True, solver="classic")
    guard.prepare_solve((), ())
    assert cached(folder) == sorted(entries(folder))
    check(record(folder, APP))
    app = record(folder, APP)
    (folder / APP).write_bytes(another(folder / APP))
    with pytest.raises(ArchivesRefusedError, match="not the file"):
        check(app)
    edit(folder / INDEX, lambda index: index.update(removed=["x"]))
    with pytest.raises(RepositoryDamagedError, match=INDEX):
        guard.prepare_solve((), ())
