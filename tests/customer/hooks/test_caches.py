"""What conda's package caches have in the place of a repository's archives."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context

from conda_offline_repo.customer.hooks import guard
from conda_offline_repo.customer.hooks.exceptions import (
    ArchivesRefusedError,
    PoisonedCacheError,
)
from conda_offline_repo.files.hashing import hash_file
from conda_offline_repo.urls import file_url
from tests.support.guarded import APP, LIB, check, poison, record
from tests.support.mirror import another, entries
from tests.support.running import tree

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tests.support.inside import Inside


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


def test_what_was_unpacked_of_a_refused_archive_is_removed(me: Inside, stick: Path) -> None:
    archive = stick / APP
    app = record(stick, APP)
    claims = {"url": file_url(archive), "sha256": app.sha256}
    poison(me.conda.pkgs, archive, claims)
    archive.write_bytes(another(archive))
    with pytest.raises(ArchivesRefusedError):
        guard.check_unpacked([app])
    assert tree(me.conda.pkgs) == []


def test_several_in_the_place_of_others_are_removed(me: Inside, stick: Path) -> None:
    """conda's own removal of folders is not for several threads at once."""
    names = [f"noarch/{file}" for file in entries(stick) if file.endswith(".conda")]
    records = [record(stick, name) for name in names]
    assert len(records) > 1
    for name in names:
        poison(me.conda.pkgs, stick / name, {"url": "https://conda.example.com/main/x"})
    check(*records)
    assert tree(me.conda.pkgs) == []


def test_what_others_unpacked_stays(me: Inside, stick: Path) -> None:
    archive = stick / APP
    app = record(stick, APP)
    poison(me.conda.pkgs, archive, {"url": "https://conda.example.com/noarch/app-1.0-0.conda"})
    before = tree(me.conda.pkgs)
    archive.write_bytes(another(archive))
    with pytest.raises(ArchivesRefusedError):
        guard.check_unpacked([app])
    assert tree(me.conda.pkgs) == before
