"""What a build did, or would do, for people and for programs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from conda.base.context import context

from ..printable import counted, human, printable
from ..repository.manifest import as_dict
from .output import licenses, platform_json, platform_lines, print_json, signed_by

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..builder.outcome import BuildOutcome
    from ..builder.request.changes import RequestChange

#: What would make a specification hard to tell from the next one.
AMBIGUOUS = frozenset(" ,")


def report(outcome: BuildOutcome, *, dry_run: bool) -> None:
    """Print an outcome as conda was told to: as JSON, as text, or not at all."""
    if context.json:
        print_json(**as_json(outcome))
    elif not context.quiet:
        print(printable("\n".join(lines(outcome, dry_run=dry_run))))
        if outcome.changed and not dry_run:
            print(
                "\nCopy the folder, then on the customer's machine:\n\n"
                f"    conda offline-repo use PATH/{outcome.manifest.label} -n ENVIRONMENT\n"
            )
        warn(outcome)


def warn(outcome: BuildOutcome) -> None:
    """Print what the vendor should know."""
    for warning in outcome.warnings:
        print(printable(f"warning: {warning}"), file=sys.stderr)


def as_json(outcome: BuildOutcome) -> dict[str, Any]:
    """Return an outcome as a JSON object."""
    manifest, difference = outcome.manifest, outcome.difference
    return {
        "label": manifest.label,
        "path": str(outcome.path),
        "changed": outcome.changed,
        "first_build": outcome.first,
        "request_changes": [vars(change) for change in outcome.request_changes],
        "platforms": {
            key: {
                "packages": len(names),
                "bytes": sum(manifest.packages[n].size for n in names),
            }
            for key, names in manifest.solutions.items()
        },
        "packages": len(manifest.packages),
        "bytes": manifest.size,
        "transfer_bytes": difference.transfer_bytes,
        "added": difference.added,
        "updated": difference.updated,
        "removed": difference.removed,
        "changes": {one.platform: platform_json(one) for one in difference.platforms},
        "new_licenses": outcome.new_licenses,
        "manifest": as_dict(manifest),
        "warnings": outcome.warnings,
    }


def lines(outcome: BuildOutcome, *, dry_run: bool) -> Iterator[str]:
    """Yield what a build did, or would do, for people."""
    manifest, difference = outcome.manifest, outcome.difference
    total = f"{counted(len(manifest.packages), 'package')}, {human(manifest.size)}"
    if not outcome.changed:
        yield f"{outcome.path} is up to date (release {manifest.build}): {total}."
        return
    if outcome.first:
        verb = "This would be the first" if dry_run else "First"
        yield f"{verb} release of label {manifest.label} in {outcome.path.parent}."
    if outcome.request_changes:
        verb = "would change" if dry_run else "changed"
        yield f"The request {verb}:"
        yield from map(_change, outcome.request_changes)
    yield from platform_lines(difference)
    if outcome.new_licenses:
        yield f"New licences: {licenses(outcome.new_licenses)}"
    verb = "would become" if dry_run else "is now"
    yield f"{outcome.path} {verb} release {manifest.build}: {total}."
    if len(manifest.solutions) > 1:
        for platform, names in sorted(manifest.solutions.items()):
            size = sum(manifest.packages[name].size for name in names)
            yield f"  for {platform}: {counted(len(names), 'package')}, {human(size)}"
    yield signed_by(manifest.signers)
    moved = "would move" if dry_run else "moves"
    yield f"A copy to the customer {moved} {human(difference.transfer_bytes)}."


def _change(change: RequestChange) -> str:
    from ..builder.request.changes import ALL

    nothing = ALL if change.what == "packages" else "none"
    before, after = (
        ", ".join(f'"{one}"' if AMBIGUOUS & set(one) else one for one in some) or nothing
        for some in (change.before, change.after)
    )
    return f"  {change.what.replace('_', ' ')}: {before} -> {after}"
