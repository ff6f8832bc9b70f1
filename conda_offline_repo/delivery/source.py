"""What is delivered, wherever it lies."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..files.hashing import CHUNK, open_regular
from ..printable import counted
from ..repository import signature, sshsig
from ..repository.transition import unfinished
from .exceptions import (
    BaseDamagedError,
    OtherVolumesError,
    SourceUnfinishedError,
    VolumeError,
    VolumesMissingError,
)
from .volume import open_volume

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import IO

    from ..exceptions import OfflineRepoError
    from ..repository.locate import Repository
    from ..repository.manifest import Manifest
    from .volume import Base, Volume


@dataclass(frozen=True)
class Source:
    """A whole release.

    Attributes:
        place: The folder that it is in, for messages.
        manifest: What it is.
        signers: The fingerprints of those who signed it; none if it is not signed.
        signature: The content of the file with the signatures; empty if there is none.
        open: Opens a file of it for reading, by its path in a repository; raises OSError.
        base: What it is the difference to; none if it is whole.
        names: The files that it has; none if it has all.
        lacks: Makes the error for files that it has not.
    """

    place: Path
    manifest: Manifest
    signers: tuple[str, ...]
    signature: bytes
    open: Callable[[str], AbstractContextManager[IO[bytes]]]
    base: Base | None = None
    names: frozenset[str] | None = None
    lacks: Callable[[list[str]], OfflineRepoError] = BaseDamagedError

    def has(self, name: str) -> bool:
        """Return whether it has a file of the release."""
        return self.names is None or name in self.names


def from_folder(repository: Repository) -> Source:
    """Return the release that a folder holds.

    Raises:
        SourceUnfinishedError: It is no whole release.
    """
    folder = repository.path
    if unfinished(folder, repository.manifest):
        raise SourceUnfinishedError(folder)
    signatures = signature.content(folder / signature.SIGNATURE_NAME)
    fitting = {
        one.fingerprint for one in sshsig.parsed(signatures) if one.is_of(repository.manifest.raw)
    }
    if not fitting >= {*repository.signers}:  # it has just been published anew
        raise SourceUnfinishedError(folder)
    return Source(
        place=folder,
        manifest=repository.manifest,
        signers=repository.signers,
        signature=signatures if repository.signers else b"",
        open=lambda name: open_regular(folder / name),
    )


class SourceReadError(Exception):
    """A file of a source that cannot be read, or is not what it should be; says why."""


def chunks(source: Source, name: str, start: int = 0) -> Iterator[bytes]:
    """Yield what a file of a source holds from a place on.

    Raises:
        SourceReadError: It cannot be read.
    """
    try:
        with source.open(name) as file:
            file.seek(start)
            while chunk := file.read(CHUNK):
                yield chunk
    except OSError as error:
        raise SourceReadError(error.strerror or str(error)) from error


@contextmanager
def from_volumes(paths: Sequence[Path]) -> Iterator[Source]:
    """Open the volumes of a release, in any order; some may be missing.

    Raises:
        VolumeError: One is not a volume, or has what it must not have.
        ManifestError: Its manifest, or the signature of that, cannot be used.
        OtherVolumesError: They are not of one release.
    """
    with ExitStack() as stack:
        volumes = [stack.enter_context(open_volume(path)) for path in paths]
        first = volumes[0]
        for other in volumes[1:]:
            _check_together(first, other)
        holder = {name: one for one in volumes for name in one.names}
        missing = {*range(1, first.info.volumes + 1)} - {one.info.number for one in volumes}

        def lacks(names: list[str]) -> OfflineRepoError:
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
            open=lambda name: holder[name].open(name),
            base=first.info.base,
            names=frozenset(holder),
            lacks=lacks,
        )


def _check_together(first: Volume, other: Volume) -> None:
    one, two = first.manifest, other.manifest
    why = None
    if one.raw != two.raw:
        why = (
            f"one is of release {one.release} of label {one.label}, the other of release "
            f"{two.release} of label {two.label}"
        )
        if (one.release, one.label) == (two.release, two.label):
            why = "they are of two releases of the same number"
    elif first.info.base != other.info.base:
        why = "they are differences to two releases"
    elif first.info.volumes != other.info.volumes:
        of = [counted(some.info.volumes, "volume") for some in (first, other)]
        why = f"one is of {of[0]}, the other of {of[1]}"
    if why:
        raise OtherVolumesError(first.path, other.path, why)
