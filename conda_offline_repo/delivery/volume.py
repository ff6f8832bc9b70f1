"""A volume: a zip file with files of a release, its manifest and signatures.

Every system opens it, and a release in one volume is the repository when it is extracted by hand.
Files are not compressed, sorted and with a fixed date, so that the same release gives the same
bytes. The zip file's comment says, as JSON, which volume of which release it is.

Files are read by the manifest's names, not extracted by the zip file's, and go through the same
staging as any other delivery.
"""

from __future__ import annotations

import errno
import hashlib
import stat
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ..files.hashing import UNREADABLE, hash_into, open_regular
from ..repository import manifest_json, reading
from ..repository.exceptions import UnreadableError
from ..repository.manifest import MANIFEST_NAME, Manifest
from ..repository.signing import signature
from ..repository.signing.signature import SIGNATURE_NAME
from ..repository.verify import Report, check_not_gone
from .exceptions import VolumeError
from .volume_info import VolumeInfo, parse

if TYPE_CHECKING:
    from ..exceptions import OfflineRepoError
    from ..progress import Progress

#: Bit 0 of an entry's flags: it is encrypted
#: (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.4.4).
ENCRYPTED = 1


@dataclass(frozen=True)
class Volume:
    """An open volume.

    Attributes:
        info: The comment of the zip file.
        signers: Who signed the manifest; none if it is not signed.
        signature: The content of the file with the signatures.
        names: The paths of the release's files in it.
    """

    path: Path
    info: VolumeInfo
    manifest: Manifest
    signers: tuple[str, ...]
    signature: bytes
    archive: zipfile.ZipFile
    names: frozenset[str]

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open a file of the release for reading; raises OSError where it cannot be read."""
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
def open_volume(path: Path) -> Iterator[Volume]:
    """Open a volume.

    Raises:
        VolumeError: It is not a volume, or has something else in it.
        UnreadableError: It cannot be read.
        ManifestError: Its manifest, or the signature of that, cannot be used.
    """
    with ExitStack() as stack:
        try:
            file = stack.enter_context(open_regular(path))
            archive = stack.enter_context(zipfile.ZipFile(file))
            info = parse(archive.comment)
        except OSError as error:
            raise _unusable(path, error, error.strerror or str(error)) from error
        except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError) as error:
            raise VolumeError(path, "it is not a zip file, or was cut off") from error
        except ValueError as error:
            raise VolumeError(path, str(error)) from error
        entries = _entries(path, archive)
        content = _content(path, archive, entries.pop(MANIFEST_NAME, None), reading.LARGEST)
        if content is None:
            raise VolumeError(path, f"it has no {MANIFEST_NAME}")
        manifest = manifest_json.parse_bytes(content, path / MANIFEST_NAME)
        entry = entries.pop(SIGNATURE_NAME, None)
        signatures = _content(path, archive, entry, signature.LARGEST)
        for name, entry in entries.items():
            if name not in manifest.everything:
                raise VolumeError(path, f"it has {name!r}, which its manifest does not name")
            if entry.file_size != manifest.everything[name].size:
                raise VolumeError(path, f"{name} in it does not have the size in its manifest")
        signers: tuple[str, ...] = ()
        if signatures is not None:
            signers = signature.signers_of(signatures, manifest, path / SIGNATURE_NAME)
        elif manifest.signers:
            by = ", ".join(manifest.signers)
            raise VolumeError(path, f"it has no {SIGNATURE_NAME}, though {by} signed the manifest")
        yield Volume(path, info, manifest, signers, signatures or b"", archive, frozenset(entries))


def _entries(path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the entries by name; a name that stands twice could be read as either."""
    entries: dict[str, zipfile.ZipInfo] = {}
    for entry in archive.infolist():
        name = entry.orig_filename
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if name in entries:
            raise VolumeError(path, f"it has {name!r} twice")
        if entry.flag_bits & ENCRYPTED:
            raise VolumeError(path, f"{name!r} in it is encrypted")
        if entry.compress_type != zipfile.ZIP_STORED:
            raise VolumeError(path, f"{name!r} in it is compressed; pack does not compress")
        if entry.is_dir() or kind not in (0, stat.S_IFREG):
            raise VolumeError(path, f"{name!r} in it is not a file")
        entries[name] = entry
    return entries


def _content(
    path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo | None, limit: int
) -> bytes | None:
    if entry is None:
        return None
    if entry.file_size > limit:
        raise VolumeError(path, f"{entry.filename} in it is larger than {limit} bytes")
    try:
        return archive.read(entry)
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise _unusable(path, error, f"{entry.filename} in it is damaged") from error


def _unusable(path: Path, error: Exception, reason: str) -> OfflineRepoError:
    """Return the error for a volume that cannot be used, or cannot be read at all."""
    if isinstance(error, OSError) and error.errno in (errno.ENOENT, *UNREADABLE):
        return UnreadableError(path, error)
    return VolumeError(path, reason)


def check_volume(volume: Volume, progress: Progress) -> Report:
    """Read every file of a volume and compare it with the manifest.

    Files of other volumes are not missing; files too many were refused when it was opened.

    Raises:
        UnreadableError: It has gone.
    """
    packages, everything = volume.manifest.packages, volume.manifest.everything
    changed: list[str] = []
    unreadable: list[str] = []
    size = sum(everything[name].size for name in volume.names)
    with progress.counting("Checking", len(volume.names & packages.keys()), size):
        for name in sorted(volume.names):
            file, sha256 = everything[name], hashlib.sha256()
            try:
                with volume.open(name) as content:
                    read = hash_into(content, sha256, limit=file.size)
                if (read, sha256.hexdigest()) != (file.size, file.sha256):
                    changed.append(name)
            except OSError as error:
                (unreadable if error.errno in UNREADABLE else changed).append(name)
            progress.advance(file.size, packages=name in packages)
    if changed or unreadable:
        check_not_gone(volume.path, volume.path)
    return Report(
        changed=tuple(changed), unreadable=tuple(unreadable), files=len(volume.names), size=size
    )
