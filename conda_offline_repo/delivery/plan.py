"""What a target lacks of a release, and what it has too much."""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..files.atomic import has_content, partial
from ..files.hashing import hash_file
from ..files.workers import run_all
from ..repository.cleanup import leftovers
from ..repository.exceptions import NoSpaceError
from ..repository.manifest import NEXT_NAME, NEXT_SIGNATURE_NAME
from ..repository.signature import SIGNATURE_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from ..progress import Progress
    from ..repository.manifest import Manifest
    from .source import Source

#: Bytes kept free for the file system's own needs.
RESERVE = 4 << 20


@dataclass(frozen=True)
class Wanted:
    """A file of a release; the digest in lower-case hexadecimal, the size in bytes."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Plan:
    """What there is to do.

    Attributes:
        source: What comes.
        target: Where it goes.
        last: The manifest that is there; none if none can be read.
        lacking: What the target lacks, by name.
        surplus: What is to be deleted.
        changes: Whether there is anything to do at all.
    """

    source: Source
    target: Path
    last: Manifest | None
    lacking: tuple[Wanted, ...]
    surplus: tuple[str, ...]
    changes: bool

    @property
    def size(self) -> int:
        """Bytes of what is lacking."""
        return sum(one.size for one in self.lacking)


def plan(source: Source, target: Path, last: Manifest | None, progress: Progress) -> Plan:
    """Compare a target with a release.

    A file is compared by what the target's manifest says of it, and by its size. It is read where
    that does not tell: where the release is there already, or a publication of it was interrupted.

    Args:
        source: What comes.
        target: Where it goes, there or not.
        last: The manifest that is there, with what is on its way to it.
        progress: Told how far the reading is.
    """
    wanted = wanted_files(source.manifest)
    if not target.is_dir():
        return Plan(source, target, last, wanted, (), changes=True)
    same = last is not None and last.raw == source.manifest.raw
    thorough = last is None or same
    sizes = {one: _size(target / one.name) for one in wanted}
    doubtful = [
        one
        for one in wanted
        if sizes[one] == one.size
        and (thorough or (last is not None and _differs(last.allowed(one.name), one)))
    ]
    wrong = _wrong(target, doubtful, thorough, progress)
    lacking = tuple(one for one in wanted if sizes[one] != one.size or one in wrong)
    surplus = leftovers(source.manifest, target, last)
    beside = any(os.path.lexists(target / name) for name in (NEXT_NAME, NEXT_SIGNATURE_NAME))
    sealed = has_content(target / SIGNATURE_NAME, source.signature) or not (
        source.signature or os.path.lexists(target / SIGNATURE_NAME)
    )
    changes = bool(lacking or surplus or beside) or not (same and sealed)
    return Plan(source, target, last, lacking, surplus, changes)


def check_space(found: Plan, staging: Path) -> None:
    """Refuse a release that does not fit on the disk, before any of it is copied.

    Raises:
        NoSpaceError: It does not fit beside what is there.
    """
    there = sum(
        _size(path) or 0
        for one in found.lacking
        for path in (staging / one.name, partial(staging / one.name))
    )
    needed = found.size - there + RESERVE
    free = shutil.disk_usage(found.target.parent).free
    if found.lacking and free < needed:
        raise NoSpaceError(found.target.parent, needed, free)


def wanted_files(manifest: Manifest) -> tuple[Wanted, ...]:
    """Return the files of a release but the manifest and its signatures, by name."""
    return tuple(
        Wanted(name, one.sha256, one.size) for name, one in sorted(manifest.everything.items())
    )


def _differs(allowed: dict[str, int], one: Wanted) -> bool:
    """Return whether a file may be, or is, another than the one that is wanted."""
    return allowed != {one.sha256: one.size}


def _size(path: Path) -> int | None:
    """Return the size of a regular file; None if it is none."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def _wrong(
    target: Path, doubtful: list[Wanted], thorough: bool, progress: Progress
) -> frozenset[Wanted]:
    """Read files, and return those that are others than those that are wanted."""
    if thorough and doubtful:
        progress.step("Checking what is there")

    def is_right(one: Wanted) -> bool:
        try:
            return hash_file(target / one.name, limit=one.size).sha256 == one.sha256
        except OSError:
            return False

    right = run_all(is_right, doubtful)
    return frozenset(one for one, good in zip(doubtful, right, strict=True) if not good)
