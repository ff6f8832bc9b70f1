"""The search for credentials reads all that an archive holds, however it is packed."""

from __future__ import annotations

import bz2
import random
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import zstandard

from conda_offline_repo.builder.archives.archive import Archive
from conda_offline_repo.builder.exceptions import InvalidArchiveError, SecretFoundError
from conda_offline_repo.builder.release.credential_search import Search
from conda_offline_repo.files.hashing import CHUNK
from conda_offline_repo.redaction import Secrets

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECRET = b"s3cret-of-the-vault"
FILLER = b"nothing to see here\n" * 50


def pack(kind: str, data: bytes) -> bytes:
    return bz2.compress(data) if kind == "tar.bz2" else zstandard.compress(data)


def write(folder: Path, kind: str, content: bytes) -> Archive:
    path = folder / f"app-1-0.{kind}"
    if kind == "conda":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("metadata.json", b"{}")
            archive.writestr("pkg-app-1-0.tar.zst", content)
    else:
        path.write_bytes(content)
    return Archive(path.name, path, True, "0" * 64, "", path.stat().st_size)


def search(archive: Archive) -> None:
    with Search(Secrets(frozenset({SECRET.decode()})), set()) as searching:
        searching.archive(archive)
        searching.finish()


@pytest.fixture(params=["tar.bz2", "conda"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("cut", [0, 1, len(SECRET) // 2, len(SECRET) - 1])
@pytest.mark.parametrize("before", [0, 7, CHUNK])
def test_secret_in_two_streams(tmp_path: Path, kind: str, cut: int, before: int) -> None:
    first = pack(kind, bytes(before) + FILLER + SECRET[:cut])
    search(write(tmp_path, kind, first + pack(kind, FILLER)))
    with pytest.raises(SecretFoundError):
        search(write(tmp_path, kind, first + pack(kind, SECRET[cut:] + FILLER)))


def test_secret_in_pieces_of_any_size(tmp_path: Path, kind: str) -> None:
    """Streams of a byte each, none of which is as long as the secret."""
    streams = [pack(kind, bytes([byte])) for byte in b"xx" + SECRET + b"xx"]
    with pytest.raises(SecretFoundError):
        search(write(tmp_path, kind, b"".join(streams)))
    search(write(tmp_path, kind, b"".join(streams[:-3])))


@pytest.mark.parametrize("filler", [b"", b"\0", b"BZq", bytes(3 * CHUNK)])
def test_secret_behind_the_last_stream(tmp_path: Path, kind: str, filler: bytes) -> None:
    """Those who install take no notice of what is there."""
    content = pack(kind, FILLER) + filler
    search(write(tmp_path, kind, content + b"."))
    with pytest.raises(SecretFoundError):
        search(write(tmp_path, kind, content + SECRET))


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[: len(content) // 2],
        lambda content: b"x" + content,
        lambda content: content + content[:-1],
        lambda content: content + content[: 2 * CHUNK] + bytes(100) + content[2 * CHUNK :],
    ],
)
def test_what_cannot_be_decoded_is_refused(
    tmp_path: Path, kind: str, damage: Callable[[bytes], bytes]
) -> None:
    content = pack(kind, random.Random(1).randbytes(3 * CHUNK))
    search(write(tmp_path, kind, content))
    with pytest.raises(InvalidArchiveError):
        search(write(tmp_path, kind, damage(content)))


def test_one_secret_ends_the_search(tmp_path: Path, kind: str) -> None:
    clean, held = tmp_path / "clean", tmp_path / "held"
    for folder in (clean, held):
        folder.mkdir()
    good, bad = write(clean, kind, pack(kind, FILLER)), write(held, kind, pack(kind, SECRET))
    searched: set[str] = set()
    with Search(Secrets(frozenset({SECRET.decode()})), searched) as searching:
        searching.archive(replace(good, sha256="1" * 64))
        searching.finish()
        searching.archive(bad)
        with pytest.raises(SecretFoundError):
            searching.finish()
        with pytest.raises(SecretFoundError):
            searching.archive(good)
    assert searched == {"1" * 64}
