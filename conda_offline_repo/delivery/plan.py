"""Whether a release may come to a target, what the target lacks of it, and what it has too much."""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..files.atomic import has_content, partial
from ..files.hashing import hash_file
from ..files.workers import run_all
from ..repository import signature
from ..repository.exceptions import NestedFolderError, NoSpaceError
from ..repository.locate import enclosing, labels_in
from ..repository.manifest import NEXT_NAME, NEXT_SIGNATURE_NAME
from ..repository.manifest_json import present
from ..repository.ownership import check_ours, leftovers
from ..repository.signature import SIGNATURE_NAME
from ..repository.transition import age
from .exceptions import (
    LabelMismatchError,
    OlderReleaseError,
    OtherBaseError,
    OtherOriginError,
    PlaceError,
)
from .volume import base_of

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
        # it may be another, or is
        and (thorough or (last and last.allowed(one.name) != {one.sha256: one.size}))
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


def check_place(source: Source, target: Path) -> None:
    """Refuse a folder that cannot be, or must not be, the target.

    Raises:
        PlaceError: It is the root of a volume, or the source itself.
        NestedFolderError: It lies in another repository.
        ForeignFolderError: It holds what is not ours.
    """
    label = source.manifest.label
    if not target.name or os.path.ismount(target):
        reason = "what is on its way lies beside it, on the same volume, until it is whole"
        raise PlaceError(target, label, reason)
    if target.exists() and source.place.exists() and os.path.samefile(target, source.place):
        raise PlaceError(target, label, "it is the source itself")
    around = enclosing(target.parent)
    if around:
        raise NestedFolderError(target, around, "Give a folder beside that one.")
    if not present(target) and labels_in(target):
        raise PlaceError(target, label, "it is the folder above repositories")
    check_ours(target)


def check_release(
    source: Source, target: Path, last: Manifest | None, *, allow_older: bool
) -> None:
    """Refuse a release that must not take the place of another.

    Args:
        source: What comes.
        target: The folder that it goes to.
        last: The manifest that this has; none if none can be read.
        allow_older: Whether it may be older, or of the same age and another.

    Raises:
        LabelMismatchError: It is of another customer.
        OtherOriginError: It is signed by nobody who signed the other.
        OtherBaseError: It is the difference to another release.
        OlderReleaseError: It is not newer.
    """
    comes, base = source.manifest, source.base
    if last is None:
        if base:
            raise OtherBaseError(target, (base.build, base.created), None)
        return
    if comes.label != last.label:
        raise LabelMismatchError(target, last.label, comes.label)
    expected = last.signers or signature.known_signers(target, last)
    if expected and {*expected}.isdisjoint(source.signers):
        raise OtherOriginError(source.place, target, source.signers, expected)
    if base and comes.raw != last.raw and base != base_of(last):
        raise OtherBaseError(target, (base.build, base.created), age(last))
    if age(comes) <= age(last) and comes.raw != last.raw and not allow_older:
        raise OlderReleaseError(target, age(last), age(comes))
