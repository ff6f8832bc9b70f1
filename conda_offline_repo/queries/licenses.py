"""The licences of a repository's packages, with the texts in their archives.

An archive is checked against the manifest before it is read. It may still be hostile, so reading is
bounded, and nothing is unpacked to the disk.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import ExitStack
from dataclasses import dataclass
from errno import EINVAL, EISDIR, ENOENT, ENOTDIR
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from ..files.hashing import CHUNK, hash_into, open_regular
from ..files.web import WebFolder
from ..files.workers import run_all
from ..repository.exceptions import UnreadableError
from .contents import list_packages
from .exceptions import ArchiveError

if TYPE_CHECKING:
    import tarfile
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

    from ..files.web import Place
    from ..progress import Progress
    from ..repository.locate import Repository
    from .contents import ListedPackage

    #: The texts of an archive, and the reasons why others are left out, each by path.
    Texts = tuple[dict[str, str], dict[str, str]]

FOLDER = ("info", "licenses")
#: Bytes of a text, of all texts of an archive, and of all different texts.
LARGEST_TEXT = 16 << 20
LARGEST_TEXTS = 64 << 20
LARGEST_ALL = 1 << 30
#: Texts of an archive.
MOST_TEXTS = 5_000
#: Unpacked bytes of the `info` part of a `.conda` archive, and of a whole `.tar.bz2` archive.
LARGEST_PART = {".conda": 1 << 30, ".tar.bz2": 1 << 36}
#: Files of the same.
MOST_FILES = 1_000_000
#: How many archives of a server are read at once: their texts lie in memory.
AT_ONCE = 8
#: The beginnings of texts in UTF-16.
UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Licensed:
    """A package and its licence texts.

    Attributes:
        package: Its index entry, with the licence's name.
        texts: By path below `info/licenses`, the index of the text in `Licenses.texts`.
        left_out: By path, the reason why a file is not among the texts.
    """

    package: ListedPackage
    texts: Mapping[str, int]
    left_out: Mapping[str, str]


@dataclass(frozen=True)
class Licenses:
    """The packages of a repository, sorted by name, and each different text once.

    The lines of the texts have no spaces and tabs at their ends.
    """

    packages: tuple[Licensed, ...]
    texts: tuple[str, ...]

    @property
    def without(self) -> tuple[Licensed, ...]:
        """The packages that have no text."""
        return tuple(package for package in self.packages if not package.texts)


def licenses(repository: Repository, progress: Progress) -> Licenses:
    """Read the licence texts of all packages, also of earlier releases and of the plugin.

    Raises:
        ArchiveError: An archive is missing, invalid, or not the one in the manifest.
        ManifestError: An index file does not fit the manifest.
        UnreadableError: A file cannot be read.
    """
    packages = list_packages(repository)
    texts: dict[str, int] = {}
    licensed = []
    size = 0
    with progress.counting("Reading", len(packages), sum(package.size for package in packages)):
        for package, (archive_texts, left_out) in _of_each(repository, packages):
            numbers = {}
            for path, text in sorted(archive_texts.items()):
                if text not in texts:
                    size += len(text)
                    if size > LARGEST_ALL:
                        left_out[path] = "all texts together are too large"
                        continue
                numbers[path] = texts.setdefault(text, len(texts))
            licensed.append(Licensed(package, numbers, dict(sorted(left_out.items()))))
            progress.advance(package.size, packages=1)
    return Licenses(tuple(licensed), tuple(texts))


def _of_each(
    repository: Repository, packages: tuple[ListedPackage, ...]
) -> Iterator[tuple[ListedPackage, Texts]]:
    """Yield the packages with what `_of_archive` returns of each."""

    def read(package: ListedPackage) -> Texts:
        path = repository.path / package.archive
        return _of_archive(path, repository.manifest.allowed(package.archive))

    if isinstance(repository.path, Path):
        yield from ((package, read(package)) for package in packages)
        return
    for start in range(0, len(packages), AT_ONCE):
        some = packages[start : start + AT_ONCE]
        yield from zip(some, run_all(read, some, AT_ONCE), strict=True)


def _of_archive(path: Place, allowed: Mapping[str, int]) -> Texts:
    """Return the texts in an archive, and the reasons why others are left out, each by path."""
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
            return _texts(path, file)
    except OSError as error:
        if error.errno in (ENOENT, ENOTDIR):
            raise ArchiveError(path, "it is missing") from error
        if error.errno in (EINVAL, EISDIR):
            raise ArchiveError(path, str(error.strerror)) from error
        raise UnreadableError(path, error) from error


def _copied(file: BinaryIO, copy: BinaryIO, limit: int) -> BinaryIO:
    """Copy a file that cannot be sought back, or soon more than `limit` bytes of it."""
    while copy.tell() <= limit and (chunk := file.read(CHUNK)):
        copy.write(chunk)
    copy.seek(0)
    return copy


def _texts(path: Place, file: BinaryIO) -> tuple[dict[str, str], dict[str, str]]:
    from conda_package_streaming.package_streaming import stream_conda_info

    largest = next(size for end, size in LARGEST_PART.items() if path.name.endswith(end))
    texts: dict[str, str] = {}
    left_out: dict[str, str] = {}
    texts_size = size = 0
    try:
        for number, (tar, member) in enumerate(stream_conda_info(str(path), file), 1):
            size += member.size
            if size > largest or number > MOST_FILES:
                raise ValueError("it is larger than any package")
            parts = PurePosixPath(member.name).parts
            if parts[:2] != FOLDER or len(parts) == 2 or member.isdir():
                continue
            name, text = "/".join(parts[2:]), ""
            reason = _reason(parts, member)
            if texts_size + member.size > LARGEST_TEXTS or len(texts) >= MOST_TEXTS:
                reason = reason or "the archive has too many or too large texts"
            if not reason:
                texts_size += member.size
                text = _text(tar, member)
            if text:
                texts[name] = text
            elif len(left_out) < MOST_TEXTS:
                left_out[name] = reason or "it is empty or not a text"
    except Exception as error:  # each implementation of zstd has errors of its own
        reason = str(error) or type(error).__name__
        raise ArchiveError(path, f"it cannot be read as a conda package: {reason}") from error
    return texts, left_out


def _reason(parts: tuple[str, ...], member: tarfile.TarInfo) -> str:
    """Return why a file is not read; empty if it is."""
    if ".." in parts:
        return "its name leads elsewhere"
    if not member.isreg():
        return "it is a link or a device"
    if member.size > LARGEST_TEXT:
        return f"it is larger than {LARGEST_TEXT} bytes"
    return ""


def _text(tar: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    """Return the text of a file, in lines without spaces at their ends; empty if not a text."""
    file = tar.extractfile(member)
    content = file.read(LARGEST_TEXT) if file else b""
    encoding = "utf-16" if content.startswith(UTF16) else "utf-8-sig"
    if content.startswith(b"%PDF") or (b"\0" in content and encoding != "utf-16"):
        return ""
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    lines = [line.expandtabs().rstrip() for line in text.splitlines()]
    return "\n".join(lines).strip("\n")
