"""What the hooks do around conda's solves, called in this process."""

from __future__ import annotations

import json
import os
import re
import shutil
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context
from conda.core.subdir_data import SubdirData
from conda.models.channel import Channel
from conda.models.records import PackageRecord

from conda_offline_repo.customer.exceptions import RepositoryDamagedError, SiblingIndexError
from conda_offline_repo.customer.hooks import archives, guard
from conda_offline_repo.customer.hooks.exceptions import (
    ArchivesRefusedError,
    FolderNameError,
    PoisonedCacheError,
    RepositoryGoneError,
)
from conda_offline_repo.exceptions import OfflineRepoError
from conda_offline_repo.files.hashing import hash_file
from conda_offline_repo.repository import manifest_json
from conda_offline_repo.repository.exceptions import ManifestError
from conda_offline_repo.repository.manifest import JOURNAL_NAME, MANIFEST_NAME
from conda_offline_repo.urls import file_url
from dev.upstream.cable import Cable
from tests.support.inside import forget, inside
from tests.support.mirror import PLATFORM, another, entries, hand_over, no_file, publish
from tests.support.running import snapshot, tree
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Any

    from conda_offline_repo.files.hashing import Digests
    from conda_offline_repo.repository import manifest
    from tests.support.inside import Inside
    from tests.support.mirror import Mirror

APP = "noarch/app-1.0-0.conda"
LIB = "noarch/lib-1.0-0.tar.bz2"
TOOL = f"{PLATFORM}/tool-1.0-0.conda"
INDEX = "noarch/repodata.json"


@pytest.fixture
def me(tmp_path: Path) -> Iterator[Inside]:
    """The user, offline, without any channel."""
    with inside(tmp_path / "me") as me:
        me.configure(channels=[], offline=True)
        yield me


def cached(folder: Path, subdir: str = "noarch") -> list[str]:
    """The archives in conda's cached index, read as the libmamba solver reads it when offline."""
    data = SubdirData(Channel(f"{file_url(folder)}/{subdir}"))
    path: Path = data.repo_fetch.cache_path_json
    if not path.exists():
        return []
    index = json.loads(path.read_text())
    return sorted([*index["packages"], *index["packages.conda"]])


def record(folder: Path, name: str, **changes: Any) -> PackageRecord:
    """A record as a solver takes it from the index of a repository."""
    subdir, _, file = name.partition("/")
    channel = file_url(folder)
    entry = {**entries(folder, subdir).get(file, {"name": "x", "version": "1", "build": "0"})}
    entry |= {"build_number": 0, **changes}
    known = {key: value for key, value in entry.items() if value is not None}
    return PackageRecord(
        **known, fn=file, url=f"{channel}/{name}", channel=Channel(f"{channel}/{subdir}")
    )


def check(*records: PackageRecord) -> None:
    guard.check_solution("repodata.json", (), records)


def edit(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    content = json.loads(path.read_bytes())
    change(content)
    path.write_text(json.dumps(content))


def poison(pkgs: Path, archive: Path, claims: dict[str, Any]) -> Path:
    """Let the package cache hold another archive, and what was unpacked of it, under a name."""
    pkgs.mkdir(exist_ok=True)
    target = pkgs / archive.name
    target.write_bytes(another(archive))
    info = target.with_suffix("") / "info"
    info.mkdir(parents=True)
    (info / "repodata_record.json").write_text(json.dumps(claims))
    return target


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


def test_index_that_the_manifest_does_not_name_is_refused(me: Inside, stick: Path) -> None:
    me.configure(channels=[file_url(stick)], offline=True)
    edit(stick / MANIFEST_NAME, lambda content: content["files"].pop(INDEX))
    with pytest.raises(RepositoryDamagedError, match=f"changed: {INDEX}"):
        guard.prepare_solve((), ())


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 2}'])
def test_manifest_that_is_none_is_refused(me: Inside, stick: Path, text: str) -> None:
    found = record(stick, APP)
    me.configure(channels=[file_url(stick)], offline=True)
    (stick / MANIFEST_NAME).write_text(text)
    with pytest.raises(ManifestError, match=MANIFEST_NAME):
        guard.prepare_solve((), ())
    with pytest.raises(ManifestError, match=MANIFEST_NAME):
        check(found)


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
    for found in (record(stick, APP, sha256=moving[APP][0]), record(stick, new)):
        with pytest.raises(ArchivesRefusedError, match="not the file|does not name"):
            check(found)
    hand_over(mirror.builds[2], stick, INDEX)
    moving[INDEX].append(hash_file(stick / INDEX).sha256)
    (stick / JOURNAL_NAME).write_text(json.dumps({"build": 2, "moving": moving}))
    with pytest.raises(RepositoryDamagedError, match=INDEX):
        guard.prepare_solve((), ())


