"""The release that a delivery brings, from a folder or from volumes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ..files.hashing import CHUNK, UNREADABLE, open_regular
from ..printable import counted
from ..repository.exceptions import ManifestError, UnreadableError
from ..repository.halfway import check_current
from ..repository.manifest import MANIFEST_NAME, Manifest
from ..repository.signing import signature, sshsig
from ..repository.transition import read_next, unfinished
from ..repository.verify import check_not_gone
from .exceptions import (
    BaseDamagedError,
    OtherVolumesError,
    SourceDamagedError,
    SourceUnfinishedError,
    SourceUnreadableError,
    VolumeError,
    VolumesMissingError,
)
from .volume import Volume, open_volume

if TYPE_CHECKING:
    from ..exceptions import OfflineRepoError
    from ..files.web import Place
    from ..repository.locate import Repository
    from .volume_info import Base


@dataclass(frozen=True)
class Source:
    """A release, whole or as the difference to another one.

    Attributes:
        place: Its folder, its URL or its first volume, for messages.
        signers: The fingerprints of the keys that signed it; none if it is not signed.
        signature: The content of the file with the signatures; empty without one.
        open: Opens a file of it for reading, by its path in a repository; raises OSError.
        names: The paths of the files that it has.
        paths: What exists as long as the source is there.
        base: The release that it is the difference to; None if it is whole.
        lacks: Makes the error for files that it does not have.
    """

    place: Place
    manifest: Manifest
    signers: tuple[str, ...]
    signature: bytes
    open: Callable[[str], AbstractContextManager[IO[bytes]]]
    names: frozenset[str]
    paths: tuple[Place, ...]
    base: Base | None = None
    lacks: Callable[[list[str]], OfflineRepoError] = BaseDamagedError


def from_folder(repository: Repository) -> Source:
    """Return the release that a folder holds.

    Raises:
        SourceUnfinishedError: A publication of it is under way or was interrupted.
    """
    folder, manifest = repository.path, repository.manifest
    signatures = signature.content(folder / signature.SIGNATURE_NAME)
    signers = {sig.fingerprint for sig in sshsig.parsed(signatures) if sig.is_of(manifest.raw)}
    # without all signers, a new release has just been published
    if unfinished(folder, manifest, read_next(folder)) or not signers >= {*repository.signers}:
        raise SourceUnfinishedError(folder)
    return Source(
        place=folder,
        manifest=manifest,
        signers=repository.signers,
        signature=signatures if repository.signers else b"",
        open=lambda name: open_regular(folder / name),
        names=frozenset(manifest.everything),
        paths=(folder / MANIFEST_NAME,),
    )


class SourceReadError(Exception):
    """Why a file of a source cannot be read, or is not the expected one.

    `unreadable` is whether it may be the expected one, if it could be read.
    """

    def __init__(self, reason: str, *, unreadable: bool = False) -> None:
        super().__init__(reason)
        self.unreadable = unreadable


def failure(source: Source, problems: Mapping[str, SourceReadError]) -> OfflineRepoError:
    """Return the error for files of a source, by path: damage, that it cannot be read, or that it
    has become another release.
    """
    try:
        for path in source.paths:
            check_not_gone(source.place, path)
        check_current(source.place, source.manifest)
    except (UnreadableError, ManifestError) as error:
        return error
    reasons = {name: str(problem) for name, problem in problems.items()}
    damaged = {name: reasons[name] for name in reasons if not problems[name].unreadable}
    if damaged:
        return SourceDamagedError(source.place, damaged)
    return SourceUnreadableError(source.place, reasons)


def chunks(source: Source, name: str, start: int = 0) -> Iterator[bytes]:
    """Yield the content of a file of a source, from the byte `start` on.

    Raises:
        SourceReadError: It cannot be read.
    """
    try:
        with source.open(name) as file:
            file.seek(start)
            while chunk := file.read(CHUNK):
                yield chunk
    except OSError as error:
        unreadable = error.errno in UNREADABLE
        raise SourceReadError(error.strerror or str(error), unreadable=unreadable) from error


@contextmanager
def from_volumes(paths: Sequence[Path]) -> Iterator[Source]:
    """Open the volumes of a release, in any order; some may be missing.

    Raises:
        VolumeError: One is not a volume, or has something else in it.
        ManifestError: A manifest, or its signature, cannot be used.
        OtherVolumesError: They are not of one release.
    """
    with ExitStack() as stack:
        volumes = [stack.enter_context(open_volume(path)) for path in paths]
        first = volumes[0]
        for other in volumes[1:]:
            _check_together(first, other)
        holders = {name: volume for volume in volumes for name in volume.names}
        numbers = {*range(1, first.info.volumes + 1)}

        def lacks(names: list[str]) -> OfflineRepoError:
            # of the others, all may have arrived that the target needs
            needed = {bisect_right(first.info.first, name) for name in names}
            # what comes before the first path, the base should have
            possible = numbers & needed if first.info.first else numbers
            missing = possible.difference(volume.info.number for volume in volumes)
            if missing:
                return VolumesMissingError(sorted(missing), first.info.volumes)
            if first.info.base:
                return BaseDamagedError(names)
            return VolumeError(first.path, f"the release needs {names[0]}, which no volume has")

        yield Source(
            place=first.path,
            manifest=first.manifest,
            signers=first.signers,
            signature=first.signature,
            open=lambda name: holders[name].open(name),
            names=frozenset(holders),
            paths=tuple(volume.path for volume in volumes),
            base=first.info.base,
            lacks=lacks,
        )


def _check_together(first: Volume, other: Volume) -> None:
    old, new = first.manifest, other.manifest
    if old.raw != new.raw:
        why = (
            f"one is of release {old.release} of label {old.label}, the other of release "
            f"{new.release} of label {new.label}"
        )
        if (old.release, old.label) == (new.release, new.label):
            why = "they are of two releases of the same number"
    elif first.info.base != other.info.base:
        why = "they are differences to two releases"
    elif first.info.volumes != other.info.volumes:
        why = (
            f"one is of {counted(first.info.volumes, 'volume')}, the other of "
            f"{counted(other.info.volumes, 'volume')}"
        )
    else:
        return
    raise OtherVolumesError(first.path, other.path, why)
