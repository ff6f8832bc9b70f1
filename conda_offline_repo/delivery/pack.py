"""Pack a release, or what is new in it, as volumes."""

from __future__ import annotations

import hashlib
import re
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..exceptions import InvalidRequestError
from ..files.atomic import all_or_none
from ..repository.exceptions import FileSystemError, NestedFolderError
from ..repository.locate import enclosing
from ..repository.manifest import MANIFEST_NAME
from ..repository.signature import SIGNATURE_NAME
from .exceptions import LabelMismatchError, SourceDamagedError, VolumeSizeError
from .plan import wanted_files
from .source import SourceReadError, chunks
from .volume import VolumeInfo, dump

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO, BinaryIO

    from ..progress import Progress
    from .plan import Wanted
    from .release_ref import Since
    from .source import Source

#: The earliest that a zip file can say.
DATE = (1980, 1, 1, 0, 0, 0)
MODE = (stat.S_IFREG | 0o644) << 16
#: Bytes that a file takes in a zip file besides its content, and twice its name.
PER_FILE = 200
UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
BINARY_UNITS = {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


@dataclass(frozen=True)
class Packed:
    """What was packed, or with a dry run would be.

    Attributes:
        source: The release.
        since: What it is the difference to; none if it is whole.
        volumes: The files; none if it went to a pipe.
        names: What is in each volume, besides manifest and signatures.
        size: Bytes of all volumes together; of a dry run, about.
    """

    source: Source
    since: Since | None
    volumes: tuple[Path, ...]
    names: tuple[tuple[str, ...], ...]
    size: int


def parse_size(text: str) -> int:
    """Return the bytes of a size as people write it: `4GB`, `650 MB`, `4GiB`, `1000000`.

    Raises:
        InvalidRequestError: It is none.
    """
    found = re.fullmatch(r"\s*([0-9]{1,15}(?:\.[0-9]{1,3})?)\s*([kmgt]?)(i?)b?\s*", text.lower())
    if not found or (found[3] and not found[2]):
        raise InvalidRequestError(
            f"{text[:40]!r} is no size.", "Write it as 4GB, 650MB or 4GiB, or as a number of bytes."
        )
    units = BINARY_UNITS if found[3] else UNITS
    return int(float(found[1]) * units[found[2]])


def pack(
    source: Source,
    output: Path | BinaryIO,
    since: Since | None,
    volume_size: int | None,
    progress: Progress,
    *,
    dry_run: bool = False,
) -> Packed:
    """Pack a release.

    Args:
        source: The release.
        output: The file, or with several volumes what their names are made of; or a pipe.
        since: A release that the customer has, so that only what is new is packed.
        volume_size: The bytes that no volume is larger than; none for one volume.
        progress: Told how far it is.
        dry_run: Share out only; nothing is written.

    Raises:
        LabelMismatchError: The other release is another customer's.
        NestedFolderError: The file would lie in a repository.
        VolumeSizeError: A file is larger than a volume.
        SourceDamagedError: Files of the release are not what its manifest says.
        FileSystemError: The disk refuses; no volume is left.
    """
    manifest = source.manifest
    if isinstance(output, Path) and (around := enclosing(output.absolute().parent)):
        raise NestedFolderError(output, around, "Give a file in another folder with -o.")
    if since and since.label != manifest.label:
        raise LabelMismatchError(source.place, manifest.label, since.label)
    had = since.digests if since else {}
    new = [one for one in wanted_files(manifest) if had.get(one.name) != one.sha256]
    shares = _shares(source, new, volume_size)
    names = tuple(tuple(one.name for one in share) for share in shares)
    base, of = since.base if since else None, len(shares)
    infos = [VolumeInfo(number, of, base) for number in range(1, of + 1)]
    paths: tuple[Path, ...] = ()
    if isinstance(output, Path):
        paths = tuple(_path(output, info) for info in infos)
    if dry_run:
        size = sum(_about(source, share) for share in shares)
        return Packed(source, since, paths, names, size)
    number = sum(name in manifest.packages for share in names for name in share)
    with progress.counting("Packing", number, sum(one.size for s in shares for one in s)):
        try:
            if isinstance(output, Path):
                size = _write_files(source, shares, infos, paths, progress)
            else:
                size = _write(source, shares[0], infos[0], output, progress)
        except OSError as error:
            raise FileSystemError(error) from error
    return Packed(source, since, paths, names, size)


def _shares(source: Source, files: list[Wanted], volume_size: int | None) -> list[list[Wanted]]:
    """Share files out to volumes, in their order."""
    shares: list[list[Wanted]] = [[]]
    beside = size = _about(source, ())
    for one in files:
        own = _about(source, (one,)) - beside
        if volume_size is not None and size + own > volume_size:
            if beside + own > volume_size:
                raise VolumeSizeError(one.name, beside + own, volume_size)
            shares.append([])
            size = beside
        shares[-1].append(one)
        size += own
    return shares


def _about(source: Source, share: Sequence[Wanted]) -> int:
    """Return the bytes of a volume, or a little more."""
    beside = len(source.manifest.raw) + len(source.signature) + 5 * PER_FILE
    return beside + sum(one.size + 2 * len(one.name) + PER_FILE for one in share)


def _path(output: Path, info: VolumeInfo) -> Path:
    """Return a volume's file: `repo.zip`, or `repo.1-of-2.zip`."""
    if info.volumes == 1:
        return output
    return output.with_name(f"{output.stem}.{info.number}-of-{info.volumes}{output.suffix}")


def _write_files(
    source: Source,
    shares: list[list[Wanted]],
    infos: list[VolumeInfo],
    paths: tuple[Path, ...],
    progress: Progress,
) -> int:
    """Write the volumes, all or none; returns their bytes."""
    size = 0
    with all_or_none() as beside:
        for path, share, info in zip(paths, shares, infos, strict=True):
            with beside(path) as file:
                size += _write(source, share, info, file, progress)
    return size


def _write(
    source: Source, share: list[Wanted], info: VolumeInfo, file: BinaryIO, progress: Progress
) -> int:
    """Write a volume; returns its bytes."""
    beside = [(MANIFEST_NAME, source.manifest.raw)]
    if source.signature:
        beside.append((SIGNATURE_NAME, source.signature))
    pipe = _Pipe(file)
    # the types ask for `close` as well, which is never called on what is not opened there
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as volume:  # type: ignore[call-overload]
        volume.comment = dump(info)
        for name, content in beside:
            with volume.open(_entry(name, len(content)), "w") as packed:
                packed.write(content)
        for one in share:
            with volume.open(_entry(one.name, one.size), "w") as packed:
                _pack_one(source, one, packed, progress)
            progress.advance(0, packages=one.name in source.manifest.packages)
    return pipe.size


def _entry(name: str, size: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, DATE)
    entry.external_attr = MODE
    entry.create_system = 3
    entry.file_size = size
    return entry


def _pack_one(source: Source, one: Wanted, packed: IO[bytes], progress: Progress) -> None:
    sha256 = hashlib.sha256()
    try:
        for chunk in chunks(source, one.name):
            sha256.update(chunk)
            packed.write(chunk)
            progress.advance(len(chunk))
    except SourceReadError as error:
        raise SourceDamagedError(source.place, {one.name: str(error)}) from error
    if sha256.hexdigest() != one.sha256:
        reason = "it is not the file that the manifest names"
        raise SourceDamagedError(source.place, {one.name: reason})


class _Pipe:
    """A file that is written to its end and never back: a pipe gets the same bytes as a file."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.size = 0

    def write(self, data: bytes) -> int:
        """Write all of some bytes."""
        self.file.write(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Let the bytes go on."""
        self.file.flush()
