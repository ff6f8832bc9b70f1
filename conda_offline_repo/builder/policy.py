"""What the policy of a label says of its next release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..audit.check import check, ended
from ..audit.exceptions import PolicyBreachedError
from ..audit.policy import parse_policy
from ..repository.package import Decision, Package
from .release.compose import manifest_of

if TYPE_CHECKING:
    from ..repository.manifest import Manifest
    from .release.plan import BuildPlan


def decided(plan: BuildPlan, manifest: Manifest | None = None) -> tuple[Decision, ...]:
    """Return what the policy lets pass; for what was decided before, the ends of exceptions count.

    Args:
        manifest: Of the release, with what its packages run; None before its archives are there.

    Raises:
        PolicyBreachedError: The release breaks the policy.
    """
    stated, last, now = plan.request.policy, plan.last, plan.request.time
    if not stated:
        return ()
    manifest, records = manifest or _foreseen(plan), plan.records
    if (
        last
        and last.request.policy == stated
        and manifest.packages.items() <= last.packages.items()
        and records.items() <= plan.published.items()
    ):
        before = tuple(each for each in last.decisions if each.archive in manifest.packages)
        if not ended(before, now):
            return before
    breaches, decisions = check(parse_policy(stated), manifest, records, plan.repository, now)
    if breaches:
        raise PolicyBreachedError(f"The next release of {manifest.label}", breaches)
    return decisions


def _foreseen(plan: BuildPlan) -> Manifest:
    """Return the manifest as far as it is known before archives are there; of new ones, as if they
    ran nothing.
    """
    packages, known = {}, plan.last.packages if plan.last else {}
    for entry in plan.all_entries:
        new = Package("", "", 0, entry.public_url, entry.wheel, scripts={})
        before = known.get(entry.name, new)
        same = before.url == new.url and plan.published.get(entry.name) == entry.record
        packages[entry.name] = before if same and before.scripts is not None else new
    return manifest_of(plan, packages, {}, {})
