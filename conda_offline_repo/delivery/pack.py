"""Pack a release, or what is new in it, as volumes."""

from __future__ import annotations

import hashlib
import re
import stat
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import IO, TYPE_CHECKING, BinaryIO

from ..exceptions import InvalidRequestError
from ..files.atomic import all_or_none
from ..repository.exceptions import OTHER_FILE
from ..repository.locate import enclosing
from ..repository.manifest import MANIFEST_NAME
from ..repository.publication.exceptions import FileSystemError, NestedFolderError
from ..repository.signing.signature import SIGNATURE_NAME
from .exceptions import LabelMismatchError, VolumeSizeError
from .source import Source, SourceReadError, chunks, failure
from .volume_info import VolumeInfo, dump

if TYPE_CHECKING:
    from hashlib import _Hash

    from ..progress import Progress
    from .release_ref import Since

    Hash = Callable[[_Hash, bytes], None]

#: The earliest date that a zip file can have.
DATE = (1980, 1, 1, 0, 0, 0)
MODE = (stat.S_IFREG | 0o644) << 16
#: Bytes that a file takes in a zip file besides its content, and twice its name.
PER_FILE = 200
#: Pieces that wait to be hashed, at most.
WAITING = 8
#: By the power of 1000, or of 1024.
UNITS = ("", "k", "m", "g", "t")


@dataclass(frozen=True)
class Packed:
    """What was packed, or with a dry run would be.

    Attributes:
        volumes: The files; none if it went to a pipe.
        names: By volume, the paths in it but the manifest and its signatures.
        size: Bytes of all volumes together; of a dry run, about.
    """

    volumes: tuple[Path, ...]
    names: list[list[str]]
    size: int


def parse_size(text: str) -> int:
    """Return the bytes of a size as people write it: `4GB`, `650 MB`, `4GiB`, `1000000`.

    Raises:
        InvalidRequestError: It is not a size.
    """
    match = re.fullmatch(r"\s*([0-9]{1,15}(?:\.[0-9]{1,3})?)\s*([kmgt]?)(i?)b?\s*", text.lower())
    if not match or (match[3] and not match[2]):
        raise InvalidRequestError(
            f"{text[:40]!r} is not a size.",
            "Write it as 4GB, 650MB or 4GiB, or as a number of bytes.",
        )
    return int(float(match[1]) * (1024 if match[3] else 1000) ** UNITS.index(match[2]))


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
        output: The file, or a pipe. The names of several volumes are made of the file's.
        since: A release that the customer has, so that only what is new is packed.
        volume_size: The bytes that no volume may exceed; None for one volume.
        dry_run: Only divide into volumes; nothing is written.

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
        raise LabelMismatchError(source.place, manifest.label, since.label, compared=True)
    known = since.digests if since else {}
    new = {
        name: file
        for name, file in sorted(manifest.everything.items())
        if known.get(name) != file.sha256
    }
    sizes = {name: file.size + 2 * len(name) + PER_FILE for name, file in new.items()}
    beside = len(manifest.raw) + len(source.signature) + 5 * PER_FILE
    shares = _shares(sizes, beside, volume_size)
    base, count = since.base if since else None, len(shares)
    first = tuple(share[0] for share in shares) if count > 1 else ()
    infos = [VolumeInfo(number, count, base, first) for number in range(1, count + 1)]
    paths = tuple(_path(output, info) for info in infos) if isinstance(output, Path) else ()
    if dry_run:
        return Packed(paths, shares, count * beside + sum(sizes.values()))
    size, number = 0, len(new.keys() & manifest.packages.keys())
    try:
        with (
            progress.counting("Packing", number, sum(file.size for file in new.values())),
            all_or_none() as opened,
        ):
            outputs: Iterable[AbstractContextManager[BinaryIO]] = map(opened, paths)
            if not isinstance(output, Path):
                outputs = [nullcontext(output)]
            for share, info, opening in zip(shares, infos, outputs, strict=True):
                with opening as file:
                    size += _write(source, share, info, file, progress)
    except OSError as error:
        raise FileSystemError(error) from error
    return Packed(paths, shares, size)


def _shares(sizes: dict[str, int], beside: int, volume_size: int | None) -> list[list[str]]:
    """Divide files into volumes, in their order; each volume has some bytes `beside` them."""
    shares: list[list[str]] = [[]]
    total = beside
    for name, size in sizes.items():
        if volume_size is not None and total + size > volume_size:
            if beside + size > volume_size:
                raise VolumeSizeError(name, beside + size, volume_size)
            shares.append([])
            total = beside
        shares[-1].append(name)
        total += size
    return shares


def _path(output: Path, info: VolumeInfo) -> Path:
    """Return a volume's file: `repo.zip`, or `repo.1-of-2.zip`."""
    if info.volumes == 1:
        return output
    return output.with_name(f"{output.stem}.{info.number}-of-{info.volumes}{output.suffix}")


def _write(
    source: Source, names: list[str], info: VolumeInfo, file: BinaryIO, progress: Progress
) -> int:
    """Write a volume; returns its bytes."""
    beside = {MANIFEST_NAME: source.manifest.raw, SIGNATURE_NAME: source.signature}
    everything, packages = source.manifest.everything, source.manifest.packages
    pipe = _Pipe(file)
    # the types ask for `close` as well, which is never called on what is not opened there
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as volume:  # type: ignore[call-overload]
        volume.comment = dump(info)
        for name, content in beside.items():
            if content:
                with volume.open(_entry(name, len(content)), "w") as packed:
                    packed.write(content)
        hashes = {}
        with _hashing() as hash_piece:
            for name in names:
                with volume.open(_entry(name, everything[name].size), "w") as packed:
                    hashes[name] = _pack_file(source, name, packed, progress, hash_piece)
                progress.advance(0, packages=name in packages)
        damaged = [name for name in names if hashes[name].hexdigest() != everything[name].sha256]
        if damaged:
            raise failure(source, dict.fromkeys(damaged, SourceReadError(OTHER_FILE)))
    return pipe.size


def _entry(name: str, size: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, DATE)
    entry.external_attr = MODE
    entry.create_system = 3
    entry.file_size = size
    return entry


def _pack_file(
    source: Source, name: str, packed: IO[bytes], progress: Progress, hash_piece: Hash
) -> _Hash:
    """Pack a file; returns what hashes it, which may not have ended."""
    sha256 = hashlib.sha256()
    try:
        for chunk in chunks(source, name):
            hash_piece(sha256, chunk)
            packed.write(chunk)
            progress.advance(len(chunk))
    except SourceReadError as error:
        raise failure(source, {name: error}) from error
    return sha256


@contextmanager
def _hashing() -> Iterator[Hash]:
    """Yield what hashes a piece in a thread, while it is written; at the end all are hashed."""
    todo: SimpleQueue[tuple[_Hash, bytes] | None] = SimpleQueue()
    done: SimpleQueue[None] = SimpleQueue()
    places = iter(range(WAITING))

    def run() -> None:
        for sha256, piece in iter(todo.get, None):
            sha256.update(piece)
            done.put(None)

    def hash_piece(sha256: _Hash, piece: bytes) -> None:
        if next(places, None) is None:
            done.get()  # a reader may be faster
        todo.put((sha256, piece))

    thread = Thread(target=run, daemon=True)
    thread.start()
    try:
        yield hash_piece
    finally:
        todo.put(None)
        thread.join()


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
