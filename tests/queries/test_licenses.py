"""Licence texts, of archives that may have been made to do harm."""

from __future__ import annotations

import bz2
import io
import os
import shutil
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest
import zstandard

from conda_offline_repo.progress import Unwatched
from conda_offline_repo.queries import licenses as of_all
from conda_offline_repo.queries import texts as module
from conda_offline_repo.queries.exceptions import ArchiveError
from conda_offline_repo.queries.licenses import licenses
from conda_offline_repo.repository.locate import locate_one
from tests.support.inside import Counted
from tests.support.mirror import another
from tests.support.rewriting import put_archive, rewrite
from tests.support.suite import CLI, LICENSE, TOOL

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    from conda_offline_repo.queries.licenses import Licensed, Licenses

HERE = "info/licenses"


@pytest.fixture
def folder(published: Path, tmp_path: Path) -> Path:
    return shutil.copytree(published, tmp_path / "acme")


def read(folder: Path) -> Licenses:
    return licenses(locate_one(folder), Unwatched())


def of(read: Licenses, name: str) -> Licensed:
    (licensed,) = (each for each in read.packages if each.package.name == name)
    return licensed


def member(name: str, content: bytes = b"", **attributes: object) -> tuple[tarfile.TarInfo, bytes]:
    """A member of an archive, which says of itself what it is told to."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in attributes.items():
        setattr(info, key, value)
    return info, content


def packed(*members: tuple[tarfile.TarInfo, bytes], cut: bool = False) -> bytes:
    """A tar file of members whose headers may lie about their contents."""
    tar = b"".join(
        info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
        + content
        + bytes(-len(content) % tarfile.BLOCKSIZE)
        for info, content in members
    )
    return tar if cut else tar + bytes(2 * tarfile.BLOCKSIZE)


def conda(tar: bytes, stem: str = "cli-1.0-0") -> bytes:
    """A `.conda` archive whose info part is a tar file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as container:
        container.writestr("metadata.json", b"{}")
        container.writestr(f"info-{stem}.tar.zst", zstandard.compress(tar))
    return buffer.getvalue()


def test_each_text_once(folder: Path) -> None:
    result = read(folder)
    assert [each.package.name for each in result.packages] == [
        *("cli", "core", "libz", "pip", "python", "tool"),
    ]
    assert result.texts == (LICENSE.strip(), "The Python licence.")
    assert of(result, "cli").texts == of(result, "tool").texts == {"LICENSE": 0}
    assert of(result, "python").texts == {"LICENSE.txt": 1}
    assert [each.package.name for each in result.without] == ["core", "libz", "pip"]
    assert of(result, "cli").package.license == "BSD-3-Clause"


def test_progress_is_told(folder: Path) -> None:
    progress = Counted()
    licenses(locate_one(folder), progress)
    assert progress.packages == 6
    assert progress.done == locate_one(folder).manifest.size


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"\xef\xbb\xbfLicence\r\n\r\nof  \t\r\nall\n\n", "Licence\n\nof\nall"),
        ("© Müller".encode(), "© Müller"),
        ("© Müller".encode("cp1252"), "© Müller"),
        ("Lizenz: ©\n".encode("utf-16"), "Lizenz: ©"),
        (b"one\x0ctwo\x0bthree", "one\ntwo\nthree"),
        (b"\x81\x8d", "��"),
        (b"a\ttab", "a       tab"),
        (b"\x1b[31mred", "\x1b[31mred"),
    ],
)
def test_encodings(folder: Path, content: bytes, text: str) -> None:
    put_archive(folder, CLI, conda(packed(member(f"{HERE}/COPYING", content))))
    result = read(folder)
    assert [result.texts[number] for number in of(result, "cli").texts.values()] == [text]


@pytest.mark.parametrize("content", [b"", b" \n\t", b"%PDF-1.7 x", b"a\0b", b"\xff\xfe"])
def test_what_is_no_text(folder: Path, content: bytes) -> None:
    put_archive(folder, CLI, conda(packed(member(f"{HERE}/LICENSE", content))))
    cli = of(read(folder), "cli")
    assert (cli.texts, list(cli.left_out)) == ({}, ["LICENSE"])


def test_texts_in_folders(folder: Path) -> None:
    tar = packed(
        member(f"{HERE}", type=tarfile.DIRTYPE),
        member(f"{HERE}/third/party", type=tarfile.DIRTYPE),
        member(f"{HERE}/third/party/MIT", b"mit"),
        member(f"./{HERE}/GPL", b"gpl"),
        member(f"{HERE}more/X", b"x"),
        member("info/about.json", b"{}"),
    )
    put_archive(folder, CLI, conda(tar))
    cli = of(read(folder), "cli")
    assert list(cli.texts) == ["GPL", "third/party/MIT"]
    assert cli.left_out == {}