def test_right_archives_are_linked(me: Inside, stick: Path) -> None:
    check(record(stick, APP), record(stick, LIB), record(stick, TOOL))
    check(record(stick, APP, sha256=None), record(stick, LIB, sha256=None, md5=None))
    upper = {key: entries(stick)["app-1.0-0.conda"][key].upper() for key in ("sha256", "md5")}
    check(record(stick, APP, **upper))
    check()


def test_manifest_is_not_read_for_each_archive(
    me: Inside, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []

    def counted(repository: Path, *name: str) -> manifest.Manifest | None:
        read.append(repository)
        return reading(repository, *name)

    reading = manifest_json.read
    monkeypatch.setattr(manifest_json, "read", counted)
    check(record(stick, APP))
    once = len(read)
    read.clear()
    check(record(stick, APP), record(stick, LIB))
    assert len(read) == once > 0


def test_all_that_is_wrong_is_named(me: Inside, stick: Path) -> None:
    records = [record(stick, name) for name in (APP, LIB, TOOL)]
    (stick / APP).unlink()
    (stick / TOOL).write_bytes(another(stick / TOOL))
    with pytest.raises(ArchivesRefusedError) as caught:
        check(*records)
    text = str(caught.value)
    assert "2 packages" in text
    assert f"{stick / APP}: it is missing" in text
    assert f"{stick / TOOL}: it is not the file" in text
    assert LIB not in text
    assert "conda offline-repo verify" in text


def test_archive_that_cannot_be_read(me: Inside, stick: Path) -> None:
    found = record(stick, APP)
    (stick / APP).unlink()
    (stick / APP).mkdir()
    with pytest.raises(ArchivesRefusedError, match="cannot be read"):
        check(found)


def test_archive_that_the_manifest_does_not_name(me: Inside, stick: Path) -> None:
    found = record(stick, APP)

    def forget_it(content: dict[str, Any]) -> None:
        del content["packages"][APP]
        content["solutions"] = {}

    edit(stick / MANIFEST_NAME, forget_it)
    with pytest.raises(ArchivesRefusedError, match="manifest does not name it"):
        check(found)


@pytest.mark.parametrize("right", ["manifest", "index", "neither"])
def test_manifest_and_index_that_disagree(me: Inside, stick: Path, right: str) -> None:
    archive = stick / APP
    if right != "neither":
        archive.write_bytes(another(archive))
    digest = hash_file(archive).sha256
    if right == "manifest":
        edit(
            stick / MANIFEST_NAME,
            lambda content: content["packages"][APP].update(sha256=digest),
        )
        found = record(stick, APP)
    elif right == "index":
        found = record(stick, APP, sha256=digest)
    else:
        edit(
            stick / MANIFEST_NAME,
            lambda content: content["packages"][APP].update(sha256="0" * 64),
        )
        found = record(stick, APP, sha256="1" * 64)
    with pytest.raises(ArchivesRefusedError, match="not the file that the"):
        check(found)


def test_record_with_md5_alone(me: Inside, stick: Path) -> None:
    with pytest.raises(ArchivesRefusedError, match="not the file that the index names"):
        check(record(stick, APP, sha256=None, md5="0" * 32))
    found = record(stick, APP, sha256=None)
    (stick / APP).write_bytes(another(stick / APP))
    with pytest.raises(ArchivesRefusedError, match=re.escape(os.path.normpath(APP))):
        check(found)


@pytest.mark.parametrize("digest", ["sha256", "md5"])
def test_poisoned_package_cache_is_refused(me: Inside, stick: Path, digest: str) -> None:
    entry = entries(stick)["app-1.0-0.conda"]
    without = {"sha256": None} if digest == "md5" else {}
    archive = poison(me.conda.pkgs, stick / APP, {digest: entry[digest]})
    with pytest.raises(PoisonedCacheError) as caught:
        check(record(stick, APP, **without), record(stick, LIB))
    assert str(archive) in str(caught.value)
    assert "conda clean --packages --tarballs" in str(caught.value)


def test_what_was_unpacked_of_another_archive_is_not_linked(me: Inside, stick: Path) -> None:
    # as `conda clean --tarballs` leaves it: conda would link it without asking for the archive
    entry = entries(stick)["app-1.0-0.conda"]
    archive = poison(me.conda.pkgs, stick / APP, {"sha256": entry["sha256"]})
    paths = {"paths": [{"_path": "share/app.txt", "sha256": "0" * 64, "size_in_bytes": 8}]}
    (archive.with_suffix("") / "info" / "paths.json").write_text(json.dumps(paths))
    archive.unlink()
    refused = False
    try:
        check(record(stick, APP))
    except PoisonedCacheError as error:
        refused = "app-1.0-0" in str(error)
    assert refused or not archive.with_suffix("").exists()


def test_package_cache_with_a_namesake_of_another_channel(me: Inside, stick: Path) -> None:
    poison(me.conda.pkgs, stick / APP, {"sha256": "0" * 64})
    check(record(stick, APP))


def test_package_cache_with_the_right_archive(me: Inside, stick: Path) -> None:
    archive = poison(me.conda.pkgs, stick / APP, entries(stick)["app-1.0-0.conda"])
    shutil.copyfile(stick / APP, archive)
    check(record(stick, APP))


@pytest.mark.parametrize("note", [None, "", "[]", "null"])
def test_package_cache_that_claims_nothing(me: Inside, stick: Path, note: str | None) -> None:
    archive = poison(me.conda.pkgs, stick / APP, {})
    path = archive.with_suffix("") / "info" / "repodata_record.json"
    if note is None:
        path.unlink()
    else:
        path.write_text(note)
    check(record(stick, APP))


def unpack(pkgs: Path, archive: Path, claims: dict[str, Any]) -> Path:
    """Let a cache hold an archive, and what conda notes when it unpacks it."""
    pkgs.mkdir(exist_ok=True)
    target = pkgs / archive.name
    shutil.copyfile(archive, target)
    info = target.with_suffix("") / "info"
    info.mkdir(parents=True)
    (info / "index.json").write_text("{}")
    if claims:
        (info / "repodata_record.json").write_text(json.dumps(claims))
    return target


def republished(stick: Path, tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    """An archive of the same name and size, and what conda noted when it was the repository's."""
    old = tmp_path / "old" / "noarch" / "app-1.0-0.conda"
    old.parent.mkdir(parents=True)
    old.write_bytes(another(stick / APP))
    note = {**entries(stick)["app-1.0-0.conda"], "fn": old.name, "url": file_url(stick / APP)}
    note |= {"sha256": hash_file(old).sha256, "channel": file_url(stick)}
    return old, note


@pytest.mark.parametrize("extracted", [True, False])
@pytest.mark.parametrize("md5", [True, False])
def test_archive_of_the_same_size_that_was_republished(
    me: Inside, stick: Path, tmp_path: Path, extracted: bool, md5: bool
) -> None:
    old, note = republished(stick, tmp_path)
    note["md5"] = hash_file(old, md5=True).md5 if md5 else None
    target = unpack(me.conda.pkgs, old, note)
    if not extracted:
        shutil.rmtree(target.with_suffix(""))
    check(record(stick, APP, md5=None))
    assert not target.exists()
    assert not target.with_suffix("").exists()


def test_note_that_keeps_md5_and_size_and_lacks_sha256(
    me: Inside, stick: Path, tmp_path: Path
) -> None:
    old, note = republished(stick, tmp_path)
    note["sha256"] = None
    target = unpack(me.conda.pkgs, old, note)
    with pytest.raises(PoisonedCacheError, match=target.name):
        check(record(stick, APP))
    target.unlink()
    check(record(stick, APP))
    assert not target.with_suffix("").exists()


@pytest.mark.parametrize("noted", ["nothing", "no sha256", "another sha256"])
def test_right_archive_beside_what_was_unpacked_of_another(
    me: Inside, stick: Path, tmp_path: Path, noted: str
) -> None:
    _, note = republished(stick, tmp_path)
    if noted != "another sha256":
        note["sha256"] = None
    claims = {} if noted == "nothing" else note
    target = unpack(me.conda.pkgs, stick / APP, claims)
    check(record(stick, APP))
    assert target.exists()
    assert not target.with_suffix("").exists()


@pytest.mark.parametrize("digests", ["both", "sha256", "md5", "upper"])
def test_what_is_right_in_the_cache_stays(me: Inside, stick: Path, digests: str) -> None:
    note = dict(entries(stick)["app-1.0-0.conda"])
    changes: dict[str, Any] = {}
    if digests in ("sha256", "md5"):
        changes = {{"sha256": "md5", "md5": "sha256"}[digests]: None}
    if digests == "upper":
        changes = {key: note[key].upper() for key in ("sha256", "md5")}
    note |= changes
    target = unpack(me.conda.pkgs, stick / APP, note)
    check(record(stick, APP, **changes))
    assert target.exists()
    assert target.with_suffix("").exists()


def test_every_cache_is_looked_at(me: Inside, stick: Path, tmp_path: Path) -> None:
    old, note = republished(stick, tmp_path)
    caches = [tmp_path / name for name in ("one", "two")]
    me.configure(channels=[], offline=True, pkgs_dirs=[str(cache) for cache in caches])
    targets = [unpack(cache, old, note) for cache in caches]
    check(record(stick, APP, md5=None))
    assert not any(path.exists() for target in targets for path in (target, target.with_suffix("")))


def test_nothing_is_removed_in_a_dry_run(me: Inside, stick: Path, tmp_path: Path) -> None:
    old, note = republished(stick, tmp_path)
    target = unpack(me.conda.pkgs, old, note)
    context.__init__(argparse_args={"dry_run": True})
    check(record(stick, APP, md5=None))
    assert target.exists()
    assert target.with_suffix("").exists()


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
    found = record(stick, f"{subdir}/app-1.0-0.conda" if subdir == "noarch" else TOOL)
    (stick / subdir / sibling).write_bytes(b"")
    with pytest.raises(SiblingIndexError, match=sibling):
        guard.prepare_solve((), ())
    with pytest.raises(SiblingIndexError, match=sibling):
        check(found)


@pytest.mark.parametrize("way", ["gone", "link", "pipe", "folder"])
def test_manifest_is_no_switch(me: Inside, stick: Path, tmp_path: Path, way: str) -> None:
    found = record(stick, APP)
    me.configure(channels=[file_url(stick)], offline=True)
    no_file(stick / MANIFEST_NAME, way, tmp_path / "manifest")
    with pytest.raises(OfflineRepoError, match=MANIFEST_NAME):
        guard.prepare_solve((), ())
    with pytest.raises(OfflineRepoError, match=MANIFEST_NAME):
        check(found)


@pytest.mark.parametrize("name", [APP, INDEX])
def test_pipe_in_the_place_of_a_file(me: Inside, stick: Path, name: str) -> None:
    found = record(stick, APP)
    me.configure(channels=[file_url(stick)], offline=True)
    (stick / name).unlink()
    os.mkfifo(stick / name)
    with pytest.raises(OfflineRepoError, match=name):
        check(found)
    if name == INDEX:
        with pytest.raises(RepositoryDamagedError, match=name):
            guard.prepare_solve((), ())


def test_environment_knows_its_repository_through_a_link(
    me: Inside, stick: Path, tmp_path: Path
) -> None:
    prefix = tmp_path / "env"
    (prefix / "conda-meta").mkdir(parents=True)
    found = record(stick, APP)
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
    for one in (found, reached):
        with pytest.raises(RepositoryGoneError):
            check(one)


def test_what_was_unpacked_of_a_refused_archive_is_removed(me: Inside, stick: Path) -> None:
    archive = stick / APP
    found = record(stick, APP)
    claims = {"url": file_url(archive), "sha256": found.sha256}
    poison(me.conda.pkgs, archive, claims)
    archive.write_bytes(another(archive))
    with pytest.raises(ArchivesRefusedError):
        guard.check_unpacked([found])
    assert tree(me.conda.pkgs) == []


@pytest.mark.skipif(os.name == "nt", reason="no time of a change that nobody can set")
def test_archive_is_read_again_after_a_change_alone(
    me: Inside, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = stick / APP
    found = record(stick, APP)
    read: list[Path] = []

    def noting(path: Path, **how: Any) -> Digests:
        read.append(path)
        return hash_file(path, **how)

    monkeypatch.setattr(archives, "hash_file", noting)
    check(found)
    guard.check_unpacked([found])
    assert read == [archive]
    before = archive.stat()
    content = bytearray(archive.read_bytes())
    content[-1] ^= 1
    archive.write_bytes(content)
    os.utime(archive, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(ArchivesRefusedError):
        guard.check_unpacked([found])
    assert read == [archive, archive]


def test_several_in_the_place_of_others_are_removed(me: Inside, stick: Path) -> None:
    """conda's own removal of folders is not for several threads at once."""
    names = [f"noarch/{file}" for file in entries(stick) if file.endswith(".conda")]
    found = [record(stick, name) for name in names]
    assert len(found) > 1
    for name in names:
        poison(me.conda.pkgs, stick / name, {"url": "https://conda.example.com/main/x"})
    check(*found)
    assert tree(me.conda.pkgs) == []


def test_what_others_unpacked_stays(me: Inside, stick: Path) -> None:
    archive = stick / APP
    found = record(stick, APP)
    poison(me.conda.pkgs, archive, {"url": "https://conda.example.com/noarch/app-1.0-0.conda"})
    before = tree(me.conda.pkgs)
    archive.write_bytes(another(archive))
    with pytest.raises(ArchivesRefusedError):
        guard.check_unpacked([found])
    assert tree(me.conda.pkgs) == before


def test_records_of_servers_are_not_looked_at(me: Inside, stick: Path) -> None:
    found = record(stick, APP, sha256="0" * 64)
    channel = "https://conda.example.com/main"
    check(PackageRecord.from_objects({**found.dump(), "url": f"{channel}/{APP}"}, channel=channel))


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
    found = record(folder, APP)
    (folder / APP).write_bytes(another(folder / APP))
    with pytest.raises(ArchivesRefusedError, match="not the file"):
        check(found)
    edit(folder / INDEX, lambda index: index.update(removed=["x"]))
    with pytest.raises(RepositoryDamagedError, match=INDEX):
        guard.prepare_solve((), ())
