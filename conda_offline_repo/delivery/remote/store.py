"""The files below a URL, as fsspec reaches them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...exceptions import OfflineRepoError
from ...files.atomic import PATIENCE, PAUSES
from ...files.hashing import hash_bytes
from ...repository.exceptions import ManifestError
from ...repository.manifest import MANIFEST_NAME
from ...repository.manifest_json import parse_bytes
from ...repository.publication.exceptions import ForeignFolderError
from ..source import SourceReadError
from .exceptions import ABSENT, StoreError, is_held, meaning
from .protocols import S3, SMB, Protocol, content_type

#: Bytes of a part of a large file; object stores take no smaller ones than 5 MB.
PART = 8 << 20
#: How the name of a file begins until it is renamed into its place: no index's does. A digest of
#: its own name follows, so that no name is too long.
ARRIVING = ".offline-repo-"


@dataclass(frozen=True)
class Store:
    """A folder of a store.

    Attributes:
        shown: Its URL without credentials.
        system: Its fsspec file system.
        root: Its path in that.
    """

    shown: str
    system: Any
    root: str
    protocol: Protocol

    def sizes(self) -> dict[str, int]:
        """Return the bytes of each file by its path below the root; one request lists many.

        Raises:
            StoreError: It cannot be listed.
        """
        with self._saying():
            self.system.invalidate_cache()
            if self.protocol is SMB:  # smbclient looks for one that does not exist for ever
                self.system.info(f"/{self.root.split('/')[1]}")
            files = self._find() if self.protocol.objects else dict(self._walk(self.root))
        start = len(self.root) + 1
        return {path[start:]: size for path, size in files.items() if not path.endswith("/")}

    def label(self) -> str | None:
        """Return the label of the repository; None if there is none, or none that can be read."""
        content = self.read(MANIFEST_NAME)
        with suppress(ManifestError):
            return parse_bytes(content, Path(MANIFEST_NAME)).label if content else None
        return None

    def has(self, path: str) -> bool:
        """Return whether a path, from the top of the store, exists."""
        with self._saying():
            return bool(self.system.exists(path))

    def read(self, name: str) -> bytes | None:
        """Return the content of a file; None if it does not exist."""
        with self._saying(name), _absent():
            return bytes(self.system.cat_file(self._path(name)))
        return None

    def write(self, name: str, content: bytes, sha256: str, *, archive: bool = False) -> None:
        """Write a file of this content and digest, which replaces an older one in one step."""
        options = self.protocol.checksum(bytes.fromhex(sha256))
        if not archive:
            options |= self.protocol.headers(content_type(name))
        with self._saying(name), self._arriving(name) as path:
            self.system.pipe_file(path, content, **options)

    def write_parts(self, name: str, chunks: Iterable[bytes]) -> None:
        """Write a large file as its content comes; if that raises, nothing of it is seen."""
        with self._saying(name), self._arriving(name) as path:
            file = self.system.open(path, "wb", block_size=PART)
            try:
                for chunk in chunks:
                    file.write(chunk)
            except BaseException:
                _discard(file, self.protocol)
                raise
            file.close()

    def delete(self, name: str) -> None:
        """Delete a file if it exists."""
        with self._saying(name), _absent():
            _insist(lambda: self.system.rm_file(self._path(name)))

    def delete_folder(self, name: str) -> None:
        """Delete a folder if it is empty; object stores have none."""
        if self.protocol.renames:
            with suppress(Exception):  # it does no harm
                self.system.rmdir(self._path(name))

    def clean(self) -> None:
        """Abort large uploads that were cut off, as far as the store can tell and allows."""
        if self.protocol is not S3:
            return
        bucket, _, folder = self.root.partition("/")
        call = self.system.call_s3
        with suppress(Exception):  # they are not seen; they only take space
            uploads = call("list_multipart_uploads", Bucket=bucket, Prefix=f"{folder}/".lstrip("/"))
            for upload in uploads.get("Uploads", ()):
                key, number = upload["Key"], upload["UploadId"]
                call("abort_multipart_upload", Bucket=bucket, Key=key, UploadId=number)

    def _path(self, name: str) -> str:
        return f"{self.root}/{name}"

    def _find(self) -> dict[str, int]:
        infos = self.system.find(self.root, detail=True)
        return {path: info["size"] for path, info in infos.items() if path != self.root}

    def _walk(self, folder: str) -> Iterator[tuple[str, int]]:
        # fsspec's own takes folders below that cannot be read for empty ones
        listing: list[dict[str, Any]] = []
        with _absent():
            listing = self.system.ls(folder, detail=True)
        for info in listing:
            path = info["name"].rstrip("/")
            if info["type"] == "link" or info.get("islink"):  # could lead us out of it
                raise ForeignFolderError(self.shown)
            if info["type"] == "directory":
                yield from self._walk(path)
            else:
                yield path, info["size"]

    @contextmanager
    def _arriving(self, name: str) -> Iterator[str]:
        """Yield where a file is to be written, and then bring it to its place."""
        path = self._path(name)
        if self.protocol.objects:
            yield path
            return
        self.system.makedirs(path.rpartition("/")[0], exist_ok=True)
        if not self.protocol.renames:
            yield path
            return
        folder, _, file = path.rpartition("/")
        staged = f"{folder}/{ARRIVING}{hash_bytes(file.encode()).sha256[:16]}"
        try:
            yield staged
            self._rename(staged, path)
        except BaseException:
            with suppress(Exception):  # the next command deletes it
                self.system.rm_file(staged)
            raise

    def _rename(self, staged: str, path: str) -> None:
        if self.protocol is not SMB:
            self.system.mv(staged, path)
            return
        import smbclient

        # fsspec's mv does not replace
        host, port = self.system.host, self.system.port or 445
        old, new = (f"\\\\{host}{p}".replace("/", "\\") for p in (staged, path))
        _insist(lambda: smbclient.replace(old, new, port=port))

    @contextmanager
    def _saying(self, name: str = "") -> Iterator[None]:
        """Raise a StoreError for whatever the libraries of so many protocols raise."""
        try:
            yield
        except (OfflineRepoError, SourceReadError, InterruptedError):
            raise
        except Exception as error:
            raise StoreError(f"{self.shown}/{name}".rstrip("/"), error) from error


@contextmanager
def _absent() -> Iterator[None]:
    """Pass over an error that says that a file does not exist."""
    try:
        yield
    except Exception as error:
        if meaning(error) is not ABSENT:
            raise


def _insist(step: Callable[[], None]) -> None:
    """Wait until nobody has a file open, which a Windows share refuses to replace or delete."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return step()
        except Exception as error:
            if not is_held(error) or time.monotonic() >= deadline:
                raise
        time.sleep(PAUSES[1])


def kept(name: str) -> str:
    """Return where a file lies ready while it is published; see `deliver.finish_other`."""
    return f"{ARRIVING}next-{hash_bytes(name.encode()).sha256[:16]}"


def is_arriving(name: str) -> bool:
    """Return whether a file is one that a publication under way, or killed, has left."""
    return name.rpartition("/")[2].startswith(ARRIVING)


def _discard(file: Any, protocol: Protocol) -> None:
    """Leave a file that is being written as if it had never been; closing would complete it."""
    with suppress(Exception):
        if protocol.objects:
            file.discard()
            file.closed = True
        else:
            file.close()
