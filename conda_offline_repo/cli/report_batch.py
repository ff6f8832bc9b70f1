"""What the builds of many labels did, or would do, for people and for programs."""

from __future__ import annotations

import sys
from textwrap import shorten
from typing import TYPE_CHECKING

from conda.base.context import context

from ..printable import counted, human, printable
from .build_report import as_json, lines, warn
from .output import print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from ..builder.batch import Result
    from ..builder.outcome import BuildOutcome

#: Characters of the reason why a label failed; all of it was told before the table.
REASON = 60
HEADER = ("LABEL", "RELEASE", "PACKAGES", "SIZE", "MOVES", "RESULT")


def report(results: Iterable[Result], *, dry_run: bool) -> bool:
    """Print each label's outcome as it comes, and a table of all in the end.

    With `--quiet` it is a line for each label that changed; with `--json` one object.

    Returns:
        Whether all succeeded.
    """
    done = []
    for result in results:
        done.append(result)
        if not context.json:
            _report_one(result, dry_run=dry_run)
    good = all(result.outcome for result in done)
    if context.json:
        print_json(success=good, labels=[_json(result) for result in done])
    elif not context.quiet:
        _print_table(done, dry_run=dry_run)
    return good


def _report_one(result: Result, *, dry_run: bool) -> None:
    outcome = result.outcome
    if outcome is None:
        print(printable(f"{result.label} failed: {result.error}\n"), file=sys.stderr)
    elif context.quiet:
        if outcome.changed:
            print(f"{result.label}: release {', '.join(_numbers(outcome))}")
    else:
        if outcome.changed:
            print(printable("\n".join(lines(outcome, dry_run=dry_run))), end="\n\n")
        warn(outcome)


def _numbers(outcome: BuildOutcome) -> tuple[str, ...]:
    manifest = outcome.manifest
    return (
        str(manifest.build),
        counted(len(manifest.packages), "package"),
        human(manifest.size),
        f"{human(outcome.difference.transfer_bytes)} to move",
    )


def _print_table(done: Sequence[Result], *, dry_run: bool) -> None:
    rows: list[Sequence[str]] = [HEADER]
    for result in done:
        outcome = result.outcome
        if outcome is None:
            reason = shorten(str(result.error).partition("\n")[0], REASON, placeholder=" ...")
            rows.append((result.label, "-", "-", "-", "-", f"failed: {reason}"))
            continue
        manifest = outcome.manifest
        changed = "would change" if dry_run else "changed"
        rows.append(
            (
                result.label,
                str(manifest.build),
                str(len(manifest.packages)),
                human(manifest.size),
                human(outcome.difference.transfer_bytes),
                changed if outcome.changed else "up to date",
            )
        )
    print_table(rows)


def _json(result: Result) -> dict[str, Any]:
    if result.outcome:
        return {"success": True, **as_json(result.outcome)}
    error = result.error
    told = error.dump_map() if error else {}
    keys = ("exception_name", "message", "hints")
    return {"success": False, "label": result.label, **{k: told[k] for k in keys if k in told}}
