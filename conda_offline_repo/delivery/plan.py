"""Whether a release may come to a target, which files the target lacks, and which must go."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..files.atomic import has_content, partial
from ..files.hashing import hash_file
from ..files.lengths import check_lengths
from ..files.workers import run_all
from ..repository.locate import enclosing, labels_in
from ..repository.manifest import NEXT_NAME, NEXT_SIGNATURE_NAME, Manifest
from ..repository.manifest_json import present
from ..repository.names import check_folder
from ..repository.publication.exceptions import NestedFolderError, NoSpaceError
from ..repository.publication.ownership import check_ours, leftovers
from ..repository.signing import signature
from ..repository.signing.signature import SIGNATURE_NAME
from ..repository.transition import age
from .exceptions import (
    LabelMismatchError,
    OlderReleaseError,
    OtherBaseError,
    OtherOriginError,
    PlaceError,
)
from .volume_info import base_of

if TYPE_CHECKING:
    from ..progress import Progress
    from ..repository.package import File, Package
    from .source import Source

#: Bytes kept free for the file system's own needs.
RESERVE = 4 << 20


@dataclass(frozen=True, kw_only=True)
class Terms:
    """On which terms a release is delivered.

    Attributes:
        allow_older: It may be older than that of the target, or another one of the same age.
        origin_known: Others may have signed it than that of the target.
        dry_run: Nothing is written.
    """

    allow_older: bool = False
    origin_known: bool = False
    dry_run: bool = False


@dataclass(frozen=True)
class Plan:
    """What a delivery has to do.

    Attributes:
        target: Its folder, or its URL without credentials.
        last: The manifest of the target; None if none can be read.
        lacking: The files that the target lacks, by path.
        surplus: The files that are to be deleted.
        changes: Whether there is anything to do at all.
    """

    source: Source
    target: Path | str
    last: Manifest | None
    lacking: Mapping[str, Package | File]
    surplus: tuple[str, ...]
    changes: bool

    @property
    def size(self) -> int:
        """Bytes of what is lacking."""
        return sum(file.size for file in self.lacking.values())


def make_plan(source: Source, target: Path, last: Manifest | None, progress: Progress) -> Plan:
    """Compare a target with a release.

    A file is compared by its size and by what the target's manifest says of it. It is read where
    that does not tell: where the target has the release already, or a publication of it was
    interrupted. `last` is the target's manifest, as `read_manifest` returns it.
    """
    files = dict(sorted(source.manifest.everything.items()))
    fitting = {name: file for name, file in files.items() if _size(target / name) == file.size}
    same = last is not None and last.raw == source.manifest.raw
    thorough = last is None or same
    doubtful = [
        name
        for name, file in fitting.items()
        if last is None or same or last.allowed(name) != {file.sha256: file.size}
    ]
    if thorough and doubtful:
        progress.step("Checking existing files")

    def is_right(name: str) -> bool:
        try:
            digests = hash_file(target / name, limit=files[name].size)
        except OSError:
            return False
        return digests.sha256 == files[name].sha256

    right = dict(zip(doubtful, run_all(is_right, doubtful), strict=True))
    lacking = {
        name: file
        for name, file in files.items()
        if name not in fitting or not right.get(name, True)
    }
    surplus = leftovers(source.manifest, target, last)
    beside = any(os.path.lexists(target / name) for name in (NEXT_NAME, NEXT_SIGNATURE_NAME))
    signatures = target / SIGNATURE_NAME
    sealed = (
        has_content(signatures, source.signature)
        if source.signature
        else not os.path.lexists(signatures)
    )
    changes = bool(lacking or surplus or beside) or not (same and sealed)
    return Plan(source, target, last, lacking, surplus, changes)


def check_space(plan: Plan, target: Path, staging: Path) -> None:
    """Refuse a release that does not fit on the disk, before any of it is copied.

    Raises:
        NoSpaceError: It does not fit.
    """
    staged = sum(
        _size(path) or 0
        for name in plan.lacking
        for path in (staging / name, partial(staging / name))
    )
    new = plan.size - staged
    free = shutil.disk_usage(target.parent).free
    if plan.lacking and free < new + RESERVE:
        raise NoSpaceError(target.parent, new, RESERVE, free)


def _size(path: Path) -> int | None:
    """Return the size of a regular file; None for anything else."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def check_place(source: Source, target: Path) -> None:
    """Refuse a folder that cannot be, or must not be, the target.

    Raises:
        PlaceError: It is the root of a volume, or the source itself.
        FolderNameError: conda cannot read a channel there.
        NestedFolderError: It lies in another repository.
        ForeignFolderError: It holds files that are not ours.
        InvalidRequestError: A path there is longer than Windows allows.
    """
    below = target / source.manifest.label
    if not target.name or os.path.ismount(target):
        reason = "the new files are staged beside it, on the same volume"
        raise PlaceError(target, reason, below)
    place = source.place
    if isinstance(place, Path) and target.exists() and place.exists() and target.samefile(place):
        raise PlaceError(target, "it is the source itself")
    if around := enclosing(target.parent):
        raise NestedFolderError(target, around, "Give a folder beside that one.")
    if not present(target) and labels_in(target):
        raise PlaceError(target, "it is the folder above repositories", below)
    check_ours(target)
    check_folder(target, source.manifest.request.platforms)
    check_lengths(target, source.manifest.everything)


def check_release(
    source: Source, target: Path | str, folder: Path, last: Manifest | None, terms: Terms
) -> None:
    """Refuse a release that must not replace the target's, whose manifest is `last`.

    `folder` has the target's signatures.

    Raises:
        LabelMismatchError: It is of another customer.
        OtherOriginError: Nobody signed it who signed the target's.
        OtherBaseError: It is the difference to another release, and has not all that is new here.
        OlderReleaseError: It is not newer.
    """
    new, base = source.manifest, source.base
    if last is None:
        if base:
            raise OtherBaseError(folder, (base.release, base.created), None)
        return
    if new.label != last.label:
        raise LabelMismatchError(target, last.label, new.label)
    expected = last.signers or signature.known_signers(folder, last)
    if expected and not terms.origin_known and {*expected}.isdisjoint(source.signers):
        raise OtherOriginError(source.place, target, source.signers, expected)
    if new.raw == last.raw:
        return
    if base and base != base_of(last):
        elsewhere = new.everything.keys() - source.names
        if any(last.allowed(name) != new.allowed(name) for name in elsewhere):
            raise OtherBaseError(folder, (base.release, base.created), last)
    if age(new) <= age(last) and not terms.allow_older:
        raise OlderReleaseError(target, last, new)
