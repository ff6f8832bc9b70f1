"""What builds did, or would do, for people and for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import starmap
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from conda.base.context import context

from ..builder.request.changes import ALL, RequestChange
from ..printable import counted, human, withdrawal
from ..queries.overview import amount, proved_with
from ..queries.pip import in_lines, pip_requirements
from ..repository.package import as_json
from .output import (
    attester_lines,
    attesters_json,
    changes_json,
    customer_json,
    entry_lines,
    licenses,
    manifest_json,
    platform_lines,
    platforms_json,
    print_lines,
    print_result,
    signed_by,
    table,
    warn,
)

if TYPE_CHECKING:
    from ..builder.batch import Result
    from ..builder.outcome import BuildOutcome

#: Characters that would make a specification hard to tell from the next one.
AMBIGUOUS = frozenset(" ,")
#: Characters of a failed label's reason in the table; all of it is printed before.
REASON = 60
HEADER = ("LABEL", "RELEASE", "PACKAGES", "SIZE", "MOVES", "RESULT")


def report(outcome: BuildOutcome) -> None:
    """Print the outcome of one build."""
    lines = [*_lines(outcome)]
    if outcome.changed and not context.dry_run:
        use = f"conda offline-repo use PATH/{outcome.manifest.label} -n ENVIRONMENT"
        lines.append(f"\nCopy the folder, then on the customer's machine:\n\n    {use}\n")
    print_result(_json(outcome), lines, _brief(outcome), _texts(outcome))


def report_all(results: Iterable[Result]) -> bool:
    """Print each label's outcome as it comes, and a table of all in the end.

    With `--quiet` there is no table; with `--json` it is one object.

    Returns:
        Whether all succeeded.
    """
    finished = []
    for result in results:
        finished.append(result)
        if not context.json:
            _report_label(result)
    success = all(result.outcome for result in finished)
    table_lines = table([HEADER, *map(_label_row, finished)])
    content = {"success": success, "labels": [*map(_label_json, finished)]}
    print_result(content, table_lines, ())
    return success


def _report_label(result: Result) -> None:
    outcome = result.outcome
    if outcome is None:
        print_lines([f"{result.label} failed: {result.error}\n"], sys.stderr)
        warn(warning.text for warning in result.warnings)
        return
    if context.quiet:
        print_lines(_brief(outcome))
    elif outcome.changed or outcome.tried:
        print_lines([*_lines(outcome), ""])
    warn(f"{result.label}: {text}" for text in _texts(outcome))


def _label_row(result: Result) -> tuple[str, ...]:
    outcome = result.outcome
    if outcome is None:
        problem = str(result.error).partition("\n")[0].rstrip(":")
        reason = shorten(problem, REASON, placeholder=" ...")
        return (result.label, "-", "-", "-", "-", f"failed: {reason}")
    manifest = outcome.manifest
    changed = "would change" if context.dry_run else "changed"
    due = f", next due {manifest.due}" if manifest.due else ""
    return (
        result.label,
        str(manifest.release),
        str(len(manifest.packages)),
        human(manifest.size),
        human(outcome.difference.transfer_bytes),
        changed if outcome.changed else f"up to date{due}",
    )


def _label_json(result: Result) -> dict[str, Any]:
    if result.outcome:
        return {"success": True, **_json(result.outcome)}
    error = result.error.dump_map() if result.error else {}
    if result.warnings:
        error["warnings"] = [*error.get("warnings", ()), *map(vars, result.warnings)]
    keys = {"exception_name", "message", "hints", "warnings", "breaches"} & {*error}
    return {"success": False, "label": result.label, **{key: error[key] for key in keys}}


def _json(outcome: BuildOutcome) -> dict[str, Any]:
    manifest, difference = outcome.manifest, outcome.difference
    return {
        **manifest_json(manifest),
        "path": str(outcome.path),
        "changed": outcome.changed,
        "first_build": outcome.first,
        "request_changes": [vars(change) for change in outcome.request_changes],
        "settings": [*map(vars, outcome.settings)],
        "machines": outcome.machines,
        "platforms": {
            key: {"packages": len(names), "bytes": sum(manifest.packages[n].size for n in names)}
            for key, names in manifest.solutions.items()
        },
        "packages": len(manifest.packages),
        "bytes": manifest.size,
        "transfer_bytes": difference.transfer_bytes,
        **changes_json(difference),
        "changes": platforms_json(difference),
        "changed_entries": outcome.changed_entries,
        "new_licenses": outcome.new_licenses,
        "new_attestations": outcome.new_attestations,
        "new_attesters": attesters_json(outcome.new_attesters),
        "decisions": [*map(as_json, manifest.decisions)],
        "tried": outcome.tried,
        "pip": [*map(vars, pip_requirements(manifest))],
        "signers": manifest.signers,
        **customer_json(manifest),
        "proved_with": outcome.proof.by,
        "not_tried": outcome.proof.not_tried,
        "warnings": [*map(vars, outcome.warnings)],
    }


def _texts(outcome: BuildOutcome) -> list[str]:
    return [warning.text for warning in outcome.warnings]


def _brief(outcome: BuildOutcome) -> Iterator[str]:
    if outcome.changed:
        manifest, moved = outcome.manifest, human(outcome.difference.transfer_bytes)
        would_be = "would be " if context.dry_run else ""
        release = f"{would_be}release {manifest.release}"
        yield f"{manifest.label}: {release}, {amount(manifest)}, {moved} to move"


def _lines(outcome: BuildOutcome) -> Iterator[str]:
    """Yield what a build did, or would do, for people."""
    manifest, difference, dry_run = outcome.manifest, outcome.difference, context.dry_run
    total = amount(manifest)
    for setting in outcome.settings:
        yield f"By {setting.source}, conda's {setting.name} is {setting.value}."
        if setting.name == "exclude_newer" and not manifest.request.exclude_newer:
            yield f"For every machine that builds: --exclude-newer {setting.value} in the request."
    if not outcome.changed:
        yield f"{outcome.path} is up to date (release {manifest.release}): {total}."
        if manifest.due:
            yield f"Nothing is new; the next release stays due on {manifest.due}."
        if not outcome.proof.by.items() <= manifest.proved_with.items():
            yield _proved(outcome)
        yield from _tried(outcome)
        return
    if outcome.first:
        verb = "This would be the first" if dry_run else "First"
        yield f"{verb} release of label {manifest.label} in {outcome.path.parent}."
        yield "It is for machines with:"
        for platform, machine in outcome.machines.items():
            packages = (f"{name} {machine[name]}" for name in sorted(machine))
            yield f"  {platform}: {', '.join(packages)}"
    if outcome.request_changes:
        verb = "would change" if dry_run else "changed"
        yield f"The request {verb}:"
        yield from map(_change, outcome.request_changes)
    yield from starmap(withdrawal, manifest.withdrawn.items())
    if manifest.due:
        yield f"The next release is due on {manifest.due}."
    if manifest.cutoff:
        age = manifest.request.exclude_newer
        yield f"Nothing in it is newer than {manifest.cutoff} (exclude_newer {age})."
    if outcome.pip:
        yield "What stands for requirements of pip:"
        yield from (f"  {line}" for line in in_lines(outcome.pip))
    yield from platform_lines(difference)
    yield from entry_lines(outcome.changed_entries, difference)
    if outcome.new_licenses:
        yield f"New licences: {licenses(outcome.new_licenses)}"
    if outcome.new_attestations:
        yield f"New attestations of what was there: {', '.join(outcome.new_attestations)}"
    yield from attester_lines(outcome.new_attesters)
    verified = [bool(a.verified) for a in manifest.attestations.values()]
    if any(verified):
        number = counted(len(manifest.packages), "package")
        yield f"Attestations of {sum(verified)} of {number} are verified."
    verb = "would become" if dry_run else "is now"
    yield f"{outcome.path} {verb} release {manifest.release}: {total}."
    if len(manifest.solutions) > 1:
        for platform, names in sorted(manifest.solutions.items()):
            yield f"  for {platform}: {amount(manifest, names)}"
    yield signed_by(manifest.signers)
    yield _proved(outcome)
    moved = "would move" if dry_run else "moves"
    yield f"A copy to the customer {moved} {human(difference.transfer_bytes)}."
    yield from _tried(outcome)


def _proved(outcome: BuildOutcome) -> str:
    reasons = (f"{name} ({why})" for name, why in outcome.proof.not_tried.items())
    missing = "; ".join(reasons)
    text = f"Proved with {proved_with(outcome.proof.by)}."
    return f"{text} Not tried: {missing}." if missing else text


def _tried(outcome: BuildOutcome) -> Iterator[str]:
    return (f"Tried for {key}: {text}." for key, text in sorted(outcome.tried.items()))


def _change(change: RequestChange) -> str:
    nothing = ALL if change.what == "packages" else "none"
    before, after = (
        ", ".join(f'"{text}"' if AMBIGUOUS & set(text) else text for text in texts) or nothing
        for texts in (change.before, change.after)
    )
    return f"  {change.what.replace('_', ' ')}: {before} -> {after}"
