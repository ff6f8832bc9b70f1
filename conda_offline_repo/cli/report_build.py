"""What a build did, or would do, for people and for programs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from conda.base.context import context

from ..exceptions import printable
from ..repository.manifest import as_dict
from .output import human, print_json

if TYPE_CHECKING:
    from ..vendor.build import Outcome


def report(outcome: Outcome, *, dry_run: bool) -> None:
    """Print an outcome as conda was told to: as JSON, as text, or not at all."""
    if context.json:
        _print_json(outcome)
    elif not context.quiet:
        _print_text(outcome, dry_run)


def _print_json(outcome: Outcome) -> None:
    manifest, difference = outcome.manifest, outcome.difference
    print_json(
        label=manifest.label,
        path=str(outcome.path),
        changed=outcome.changed,
        platforms={
            platform: {
                "packages": len(names),
                "bytes": sum(manifest.packages[n].size for n in names),
            }
            for platform, names in manifest.solutions.items()
        },
        packages=len(manifest.packages),
        bytes=manifest.size,
        transfer_bytes=difference.transfer_bytes,
        added=difference.added,
        updated=difference.updated,
        removed=difference.removed,
        manifest=as_dict(manifest),
        warnings=outcome.warnings,
    )


def _print_text(outcome: Outcome, dry_run: bool) -> None:
    manifest, difference = outcome.manifest, outcome.difference
    total = f"{len(manifest.packages)} packages, {human(manifest.size)}"
    for warning in outcome.warnings:
        print(f"warning: {printable(warning)}", file=sys.stderr)
    if not outcome.changed:
        print(f"{outcome.path} is up to date (build {manifest.build}): {total}.")
        return
    for sign, names in (
        ("+", difference.added),
        ("~", difference.updated),
        ("-", difference.removed),
    ):
        for name in names:
            print(f"  {sign} {name}")
    verb = "would become" if dry_run else "is now"
    print(f"{outcome.path} {verb} build {manifest.build}: {total}.")
    for platform, names in sorted(manifest.solutions.items()):
        size = sum(manifest.packages[name].size for name in names)
        print(f"  for {platform}: {len(names)} packages, {human(size)}")
    moved = "would move" if dry_run else "moves"
    print(f"A copy to the customer {moved} {human(difference.transfer_bytes)}.")
    if not dry_run:
        print(
            f"\nCopy the folder, then on the customer's machine:\n\n"
            f"    conda offline-repo use PATH/{manifest.label} -n ENVIRONMENT\n"
        )
