"""The licences of a repository's packages, with the texts that their archives hold.

An archive is compared with the manifest before it is read. It may still have been made to do harm,
so what is read of it is bounded, and nothing is unpacked to the disk.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from errno import EINVAL, EISDIR, ENOENT, ENOTDIR
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ..files.hashing import hash_into, open_regular
from ..repository.exceptions import ArchiveError, UnreadableError
from .contents import list_packages

if TYPE_CHECKING:
    import tarfile
    from collections.abc import Mapping
    from pathlib import Path
    from typing import BinaryIO

    from ..progress import Progress
    from ..repository.locate import Repository
    from .contents import ListedPackage

FOLDER = ("info", "licenses")
#: Bytes of one text, of all texts of an archive, and of all that are different.
LARGEST_TEXT = 16 << 20
LARGEST_TEXTS = 64 << 20
LARGEST_ALL = 1 << 30
#: Texts of an archive.
MOST_TEXTS = 5_000
#: Bytes, unpacked, of what is passed on the way: of the part of a `.conda` archive that describes
#: it, and of a whole `.tar.bz2` archive.
LARGEST_PART = {".conda": 1 << 30, ".tar.bz2": 1 << 36}
#: Files that are passed on the way.
MOST_FILES = 1_000_000
#: How texts of Windows begin that are in UTF-16.
UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Licensed:
    """A package and its licence texts.

    Attributes:
        package: What the index says of it, the licence's name too.
        texts: By path below `info/licenses`, the number of the text in `Licenses.texts`.
        left_out: By path, why a file is not among the texts.
    """

    package: ListedPackage
    texts: Mapping[str, int]
    left_out: Mapping[str, str]


@dataclass(frozen=True)
class Licenses:
    """The packages of a repository, sorted by name, and each different text once.

    Lines of the texts end with a new line, and have no spaces and tabs at their ends.
    """

    packages: tuple[Licensed, ...]
    texts: tuple[str, ...]

    @property
    def without(self) -> tuple[Licensed, ...]:
        """The packages that have no text."""
        return tuple(one for one in self.packages if not one.texts)


def licenses(repository: Repository, progress: Progress) -> Licenses:
    """Read the licence texts of all packages, those of earlier releases and of the plugin too.

    Raises:
        ArchiveError: An archive is missing, is not the one that the manifest names, or is none.
        ManifestError: An index file does not fit the manifest.
        UnreadableError: A file cannot be read.
    """
    manifest = repository.manifest
    packages = list_packages(repository)
    texts: dict[str, int] = {}
    licensed = []
    size = 0
    with progress.counting("Reading", len(packages), sum(one.size for one in packages)):
        for package in packages:
            name = f"{package.subdir}/{package.file}"
            own, left_out = _of_archive(repository.path / name, manifest.allowed(name))
            numbers = {}
            for path, text in sorted(own.items()):
                if text not in texts:
                    size += len(text)
                    if size > LARGEST_ALL:
                        left_out[path] = "all texts together are too large"
                        continue
                numbers[path] = texts.setdefault(text, len(texts))
            licensed.append(Licensed(package, numbers, dict(sorted(left_out.items()))))
            progress.advance(package.size, packages=1)
    return Licenses(tuple(licensed), tuple(texts))


def _of_archive(path: Path, allowed: Mapping[str, int]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the texts in an archive, and why others are left out, each by path."""
    try:
        if path.is_symlink():
            raise ArchiveError(path, "it is a link, not a file")
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            sha256 = hashlib.sha256()
            if size in allowed.values():
                hash_into(file, sha256, limit=size)
            if allowed.get(sha256.hexdigest()) != size:
                raise ArchiveError(path, "it is not the archive that the manifest names")
            file.seek(0)
            return _texts(path, file)
    except OSError as error:
        if error.errno in (ENOENT, ENOTDIR):
            raise ArchiveError(path, "it is missing") from error
        if error.errno in (EINVAL, EISDIR):
            raise ArchiveError(path, str(error.strerror)) from error
        raise UnreadableError(path, error) from error


def _texts(path: Path, file: BinaryIO) -> tuple[dict[str, str], dict[str, str]]:
    from conda_package_streaming.package_streaming import stream_conda_info

    largest = next(size for end, size in LARGEST_PART.items() if path.name.endswith(end))
    texts: dict[str, str] = {}
    left_out: dict[str, str] = {}
    taken = passed = files = 0
    try:
        for tar, member in stream_conda_info(str(path), file):
            files += 1
            passed += member.size
            if passed > largest or files > MOST_FILES:
                raise ValueError("it holds more than any package does")
            parts = PurePosixPath(member.name).parts
            if parts[:2] != FOLDER or len(parts) == 2 or member.isdir():
                continue
            name = "/".join(parts[2:])
            reason = _reason(parts, member)
            if not reason and (taken + member.size > LARGEST_TEXTS or len(texts) >= MOST_TEXTS):
                reason = "the archive has too many or too large texts"
            if reason:
                if len(left_out) < MOST_TEXTS:
                    left_out[name] = reason
                continue
            taken += member.size
            if text := _text(tar, member):
                texts[name] = text
            else:
                left_out[name] = "it is empty or no text"
    except Exception as error:  # each implementation of zstd has errors of its own
        reason = str(error) or type(error).__name__
        raise ArchiveError(path, f"it cannot be read as a conda package: {reason}") from error
    return texts, left_out


def _reason(parts: tuple[str, ...], member: tarfile.TarInfo) -> str:
    """Return why a file is no text that is read, or nothing."""
    if ".." in parts:
        return "its name leads elsewhere"
    if not member.isreg():
        return "it is a link or a device"
    if member.size > LARGEST_TEXT:
        return f"it is larger than {LARGEST_TEXT} bytes"
    return ""


def _text(tar: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    """Return the text of a file, in lines without spaces at their ends; nothing if it is none."""
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
