"""Archives that conda is about to link, compared with the record and the manifest."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest
from conda.models.records import PackageRecord

from conda_offline_repo.customer.hooks import archives, guard
from conda_offline_repo.customer.hooks.exceptions import (
    ArchivesRefusedError,
)
from conda_offline_repo.files.hashing import hash_file
from conda_offline_repo.repository import manifest_json
from conda_offline_repo.repository.manifest import MANIFEST_NAME
from tests.support.guarded import APP, LIB, TOOL, check, edit, record
from tests.support.mirror import another, entries

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from conda_offline_repo.files.hashing import Digests
    from conda_offline_repo.repository import manifest
    from tests.support.inside import Inside


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
    app = record(stick, APP)
    (stick / APP).unlink()
    (stick / APP).mkdir()
    with pytest.raises(ArchivesRefusedError, match="cannot be read"):
        check(app)


def test_archive_that_the_manifest_does_not_name(me: Inside, stick: Path) -> None:
    app = record(stick, APP)

    def forget_it(content: dict[str, Any]) -> None:
        del content["packages"][APP]
        content["solutions"] = {}

    edit(stick / MANIFEST_NAME, forget_it)
    with pytest.raises(ArchivesRefusedError, match="manifest does not name it"):
        check(app)


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
        app = record(stick, APP)
    elif right == "index":
        app = record(stick, APP, sha256=digest)
    else:
        edit(
            stick / MANIFEST_NAME,
            lambda content: content["packages"][APP].update(sha256="0" * 64),
        )
        app = record(stick, APP, sha256="1" * 64)
    with pytest.raises(ArchivesRefusedError, match="not the file that the"):
        check(app)


def test_record_with_md5_alone(me: Inside, stick: Path) -> None:
    with pytest.raises(ArchivesRefusedError, match="not the file that the index names"):
        check(record(stick, APP, sha256=None, md5="0" * 32))
    app = record(stick, APP, sha256=None)
    (stick / APP).write_bytes(another(stick / APP))
    with pytest.raises(ArchivesRefusedError, match=re.escape(os.path.normpath(APP))):
        check(app)


@pytest.mark.skipif(os.name == "nt", reason="no time of a change that nobody can set")
def test_archive_is_read_again_after_a_change_alone(
    me: Inside, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = stick / APP
    app = record(stick, APP)
    read: list[Path] = []

    def noting(path: Path, **how: Any) -> Digests:
        read.append(path)
        return hash_file(path, **how)

    monkeypatch.setattr(archives, "hash_file", noting)
    check(app)
    guard.check_unpacked([app])
    assert read == [archive]
    before = archive.stat()
    content = bytearray(archive.read_bytes())
    content[-1] ^= 1
    archive.write_bytes(content)
    os.utime(archive, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(ArchivesRefusedError):
        guard.check_unpacked([app])
    assert read == [archive, archive]


def test_records_of_servers_are_not_looked_at(me: Inside, stick: Path) -> None:
    app = record(stick, APP, sha256="0" * 64)
    channel = "https://conda.example.com/main"
    check(PackageRecord.from_objects({**app.dump(), "url": f"{channel}/{APP}"}, channel=channel))
