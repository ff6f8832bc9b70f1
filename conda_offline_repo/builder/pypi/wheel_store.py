"""Wheels on this machine, and the conda packages that were made of them.

A package is kept in conda's package cache, in a folder of the wheel's digest, so that no wheel is
downloaded or converted twice. Those of a label's last release are looked at first.
"""

from __future__ import annotations

import os
import shutil
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import NamedTemporaryFile, mkdtemp
from typing import TYPE_CHECKING
from zipfile import ZipFile

from conda.models.records import PackageRecord

from ..._conda import package_cache
from ...files.hashing import hash_file
from ...files.workers import run_all
from ...queries.contents import read_records
from ...urls import NETWORK, file_path, file_url
from ..archives import http
from ..archives.download import download
from ..archives.retries import DownloadFailedError
from ..exceptions import DownloadError
from ..upstream.entry import Entry
from .conversion.convert import convert
from .conversion.read_wheel import read_wheel
from .conversion.record import read_metadata, record_of
from .exceptions import WheelHashError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ...progress import Progress
    from ...repository.manifest import Manifest
    from .conversion.record import WheelMetadata
    from .wheel import Target, Wheel

FOLDER = "offline-repo-wheels"
#: Bytes of METADATA; the largest known has a tenth.
LARGEST_METADATA = 8 << 20
#: Wheels and their metadata are small and many.
CONNECTIONS = 16


