"""The page as a part of a release: named, kept, delivered, and no reason for another release."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.progress import Unwatched
from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.manifest import MANIFEST_NAME
from conda_offline_repo.repository.package import File
from conda_offline_repo.repository.verify import verify
from tests.support.delivering import packed, run, unpack, whole
from tests.support.paged import Read
from tests.support.running import snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.releasing import Releasing

PAGE, SUMS = "index.html", "SHA256SUMS"


def published(releasing: Releasing, content: bytes | None) -> None:
    """Let the last release have been published with this page, or with none."""
    bank, manifest = releasing.bank, releasing.manifest
    page = bank / PAGE
    old = page.read_bytes()
    lines = (bank / SUMS).read_bytes().decode().splitlines(keepends=True)
    sums = [line for line in lines if not line.endswith(f"*{PAGE}\n")]
    files = {name: file for name, file in manifest.files.items() if name != PAGE}
    if content is None:
        page.unlink()
    else:
        page.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        files[PAGE] = File(digest, len(content))
        sums = [line.replace(hashlib.sha256(old).hexdigest(), digest) for line in lines]
    (bank / SUMS).write_bytes("".join(sums).encode())
    told = (bank / SUMS).read_bytes()
    files[SUMS] = File(hashlib.sha256(told).hexdigest(), len(told))
    (bank / MANIFEST_NAME).write_bytes(replace(manifest, files=files).content)
    assert whole(bank)


def test_page_is_named_as_other_files_are(releasing: Releasing) -> None:
    releasing.release(1)
    content = (releasing.bank / PAGE).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert releasing.manifest.files[PAGE] == File(digest, len(content))
    assert f"{digest} *{PAGE}\n" in (releasing.bank / SUMS).read_text()
    assert whole(releasing.bank)
    read = Read(content)
    assert "Changes" in read.sections
    assert [row[:2] for row in read.tables[-1][1:]] == [["app asked for", "1.0"], ["lib", "1.0"]]
    (releasing.bank / PAGE).unlink()
    assert verify(locate_one(releasing.bank), Unwatched()).missing == (PAGE,)


def test_page_says_what_is_new(releasing: Releasing) -> None:
    releasing.release(1)
    releasing.release(2)
    read = Read((releasing.bank / PAGE).read_bytes())
    manifest = releasing.manifest
    assert f"release 2 of {manifest.created[:10]} " in read.sections[""]
    assert "linux-64: 2 updated, 0 new, 0 gone" in read.sections["Changes"]


def test_rebuild_that_changes_nothing_writes_nothing(releasing: Releasing) -> None:
    releasing.release(1)
    releasing.release(2)
    before = snapshot(releasing.bank)
    assert not releasing.build().changed
    assert snapshot(releasing.bank) == before


@pytest.mark.parametrize("content", [None, b"<p>of an older version"], ids=["none", "another"])
def test_page_of_another_version_is_no_reason_for_a_release(
    releasing: Releasing, content: bytes | None
) -> None:
    releasing.release(1)
    published(releasing, content)
    before = snapshot(releasing.bank)
    assert not releasing.build().changed
    assert snapshot(releasing.bank) == before
    releasing.release(2)
    assert b"release 2" in (releasing.bank / PAGE).read_bytes()
    assert whole(releasing.bank)


@pytest.mark.parametrize("damage", ["gone", "cut", "longer"])
def test_damaged_page_is_put_right(releasing: Releasing, damage: str) -> None:
    releasing.release(1)
    page = releasing.bank / PAGE
    content = page.read_bytes()
    if damage == "gone":
        page.unlink()
    else:
        page.write_bytes(content[:-1] if damage == "cut" else content + b" ")
    assert releasing.build().changed
    assert b"It installs the same as release 1." in page.read_bytes()
    assert whole(releasing.bank)


def test_dry_run_counts_it_and_writes_nothing(releasing: Releasing) -> None:
    releasing.release(1)
    before = snapshot(releasing.bank)
    releasing.channel.add("app", "1.1", depends=["lib"])
    outcome = releasing.build(dry_run=True)
    assert outcome.manifest.files[PAGE] != releasing.manifest.files[PAGE]
    assert snapshot(releasing.bank) == before


def test_page_is_delivered(releasing: Releasing, tmp_path: Path) -> None:
    releasing.release(1)
    source = releasing.bank
    target = tmp_path / "stick" / "bank"
    run(source, target)
    (target / PAGE).write_text("damaged")
    run(source, target)
    unpacked = tmp_path / "machine" / "bank"
    unpack(*packed(source, tmp_path / "bank.zip"), target=unpacked)
    for folder in (target, unpacked):
        assert (folder / PAGE).read_bytes() == (source / PAGE).read_bytes()
        assert whole(folder)


def test_older_repository_without_a_page_is_delivered(releasing: Releasing, tmp_path: Path) -> None:
    releasing.release(1)
    published(releasing, None)
    target = tmp_path / "stick" / "bank"
    run(releasing.bank, target)
    assert whole(target)
    releasing.release(2)
    run(releasing.bank, target)
    assert whole(target)
    assert (target / PAGE).exists()
