"""Volumes as the source of a release: opened, and refused where they are not what they should be.

Nothing is extracted by the zip file's own names: what is read is asked for by the manifest's, and
goes through the same staging as any other delivery.
"""

from __future__ import annotations

import errno
import stat
import zipfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..files.hashing import open_regular
from ..printable import counted
from ..repository import manifest_json, signature
from ..repository.manifest import INDEX_NAME, MANIFEST_NAME
from ..repository.reading import LARGEST
from ..repository.signature import SIGNATURE_NAME
from . import volume as labels
from .exceptions import BaseDamagedError, OtherVolumesError, VolumeError, VolumesMissingError
from .source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import IO

    from ..exceptions import OfflineRepoError
    from ..repository.manifest import Manifest
    from .volume import Label

#: Bit 0 of an entry's flags: it is encrypted
#: (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.4.4).
ENCRYPTED = 1


@dataclass(frozen=True)
class Volume:
    """An open volume.

    Attributes:
        path: The file.
        label: What it says of itself.
        manifest: Of the release.
        signers: Who signed that; none if it is not signed.
        signature: The signatures.
        archive: The zip file.
        names: The files of the release in it.
    """

    path: Path
    label: Label
    manifest: Manifest
    signers: tuple[str, ...]
    signature: bytes
    archive: zipfile.ZipFile
    names: frozenset[str]

    @property
    def has_index(self) -> bool:
        """Whether it has all index files of the release, as those of differences often have."""
        index = (name for name in self.manifest.files if name.endswith(INDEX_NAME))
        return self.names.issuperset(index)

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open a file of the release for reading.

        Raises:
            OSError: It cannot be read.
        """
        try:
            with self.archive.open(name) as file:
                yield file
        except (zipfile.BadZipFile, EOFError) as error:
            raise OSError(errno.EINVAL, "the volume is damaged") from error

    def read(self, name: str, limit: int) -> bytes:
        """Return the content of a file of at most so many bytes; raises as `open`."""
        with self.open(name) as file:
            return file.read(limit + 1)


@contextmanager
def from_volumes(paths: Sequence[Path]) -> Iterator[Source]:
    """Open the volumes of a release, in any order; some may be missing.

    Raises:
        VolumeError: One is no volume, or has what it must not have.
        ManifestError: Its manifest, or the signature of that, cannot be used.
        OtherVolumesError: They are not of one release.
    """
    with ExitStack() as stack:
        volumes = [stack.enter_context(opened(path)) for path in paths]
        first = volumes[0]
        for other in volumes[1:]:
            _check_together(first, other)
        holder = {name: one for one in volumes for name in one.names}
        missing = {*range(1, first.label.volumes + 1)} - {one.label.number for one in volumes}

        def lacks(names: list[str]) -> OfflineRepoError:
            if missing:
                return VolumesMissingError(sorted(missing), first.label.volumes)
            if first.label.base:
                return BaseDamagedError(names)
            return VolumeError(first.path, f"the release needs {names[0]}, which no volume has")

        yield Source(
            place=first.path,
            manifest=first.manifest,
            signers=first.signers,
            signature=first.signature,
            open=lambda name: holder[name].open(name),
            base=first.label.base,
            names=frozenset(holder),
            lacks=lacks,
        )


@contextmanager
def opened(path: Path) -> Iterator[Volume]:
    """Open a volume; raises as `from_volumes`."""
    with ExitStack() as stack:
        try:
            file = stack.enter_context(open_regular(path))
            archive = stack.enter_context(zipfile.ZipFile(file))
            label = labels.parse(archive.comment)
        except OSError as error:
            raise VolumeError(path, error.strerror or str(error)) from error
        except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError) as error:
            raise VolumeError(path, "it is no zip file, or was cut off") from error
        except ValueError as error:
            raise VolumeError(path, str(error)) from error
        entries = _entries(path, archive)
        content = _content(path, archive, entries, MANIFEST_NAME, LARGEST)
        if content is None:
            raise VolumeError(path, f"it has no {MANIFEST_NAME}")
        stated = manifest_json.parse_bytes(content, path / MANIFEST_NAME)
        _check_entries(path, entries, stated)
        signatures = _content(path, archive, entries, SIGNATURE_NAME, signature.LARGEST)
        where = path / SIGNATURE_NAME
        if signatures is not None:
            signers = signature.signers_of(signatures, stated, where)
        elif stated.signers:
            by = ", ".join(stated.signers)
            raise VolumeError(path, f"it has no {SIGNATURE_NAME}, though {by} signed the manifest")
        else:
            signers = ()
        names = frozenset(entries) - {MANIFEST_NAME, SIGNATURE_NAME}
        yield Volume(path, label, stated, signers, signatures or b"", archive, names)


def _entries(path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the entries by name; a name that stands twice could be read as either."""
    found: dict[str, zipfile.ZipInfo] = {}
    for entry in archive.infolist():
        name = entry.orig_filename
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if name in found:
            raise VolumeError(path, f"it has {name!r} twice")
        if entry.flag_bits & ENCRYPTED:
            raise VolumeError(path, f"{name!r} in it is encrypted")
        if entry.compress_type != zipfile.ZIP_STORED:
            raise VolumeError(path, f"{name!r} in it is compressed, which no volume's files are")
        if entry.is_dir() or kind not in (0, stat.S_IFREG):
            raise VolumeError(path, f"{name!r} in it is no file")
        found[name] = entry
    return found


def _check_entries(path: Path, entries: dict[str, zipfile.ZipInfo], stated: Manifest) -> None:
    named = stated.everything
    for name, entry in entries.items():
        if name in (MANIFEST_NAME, SIGNATURE_NAME):
            continue
        if name not in named:
            raise VolumeError(path, f"it has {name!r}, which its manifest does not name")
        if entry.file_size != named[name].size:
            raise VolumeError(path, f"{name} in it has another size than its manifest says")


def _content(
    path: Path,
    archive: zipfile.ZipFile,
    entries: dict[str, zipfile.ZipInfo],
    name: str,
    limit: int,
) -> bytes | None:
    entry = entries.get(name)
    if entry is None:
        return None
    if entry.file_size > limit:
        raise VolumeError(path, f"{name} in it is larger than {limit} bytes")
    try:
        return archive.read(entry)
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise VolumeError(path, f"{name} in it is damaged") from error


def _check_together(first: Volume, other: Volume) -> None:
    one, two = first.manifest, other.manifest
    why = None
    if one.raw != two.raw:
        why = (
            f"one is of release {one.build} of label {one.label}, the other of release "
            f"{two.build} of label {two.label}"
        )
        if (one.build, one.label) == (two.build, two.label):
            why = "they are of two releases of the same number"
    elif first.label.base != other.label.base:
        why = "they are differences to two releases"
    elif first.label.volumes != other.label.volumes:
        of = [counted(some.label.volumes, "volume") for some in (first, other)]
        why = f"one is of {of[0]}, the other of {of[1]}"
    if why:
        raise OtherVolumesError(first.path, other.path, why)
