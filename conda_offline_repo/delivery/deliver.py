"""The story of a delivery: a release arrives at a target, whole or not at all."""

from __future__ import annotations

import os
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..files.hashing import open_regular
from ..repository.exceptions import ManifestError
from ..repository.publication.exceptions import FileSystemError
from ..repository.publication.publish import Sealed, Transition, carry_out
from ..repository.publication.staging import exclusive
from ..repository.transition import age, is_next, next_signatures, read_manifest, read_next
from .exceptions import SourceDamagedError, SourceUnreadableError
from .plan import Plan, Terms, check_place, check_release, check_space, make_plan
from .source import Source
from .stage import stage

if TYPE_CHECKING:
    from ..progress import Progress
    from ..repository.manifest import Manifest


@dataclass(frozen=True)
class Outcome:
    """What a delivery did, or with a dry run would do.

    Attributes:
        plan: What was copied and deleted.
        undeleted: The files of the plan's surplus that could not be deleted.
    """

    plan: Plan
    undeleted: tuple[str, ...] = ()


def deliver(source: Source, target: Path, progress: Progress, terms: Terms) -> Outcome:
    """Bring a target, the folder of a repository that need not exist, to the release of a source.

    Raises:
        OfflineRepoError: It failed; the target is whole, at the old release or the new one.
    """
    target = Path(os.path.abspath(target))  # the staging folder is named after the target's
    try:
        check_place(source, target)
        # before the lock, which would make folders at a place that may be the wrong one
        check_release(source, target, target, read_target(target), terms)
        with nullcontext() if terms.dry_run else exclusive(target, progress.step) as staging:
            if staging is not None:
                _finish_other(source, target, staging, progress)
            last = read_target(target)
            check_release(source, target, target, last, terms)
            plan = make_plan(source, target, last, progress)
            if staging is None or not plan.changes:
                return Outcome(plan)
            check_space(plan, target, staging)
            stage(plan, staging, progress)
            progress.step("Publishing")
            return Outcome(plan, _publish(plan, target, staging))
    except OSError as error:
        raise FileSystemError(error) from error


def read_target(target: Path) -> Manifest | None:
    """Return the manifest of a target; None for a damaged one, which the delivery replaces."""
    with suppress(ManifestError):
        return read_manifest(target)
    return None


def _finish_other(source: Source, target: Path, staging: Path, progress: Progress) -> None:
    """Finish another publication that was interrupted, as far as its staged files allow.

    Otherwise its files would be known to neither the old release nor the one that comes.
    """
    coming, last = read_next(target), read_target(target)
    if coming is None or last is None or source.manifest.raw in (coming.raw, last.raw):
        return
    if age(coming) <= age(last) or not is_next(target, last, coming):
        return
    other = Source(
        place=staging,
        manifest=coming,
        signers=coming.signers,
        signature=next_signatures(target, coming),
        open=lambda name: open_regular(staging / name),
        names=frozenset(coming.everything),
        paths=(),
    )
    plan = make_plan(other, target, last, progress)
    try:
        stage(plan, staging, progress)
    except (SourceDamagedError, SourceUnreadableError):
        return
    _publish(plan, target, staging)


def _publish(plan: Plan, target: Path, staging: Path) -> tuple[str, ...]:
    # nobody can sign here: what lies beside meanwhile is the release's own manifest
    release = Sealed(plan.source.manifest, plan.source.signature)
    return carry_out(
        Transition(target, staging, release, release, plan.last, [*plan.lacking], plan.surplus)
    )