STRANGE = {
    "up": (member(f"{HERE}/../../../etc/passwd", b"x"), "leads elsewhere"),
    "symbolic link": (
        member(f"{HERE}/L", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        "link",
    ),
    "hard link": (member(f"{HERE}/L", type=tarfile.LNKTYPE, linkname="info/index.json"), "link"),
    "device": (member(f"{HERE}/L", type=tarfile.CHRTYPE), "device"),
    "pipe": (member(f"{HERE}/L", type=tarfile.FIFOTYPE), "device"),
}


@pytest.mark.parametrize("kind", STRANGE)
def test_what_is_no_file(folder: Path, kind: str) -> None:
    strange, reason = STRANGE[kind]
    put_archive(folder, CLI, conda(packed(strange, member(f"{HERE}/MIT", b"mit"))))
    cli = of(read(folder), "cli")
    assert list(cli.texts) == ["MIT"]
    assert len(cli.left_out) == 1
    assert reason in next(iter(cli.left_out.values()))


def test_name_in_no_encoding(folder: Path) -> None:
    put_archive(folder, CLI, conda(packed(member(f"{HERE}/\udcff\x1b", b"mit"))))
    assert list(of(read(folder), "cli").texts) == ["\udcff\x1b"]


def test_a_huge_text_is_not_read(folder: Path) -> None:
    size = module.LARGEST_TEXT + 1
    tar = packed(member(f"{HERE}/HUGE", bytes(size)), member(f"{HERE}/MIT", b"mit"))
    put_archive(folder, CLI, conda(tar))
    cli = of(read(folder), "cli")
    assert list(cli.texts) == ["MIT"]
    assert "larger than" in cli.left_out["HUGE"]


def test_too_many_texts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_TEXTS", 10)
    many = [member(f"{HERE}/{number:02}", b"%d" % number) for number in range(30)]
    put_archive(folder, CLI, conda(packed(*many)))
    cli = of(read(folder), "cli")
    assert len(cli.texts) == 10
    assert len(cli.left_out) == 10


@pytest.mark.parametrize(("where", "limit"), [(module, "LARGEST_TEXTS"), (of_all, "LARGEST_ALL")])
def test_too_much_text(
    folder: Path, monkeypatch: pytest.MonkeyPatch, where: ModuleType, limit: str
) -> None:
    monkeypatch.setattr(where, limit, 25)
    tar = packed(*(member(f"{HERE}/{name}", name.encode() * 10) for name in "abc"))
    put_archive(folder, CLI, conda(tar))
    cli = of(read(folder), "cli")
    assert list(cli.texts) == ["a", "b"]
    assert "too large" in cli.left_out["c"]


@pytest.mark.parametrize("claimed", [1 << 31, 1 << 62])
def test_more_than_any_package_holds(folder: Path, claimed: int) -> None:
    put_archive(folder, CLI, conda(packed(member("info/x", b"", size=claimed), cut=True)))
    with pytest.raises(ArchiveError, match="larger than any package"):
        read(folder)


def test_too_many_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FILES", 10)
    put_archive(folder, CLI, conda(packed(*(member(f"info/{n}") for n in range(11)))))
    with pytest.raises(ArchiveError, match="larger than any package"):
        read(folder)


BROKEN: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "no zip": lambda: b"x" * 100,
    "no part": lambda: conda(packed(), "other-1-0"),
    "no zstd": lambda: conda(b"").replace(zstandard.compress(b""), b"x" * 9),
    "no tar": lambda: conda(b"x" * 600),
    "cut": lambda: conda(packed(member(f"{HERE}/MIT", b"x" * 9, size=900), cut=True)),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_no_archive(folder: Path, kind: str) -> None:
    put_archive(folder, CLI, BROKEN[kind]())
    with pytest.raises(ArchiveError, match=r"cli-1\.0-0\.conda cannot be used"):
        read(folder)


@pytest.mark.parametrize("content", [b"", b"BZh9 x", bz2.compress(b"x" * 600)])
def test_what_is_no_archive_of_the_old_format(folder: Path, content: bytes) -> None:
    put_archive(folder, TOOL, content)
    with pytest.raises(ArchiveError, match=r"tool-1\.0-0\.tar\.bz2 cannot be used"):
        read(folder)


def test_archive_that_is_missing(folder: Path) -> None:
    (folder / CLI).unlink()
    with pytest.raises(ArchiveError, match=r"cli-1\.0-0\.conda cannot be used: it is missing"):
        read(folder)


def test_archive_that_is_another(folder: Path) -> None:
    (folder / CLI).write_bytes(another(folder / CLI))
    with pytest.raises(ArchiveError, match="not the archive in the manifest"):
        read(folder)
    (folder / CLI).write_bytes((folder / CLI).read_bytes() + b"x")
    with pytest.raises(ArchiveError, match="not the archive in the manifest"):
        read(folder)


@pytest.mark.parametrize("kind", ["pipe", "link", "folder", "giant"])
def test_what_is_no_file_in_its_place(folder: Path, tmp_path: Path, kind: str) -> None:
    if kind == "pipe" and os.name == "nt":
        pytest.skip("Windows has no named pipes among files")
    path = folder / CLI
    path.rename(tmp_path / "moved")
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to(tmp_path / "moved")
    elif kind == "folder":
        path.mkdir()
    else:
        with path.open("wb") as file:
            file.truncate(1 << 40)
    with pytest.raises(ArchiveError, match=r"cli-1\.0-0\.conda"):
        read(folder)


def test_archive_that_is_on_its_way(folder: Path) -> None:
    manifest = locate_one(folder).manifest
    coming = put_archive(folder, CLI, conda(packed(member(f"{HERE}/MIT", b"mit"))))
    package = coming.manifest.packages[CLI]
    moving = {CLI: {package.sha256: package.size}}
    rewrite(folder, packages=manifest.packages, on_the_way=moving)
    assert list(of(read(folder), "cli").texts) == ["MIT"]
