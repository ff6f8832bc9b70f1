"""What came of a build, and what the vendor should know of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..queries import compare
from ..queries.contents import list_packages, packages_of
from ..repository.exceptions import ManifestError, UnreadableError
from ..repository.locate import Repository
from . import plugin_channel
from .archives.archive import long_paths
from .request.changes import changes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ..queries.compare import Difference
    from ..repository.manifest import Manifest
    from .release.compose import Release
    from .release.plan import BuildPlan
    from .request.changes import RequestChange


@dataclass(frozen=True)
class BuildOutcome:
    """What a build did, or with a dry run would do.

    Attributes:
        path: The repository.
        changed: Whether it is another than before.
        first: Whether there was no repository before.
        request_changes: How the request differs from that of the last build.
        manifest: What it holds now.
        difference: What is new, newer and gone in it.
        new_licenses: The licences that are new in it, with the packages that have them; none where
            that is not known.
        warnings: What the vendor should know before the customer finds out.
    """

    path: Path
    changed: bool
    first: bool
    request_changes: tuple[RequestChange, ...]
    manifest: Manifest
    difference: Difference
    new_licenses: Mapping[str, tuple[str, ...]] | None
    warnings: tuple[str, ...]


def unchanged(plan: BuildPlan, last: Manifest, undeleted: tuple[str, ...]) -> BuildOutcome:
    """Return what came of a build that changes nothing.

    Args:
        plan: What was built.
        last: The manifest of the release that stays.
        undeleted: What is left over of earlier releases.
    """
    now = last if undeleted else replace(last, on_the_way={})
    return BuildOutcome(
        path=plan.repository,
        changed=False,
        first=False,
        request_changes=(),
        manifest=now,
        difference=compare.difference(now, now),
        new_licenses={},
        warnings=(*plan.warnings, *left_over(undeleted)),
    )


def changed(plan: BuildPlan, release: Release) -> BuildOutcome:
    """Return what comes of a build that makes a release, before that is published."""
    manifest, last = release.manifest, plan.last
    return BuildOutcome(
        path=plan.repository,
        changed=True,
        first=last is None,
        request_changes=changes(last.request, manifest.request) if last else (),
        manifest=manifest,
        difference=compare.difference(last, manifest),
        new_licenses=_new_licenses(plan, last, manifest) if last else None,
        warnings=(
            *plan.kept.warnings,
            *plan.warnings,
            *long_paths(release.archives, plan.solutions),
            *_unchecked(manifest),
        ),
    )


def _new_licenses(
    plan: BuildPlan, last: Manifest, manifest: Manifest
) -> dict[str, tuple[str, ...]] | None:
    try:
        old = list_packages(Repository(plan.repository, last))
    except (ManifestError, UnreadableError):
        return None
    return compare.new_licenses(old, packages_of(manifest, plan.records, plan.repository))


def _unchecked(manifest: Manifest) -> tuple[str, ...]:
    """Return what to say of a signed repository whose plugin cannot check the signature."""
    if (
        not manifest.signers
        or not manifest.request.plugin
        or plugin_channel.checks_signatures(manifest.packages)
    ):
        return ()
    text = (
        "No channel has the package securesystemslib, which the customer's conda needs to check "
        "the signature: the plugin goes along without it. Name a channel that has it, such as "
        "conda-forge."
    )
    return (text,)


def left_over(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return what to say of files that could not be deleted."""
    if not names:
        return ()
    text = (
        "The repository is published, but what it does not need any more is still there: "
        f"{', '.join(names)}. Another program may have it open. Run the same command again; until "
        "then, readers are told that the publication is unfinished."
    )
    return (text,)