class WheelStore:
    """The wheels of one build.

    Args:
        last: The manifest of what is published in `repository`, if anything is.
        scratch: A folder for wheels while they are converted.
        dry_run: Whether a wheel's metadata, where the index has it, is enough, so that the wheel is
            not downloaded.
    """

    def __init__(
        self,
        last: Manifest | None,
        repository: Path,
        scratch: Path,
        progress: Progress,
        *,
        dry_run: bool,
    ) -> None:
        self._last, self._repository, self._scratch = last, repository, scratch
        self._progress, self._dry_run = progress, dry_run
        self._records = read_records(last, repository, damaged=True) if last else {}
        self._metadata: dict[str, WheelMetadata] = {}
        self._without_metadata: set[str] = set()

    def last_records(self, key: str) -> tuple[PackageRecord, ...]:
        """Return conda's packages in a solution of the last release; none if their entries are not
        there any more.
        """
        names = self._last.solutions.get(key, ()) if self._last else ()
        of_channels = [name for name in names if self._last and not self._last.packages[name].wheel]
        if not all(name in self._records for name in of_channels):
            return ()
        return tuple(
            PackageRecord(**{**self._records[name], **_place(name)}) for name in of_channels
        )

    def metadata(self, wheels: Sequence[Wheel]) -> list[WheelMetadata]:
        """Return the metadata of wheels, of the index if it has them apart.

        Raises:
            DownloadError: Some cannot be had; names all of them.
            WheelError: Some wheels are damaged.
        """
        return run_all(self._metadata_of, wheels, CONNECTIONS)

    def packages(
        self,
        wheels: Sequence[tuple[Wheel, frozenset[str]]],
        target: Target,
        conda_name: Callable[[str], str],
        *,
        python_abi: bool,
    ) -> tuple[Entry, ...]:
        """Return the packages of wheels with extras, made if they are not at hand, in their order.

        In a dry run, those that are not at hand have no digests.

        Args:
            conda_name: Returns what a project is called among conda's packages.
            python_abi: Whether the channels have the package of this name.

        Raises:
            DownloadError: Some wheels cannot be downloaded; names all of them.
            WheelError: Some cannot be converted.
        """

        def package(pair: tuple[Wheel, frozenset[str]]) -> Entry:
            wheel, extras = pair
            described = (target, extras, conda_name)
            metadata = self._metadata_of(wheel)
            file, record = record_of(wheel, metadata, *described, python_abi=python_abi)
            entry = self._published(wheel, file, record) or self._cached(wheel, file, record)
            if entry is None and self._dry_run:
                entry = _entry(wheel, file, record, Path())
            if entry is None:
                entry = self._converted(wheel, described, python_abi=python_abi)
            self._progress.advance(entry.size or 0, packages=1)
            return entry

        with self._progress.counting("Converting", len(wheels), None):
            return tuple(run_all(package, wheels, os.cpu_count()))

    def _metadata_of(self, wheel: Wheel) -> WheelMetadata:
        metadata = self._metadata.get(wheel.url)
        if metadata is None:
            metadata = self._kept_metadata(wheel) or self._stated_metadata(wheel)
            metadata = metadata or self._read(wheel, self._fetched(wheel))
            self._metadata[wheel.url] = metadata
        return metadata

    def _read(self, wheel: Wheel, path: Path) -> WheelMetadata:
        """Return what a wheel itself says, and keep its METADATA for the next build."""
        metadata = read_wheel(path)
        if wheel.sha256 and metadata.contents:
            folder = self._folder(wheel)
            folder.mkdir(parents=True, exist_ok=True)
            with ZipFile(path) as archive, NamedTemporaryFile(dir=folder, delete=False) as scratch:
                scratch.write(archive.read(f"{metadata.contents.dist_info}/METADATA"))
            os.replace(scratch.name, folder / "METADATA")
        return metadata

    def _kept_metadata(self, wheel: Wheel) -> WheelMetadata | None:
        if not wheel.sha256:
            return None
        try:
            text = (self._folder(wheel) / "METADATA").read_text("utf-8", "replace")
        except OSError:
            return None
        return read_metadata(text, wheel.file)

    def _stated_metadata(self, wheel: Wheel) -> WheelMetadata | None:
        """Return what the index says of a wheel (PEP 658), if it says so."""
        server = wheel.public_url.split("/", 3)[2]
        if not wheel.url.startswith(tuple(f"{s}:" for s in NETWORK)):
            return None
        if not wheel.sha256 or server in self._without_metadata:
            return None
        with closing(http.ask(f"{wheel.url}.metadata", 0)) as response:
            content = b""
            if response.status_code == 200:
                for chunk in http.chunks(response):
                    content += chunk
                    if len(content) > LARGEST_METADATA:
                        return None
        if not content.startswith(b"Metadata-Version"):
            self._without_metadata.add(server)
            return None
        return read_metadata(content.decode("utf-8", "replace"), wheel.file)

    def _published(self, wheel: Wheel, file: str, record: dict[str, Any]) -> Entry | None:
        """Return the package as the last release has it."""
        name = f"{record['subdir']}/{file}"
        package = self._last.packages.get(name) if self._last else None
        if package is None or package.wheel is None or name not in self._records:
            return None
        if package.wheel.sha256 != wheel.sha256:
            return None
        return _entry(wheel, file, self._records[name], self._repository / name)

    def _folder(self, wheel: Wheel) -> Path:
        folders = package_cache.folders()
        return (folders[0] if folders else self._scratch) / FOLDER / wheel.sha256

    def _cached(self, wheel: Wheel, file: str, record: dict[str, Any]) -> Entry | None:
        """Return a package that was made before."""
        path = self._folder(wheel) / file
        if not wheel.sha256 or not path.is_file():
            return None
        digests = hash_file(path, md5=True)
        return _entry(wheel, file, {**record, **vars(digests)}, path)

    def _converted(self, wheel: Wheel, described: Any, *, python_abi: bool) -> Entry:
        """Make the package; what the wheel itself says counts, not what the index says of it."""
        path = self._fetched(wheel)
        if not wheel.sha256:
            wheel = replace(wheel, sha256=hash_file(path).sha256)
        self._metadata[wheel.url] = metadata = self._read(wheel, path)
        file, record = record_of(wheel, metadata, *described, python_abi=python_abi)
        folder = self._folder(wheel)
        folder.mkdir(parents=True, exist_ok=True)
        scratch = Path(mkdtemp(dir=folder))
        try:
            convert(path, record, scratch / file)
            os.replace(scratch / file, folder / file)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        digests = hash_file(folder / file, md5=True)
        return _entry(wheel, file, {**record, **vars(digests)}, folder / file)

    def _fetched(self, wheel: Wheel) -> Path:
        """Return a wheel's path on this machine, where it has the digest that is stated."""
        if wheel.url.startswith("file:"):
            path = Path(file_path(wheel.url))
            if wheel.sha256 and hash_file(path).sha256 != wheel.sha256:
                raise WheelHashError([f"{wheel.file} at {wheel.public_url}"])
            return path
        target = self._scratch / (wheel.sha256 or str(abs(hash(wheel.url)))) / wheel.file
        if not target.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            stated = {"sha256": wheel.sha256, "size": wheel.size}
            entry = Entry("", wheel.file, stated, wheel.public_url, wheel.url)
            try:
                download(entry, target, lambda _: None, threading.Event())
            except DownloadFailedError as error:
                failure = str(error), error.hint.replace("{channel}", "the index")
                raise DownloadError({wheel.public_url: failure}) from None
        return target


def _entry(wheel: Wheel, file: str, record: Any, path: Path) -> Entry:
    """Return the entry of a package that lies at a path."""
    url = file_url(path.absolute())
    return Entry(record["subdir"], file, record, wheel.public_url, url, wheel=wheel.origin)


def _place(name: str) -> dict[str, str]:
    subdir, _, file = name.rpartition("/")
    return {"subdir": subdir, "fn": file, "channel": "", "url": ""}
