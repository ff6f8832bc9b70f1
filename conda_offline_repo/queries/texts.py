"""Texts in the archives of a repository, such as scripts.

An archive is checked against the manifest before it is read. It may still be hostile, so reading is
bounded, and nothing is unpacked to the disk.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from difflib import get_close_matches
from functools import partial
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, BinaryIO

from ..files.hashing import CHUNK, hash_into, open_regular
from ..files.web import Place, WebFolder
from ..files.workers import run_all
from ..printable import escaped
from ..repository.exceptions import UnreadableError
from .contents import NO_FILE, ListedPackage, list_packages
from .exceptions import ArchiveError, PackageUnknownError

if TYPE_CHECKING:
    import tarfile

    from ..repository.locate import Repository

    #: The texts of an archive, and the reasons why others are left out, each by name.
    Texts = tuple[dict[str, str], dict[str, str]]

#: Bytes of a text, and of all texts of an archive.
LARGEST_TEXT = 16 << 20
LARGEST_TEXTS = 64 << 20
#: Texts of an archive.
MOST_TEXTS = 5_000
#: Unpacked bytes of the `info` part of a `.conda` archive, and of what else is read of archives.
LARGEST_INFO, LARGEST = 1 << 30, 1 << 36
#: Files of the same.
MOST_FILES = 1_000_000
#: How many archives of a server are read at once: their texts lie in memory.
AT_ONCE = 8
#: The beginnings of texts in UTF-16.
UTF16 = (b"\xff\xfe", b"\xfe\xff")


def scripts(
    repositories: Iterable[Repository], name: str
) -> list[tuple[Repository, list[tuple[ListedPackage, Texts]]]]:
    """Return the packages of a name, with the texts of what they run, of the repositories that have
    any; or all packages, without texts, if the name is empty.

    Raises:
        PackageUnknownError: No repository has a package of the name.
        ArchiveError, UnreadableError: See `texts_of_each`.
        ManifestError: An index file does not fit the manifest.
    """

    def named(package: ListedPackage, path: str) -> str:
        runs, own = package.scripts or {}, escaped(path)
        return own if any(own in runs[kind] for kind in runs if kind != "native") else ""

    name, names = name.strip().lower(), set[str]()
    answers: list[tuple[Repository, list[tuple[ListedPackage, Texts]]]] = []
    for repository in repositories:
        listed = list_packages(repository)
        names |= {package.name for package in listed}
        chosen = [package for package in listed if package.name == name]
        if not name:
            answers.append((repository, [(package, ({}, {})) for package in listed]))
        elif chosen:
            answers.append((repository, [*texts_of_each(repository, chosen, named, part="pkg")]))
    if not answers:
        raise PackageUnknownError(name, get_close_matches(name, names))
    return answers


def texts_of_each(
    repository: Repository,
    packages: Sequence[ListedPackage],
    named: Callable[[ListedPackage, str], str],
    *,
    part: str,
    clean: Callable[[str], str] = str,
) -> Iterator[tuple[ListedPackage, Texts]]:
    """Yield packages of a repository with their texts.

    Args:
        named: Returns the name that a file gets by its path; empty if it is not wanted.
        part: That of the archives which has them, `info` or `pkg`.
        clean: What is done to each text; one that is empty then is left out.

    Raises:
        ArchiveError: An archive is missing, invalid, or not the one in the manifest.
        UnreadableError: A file cannot be read.
    """

    def read(package: ListedPackage) -> Texts:
        path = repository.path / package.archive
        allowed = repository.manifest.allowed(package.archive)
        try:
            if isinstance(path, Path) and path.is_symlink():
                raise ArchiveError(path, "it is a link, not a file")
            with ExitStack() as stack:
                file = stack.enter_context(open_regular(path))
                if isinstance(path, WebFolder):
                    copy = stack.enter_context(TemporaryFile(buffering=0))
                    file = _copied(file, copy, max(allowed.values()))
                size = os.fstat(file.fileno()).st_size
                sha256 = hashlib.sha256()
                if size in allowed.values():
                    hash_into(file, sha256, limit=size)
                if allowed.get(sha256.hexdigest()) != size:
                    raise ArchiveError(path, "it is not the archive in the manifest")
                file.seek(0)
                return _texts(path, file, partial(named, package), part, clean)
        except OSError as error:
            if error.errno in NO_FILE:
                raise ArchiveError(path, "it is missing or not a file") from error
            raise UnreadableError(path, error) from error

    at_once = 1 if isinstance(repository.path, Path) else AT_ONCE
    for start in range(0, len(packages), at_once):
        some = packages[start : start + at_once]
        yield from zip(some, run_all(read, some, at_once), strict=True)


def _copied(file: BinaryIO, copy: BinaryIO, limit: int) -> BinaryIO:
    """Copy a file that cannot be sought back, or soon more than `limit` bytes of it."""
    while copy.tell() <= limit and (chunk := file.read(CHUNK)):
        copy.write(chunk)
    copy.seek(0)
    return copy


def _texts(
    path: Place,
    file: BinaryIO,
    named: Callable[[str], str],
    part: str,
    clean: Callable[[str], str],
) -> Texts:
    from conda_package_streaming.package_streaming import stream_conda_component

    largest = LARGEST_INFO if part == "info" and path.name.endswith(".conda") else LARGEST
    texts: dict[str, str] = {}
    left_out: dict[str, str] = {}
    texts_size = size = 0
    try:
        for number, (tar, member) in enumerate(stream_conda_component(str(path), file, part), 1):
            size += member.size
            if size > largest or number > MOST_FILES:
                raise ValueError("it is larger than any package")
            name, text = named(member.name), ""
            if not name or member.isdir():
                continue
            reason = _reason(member)
            if texts_size + member.size > LARGEST_TEXTS or len(texts) >= MOST_TEXTS:
                reason = reason or "the archive has too many or too large texts"
            if not reason:
                texts_size += member.size
                text = clean(_text(tar, member))
            if text:
                texts[name] = text
            elif len(left_out) < MOST_TEXTS:
                left_out[name] = reason or "it is empty or not a text"
    except Exception as error:  # each implementation of zstd has errors of its own
        reason = str(error) or type(error).__name__
        raise ArchiveError(path, f"it cannot be read as a conda package: {reason}") from error
    return texts, left_out


def _reason(member: tarfile.TarInfo) -> str:
    """Return why a file is not read; empty if it is."""
    if ".." in PurePosixPath(member.name).parts:
        return "its name leads elsewhere"
    if not member.isreg():
        return "it is a link or a device"
    if member.size > LARGEST_TEXT:
        return f"it is larger than {LARGEST_TEXT} bytes"
    return ""


def _text(tar: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    """Return the text of a file; empty if it is not a text."""
    file = tar.extractfile(member)
    content = file.read(LARGEST_TEXT) if file else b""
    encoding = "utf-16" if content.startswith(UTF16) else "utf-8-sig"
    if content.startswith(b"%PDF") or (b"\0" in content and encoding != "utf-16"):
        return ""
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")
