"""Wheels on this machine, and the conda packages that were made of them.

A package is kept in conda's package cache, in a folder of the wheel's digest, so that no wheel is
downloaded or converted twice. Those of a label's last release are looked at first.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

from ...files.hashing import hash_file
from ...queries.contents import read_records
from ...urls import file_url
from ..upstream.entry import Entry
from ..upstream.exact import as_record
from .conversion.convert import convert
from .conversion.read_wheel import DAMAGED
from .conversion.record import record_of
from .wheel_files import WheelFiles, work_on_all

if TYPE_CHECKING:
    from conda.models.records import PackageRecord

    from ..archives.download import Turn
    from ..solving.solution import Ground
    from .wheel import Target, Wheel


class WheelStore:
    """The wheels of one build."""

    def __init__(self, ground: Ground) -> None:
        self._last, self._repository, self._local = ground.last, ground.repository, ground.local
        scratch = ground.scratch / "wheels"
        scratch.mkdir(parents=True, exist_ok=True)
        self.files = WheelFiles(scratch)
        self._progress, self._dry_run = ground.progress, ground.dry_run
        self._converting = BoundedSemaphore(os.cpu_count() or 1)
        last = ground.last
        self._records = read_records(last, ground.repository, damaged=True) if last else {}

    def last_solution(self, key: str) -> tuple[tuple[PackageRecord, ...], tuple[str, ...]]:
        """Return conda's packages in a solution of the last release, and the projects of its
        wheels; nothing if the entries are not there any more.
        """
        names = self._last.solutions.get(key, ()) if self._last else ()
        packages = self._last.packages if self._last else {}
        wheels = {name: wheel for name in names if (wheel := packages[name].wheel)}
        if not all(name in self._records for name in names):
            return (), ()
        records = (as_record(name, self._records[name]) for name in names if name not in wheels)
        return tuple(records), tuple(wheel.project for wheel in wheels.values())

    def packages(
        self,
        wheels: Sequence[tuple[Wheel, frozenset[str]]],
        target: Target,
        conda_name: Callable[[str], str],
        *,
        python_abi: bool,
    ) -> tuple[Entry, ...]:
        """Return the packages of wheels with extras, made if they are not at hand, in their order.

        In a dry run, those that are not at hand have no digests, and the size of their wheel.

        Args:
            conda_name: Returns what a project is called among conda's packages.
            python_abi: Whether the channels have the package of this name.

        Raises:
            DownloadError: Some wheels cannot be downloaded; names all of them.
            WheelError: Some cannot be converted.
        """

        def package(pair: tuple[Wheel, frozenset[str]], turn: Turn) -> Entry:
            wheel, extras = pair
            described = (target, extras, conda_name)
            metadata = self.files.metadata_of(wheel, turn)
            file, record = record_of(wheel, metadata, *described, python_abi=python_abi)
            entry = self._published(wheel, file, record) or self._cached(wheel, file, record)
            if entry is None and self._dry_run:
                entry = _entry(wheel, file, {**record, "size": wheel.size}, Path())
            if entry is None:
                entry = self._converted(wheel, described, turn, python_abi=python_abi)
            self._progress.advance(0, packages=1)
            return entry

        counting = self._progress.counting("Preparing", len(wheels), None)
        with counting, self.files.connected():
            return tuple(
                work_on_all(
                    package,
                    wheels,
                    lambda pair: self.files.url_of(pair[0]),
                    lambda pair: pair[0].size or 0,
                )
            )

    def _published(self, wheel: Wheel, file: str, record: dict[str, Any]) -> Entry | None:
        """Return the package as the last release has it."""
        name = f"{record['subdir']}/{file}"
        package = self._last.packages.get(name) if self._last else None
        if package is None or package.wheel is None or name not in self._records:
            return None
        entry = _entry(wheel, file, self._records[name], self._repository / name)
        same = package.wheel.sha256 == wheel.sha256
        return entry if same and self._local.holds(self._repository / name, entry) else None

    def _cached(self, wheel: Wheel, file: str, record: dict[str, Any]) -> Entry | None:
        """Return a package that was made before, if it is whole."""
        path = self.files.folder(wheel) / file
        if not wheel.sha256 or not _is_whole(path):
            return None
        digests = hash_file(path, md5=True)
        return _entry(wheel, file, {**record, **vars(digests)}, path)

    def _converted(self, wheel: Wheel, described: Any, turn: Turn, *, python_abi: bool) -> Entry:
        """Make the package; what the wheel itself says counts, not what the index says of it."""
        path = self.files.fetched(wheel, turn, self._progress.advance)
        if not wheel.sha256:
            wheel = replace(wheel, sha256=hash_file(path).sha256)
        metadata = self.files.read(wheel, path)
        file, record = record_of(wheel, metadata, *described, python_abi=python_abi)
        folder = self.files.folder(wheel)
        folder.mkdir(parents=True, exist_ok=True)
        scratch = Path(mkdtemp(dir=folder))
        try:
            with self._converting:
                convert(path, record, scratch / file)
            os.replace(scratch / file, folder / file)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        digests = hash_file(folder / file, md5=True)
        return _entry(wheel, file, {**record, **vars(digests)}, folder / file)


def _is_whole(path: Path) -> bool:
    """Return whether there is a package, with the checksums of its parts."""
    try:
        with ZipFile(path) as package:
            return package.testzip() is None
    except (OSError, *DAMAGED):
        return False


def _entry(wheel: Wheel, file: str, record: Any, path: Path) -> Entry:
    """Return the entry of a package that lies at a path."""
    url = file_url(path.absolute())
    return Entry(record["subdir"], file, record, wheel.public_url, url, wheel=wheel.origin)
