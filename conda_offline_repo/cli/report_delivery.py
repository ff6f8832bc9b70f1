"""What a delivery did, or would do, for people and for programs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from conda.base.context import context

from ..printable import counted, human, printable
from .output import platform_lines, print_json, signed_by

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from ..delivery.deliver import Outcome
    from ..delivery.pack import Packed


def report(outcome: Outcome, *, dry_run: bool) -> None:
    """Print an outcome as conda was told to: as JSON, as text, or not at all."""
    if context.json:
        _print_json(outcome)
    elif not context.quiet:
        print(printable("\n".join(_lines(outcome, dry_run))))
        for warning in _warnings(outcome):
            print(printable(f"warning: {warning}"), file=sys.stderr)


def _print_json(outcome: Outcome) -> None:
    release, before, difference = outcome.source.manifest, outcome.before, outcome.difference
    print_json(
        label=release.label,
        source=str(outcome.source.place),
        target=str(outcome.target),
        changed=outcome.changed,
        build=release.build,
        build_before=before.build if before else None,
        signers=outcome.source.signers,
        added=difference.added,
        updated=difference.updated,
        removed=difference.removed,
        copied=outcome.copied,
        copied_bytes=outcome.copied_bytes,
        deleted=outcome.deleted,
        warnings=_warnings(outcome),
    )


def _lines(outcome: Outcome, dry_run: bool) -> Iterator[str]:
    release, before = outcome.source.manifest, outcome.before
    total = f"{counted(len(release.packages), 'package')}, {human(release.size)}"
    if not outcome.changed:
        yield (
            f"{outcome.target} has release {release.build} already, complete and unchanged: "
            f"{total}."
        )
    else:
        yield from platform_lines(outcome.difference)
        same = before and before.raw == release.raw
        had = f"had release {before.build}" if before else "had no release"
        comes = "would get" if dry_run else "now has"
        what = "would be put right" if dry_run else "is put right"
        if not same:
            what = f"{had} and {comes} release {release.build} of label {release.label}"
        yield f"{outcome.target} {what}: {total}."
        copied, deleted = ("would be copied", "deleted") if dry_run else ("copied", "deleted")
        yield (
            f"{counted(len(outcome.copied), 'file')} {copied}, {human(outcome.copied_bytes)}; "
            f"{len(outcome.deleted)} {deleted}."
        )
    yield signed_by(outcome.source.signers)


def _warnings(outcome: Outcome) -> tuple[str, ...]:
    if not outcome.kept:
        return ()
    text = (
        f"{outcome.target} has all of the release, but what it does not need any more is still "
        f"there: {', '.join(outcome.kept)}. Another program may have it open. Run the same command "
        "again; until then, readers are told that the publication is unfinished."
    )
    return (text,)


def report_packed(packed: Packed, stream: TextIO, *, dry_run: bool) -> None:
    """Print what was packed, on a stream; as JSON on stdout, or not at all, as conda was told."""
    release, since = packed.source.manifest, packed.since
    if context.json:
        print_json(
            label=release.label,
            build=release.build,
            since=since.base.build if since else None,
            signers=packed.source.signers,
            volumes=[
                {"path": str(path), "files": names}
                for path, names in zip(packed.volumes, packed.names, strict=True)
            ],
            bytes=packed.size,
        )
    elif not context.quiet:
        print(printable("\n".join(_packed_lines(packed, dry_run))), file=stream)


def _packed_lines(packed: Packed, dry_run: bool) -> Iterator[str]:
    release, since = packed.source.manifest, packed.since
    new = f" since release {since.base.build}" if since else ""
    what = "would be packed" if dry_run else "is packed"
    yield f"Release {release.build} of label {release.label}{new} {what}: {human(packed.size)}."
    for path, names in zip(packed.volumes, packed.names, strict=False):
        yield f"  {path}: {counted(len(names), 'file')}"
    yield signed_by(packed.source.signers)
    if not dry_run and packed.volumes:
        files = " ".join(path.name for path in packed.volumes)
        yield (
            "\nOn the customer's machine:\n\n"
            f"    conda offline-repo unpack {files} PATH/{release.label}\n"
        )
