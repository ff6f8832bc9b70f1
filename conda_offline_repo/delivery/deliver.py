"""The story of a delivery: a release arrives at a target, whole or not at all."""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..files.hashing import open_regular
from ..queries import compare
from ..repository.exceptions import FileSystemError, ManifestError
from ..repository.publish import Sealed, Transition, carry_out
from ..repository.staging import exclusive
from ..repository.transition import age, is_next, read_manifest, read_next, signatures_beside
from .exceptions import SourceDamagedError
from .plan import check_place, check_release, check_space, plan
from .source import Source
from .stage import stage

if TYPE_CHECKING:
    from ..progress import Progress
    from ..queries.compare import Difference
    from ..repository.manifest import Manifest
    from .plan import Plan


@dataclass(frozen=True)
class Outcome:
    """What a delivery did, or with a dry run would do.

    Attributes:
        source: What was delivered.
        target: Where to.
        changed: Whether the target is another than before.
        before: The manifest that it had; none if it had none, or a damaged one.
        difference: The packages that are new, newer and gone in it.
        copied: The files that were copied.
        copied_bytes: Their bytes.
        deleted: The files that were deleted.
        undeleted: Those among them that could not be.
    """

    source: Source
    target: Path
    changed: bool
    before: Manifest | None
    difference: Difference
    copied: tuple[str, ...]
    copied_bytes: int
    deleted: tuple[str, ...]
    undeleted: tuple[str, ...]


def deliver(
    source: Source,
    target: Path,
    progress: Progress,
    *,
    allow_older: bool = False,
    dry_run: bool = False,
) -> Outcome:
    """Bring a target to the release of a source.

    Args:
        source: What comes.
        target: The repository's folder, there or not.
        progress: Told how far it is.
        allow_older: Whether the release may be an older one than the target has.
        dry_run: Compare only; nothing is written.

    Raises:
        OfflineRepoError: It cannot be done; the target is whole, as before or as it is to be.
    """
    place = Path(os.path.abspath(target))  # what is staged beside it has a name from its own
    try:
        return _deliver(source, place, progress, allow_older=allow_older, dry_run=dry_run)
    except OSError as error:
        raise FileSystemError(error) from error


def _deliver(
    source: Source, target: Path, progress: Progress, *, allow_older: bool, dry_run: bool
) -> Outcome:
    check_place(source, target)
    # before the lock: it would make folders at a place that may be the wrong one
    check_release(source, target, _read(target), allow_older=allow_older)
    with nullcontext() if dry_run else exclusive(target, progress.step) as staging:
        if staging is not None:
            _carry_on(source, target, staging, progress)
        last = _read(target)
        check_release(source, target, last, allow_older=allow_older)
        found = plan(source, target, last, progress)
        undeleted: tuple[str, ...] = ()
        if staging is not None and found.changes:
            check_space(found, staging)
            stage(found, staging, progress)
            progress.step("Publishing")
            undeleted = _publish(found, staging)
        return Outcome(
            source=source,
            target=target,
            changed=found.changes,
            before=last,
            difference=compare.difference(last, source.manifest),
            copied=tuple(one.name for one in found.lacking),
            copied_bytes=found.size,
            deleted=found.surplus,
            undeleted=undeleted,
        )


def _read(target: Path) -> Manifest | None:
    """Return the manifest that a target has, with what is on its way to it; a damaged one counts as
    none, and is put right.
    """
    try:
        return read_manifest(target)
    except ManifestError:
        return None


def _carry_on(source: Source, target: Path, staging: Path, progress: Progress) -> None:
    """Finish another publication that was interrupted, as far as what it has staged allows.

    Otherwise its files would be known to neither the old release nor the one that comes.
    """
    coming, last = read_next(target), _read(target)
    if coming is None or last is None or source.manifest.raw in (coming.raw, last.raw):
        return
    if age(coming) <= age(last) or not is_next(target, last, coming):
        return
    other = Source(
        place=staging,
        manifest=coming,
        signers=coming.signers,
        signature=signatures_beside(target, coming),
        open=lambda name: open_regular(staging / name),
    )
    found = plan(other, target, last, progress)
    try:
        stage(found, staging, progress)
    except SourceDamagedError:
        return
    _publish(found, staging)


def _publish(found: Plan, staging: Path) -> tuple[str, ...]:
    # nobody can sign here: what lies beside meanwhile is the release's own manifest
    release = Sealed(found.source.manifest, found.source.signature)
    coming = [one.name for one in found.lacking]
    return carry_out(
        Transition(found.target, staging, release, release, found.last, coming, found.surplus)
    )
