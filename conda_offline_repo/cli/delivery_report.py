"""What `sync` and `unpack` have in common: the delivery itself, and what they say of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import context

from ..customer.trust import check_expected
from ..delivery.deliver import deliver
from ..printable import counted, human
from ..repository.locate import Repository
from .output import (
    amount,
    changes_json,
    chatter_to_stderr,
    platform_lines,
    print_json,
    print_lines,
    signed_by,
    warn,
)
from .terminal import TerminalProgress

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from ..delivery.deliver import Outcome
    from ..delivery.source import Source


def delivered(source: Source, args: Namespace) -> int:
    """Deliver a release, print what moved, and return the exit status.

    Args:
        source: The release.
        args: What was typed besides: TARGET and --allow-older.
    """
    target = Path(os.path.abspath(Path(args.offline_repo_target).expanduser()))
    check_expected(Repository(target, source.manifest, source.signers))
    with chatter_to_stderr():
        outcome = deliver(
            source,
            target,
            TerminalProgress(),
            allow_older=args.offline_repo_allow_older,
            dry_run=context.dry_run,
        )
    if context.json:
        _print_json(outcome)
    elif not context.quiet:
        print_lines(_lines(outcome))
        warn(_warnings(outcome))
    return 0


def _print_json(outcome: Outcome) -> None:
    release, before = outcome.source.manifest, outcome.before
    print_json(
        label=release.label,
        source=str(outcome.source.place),
        target=str(outcome.target),
        changed=outcome.changed,
        build=release.release,
        build_before=before.release if before else None,
        signers=outcome.source.signers,
        copied=outcome.copied,
        copied_bytes=outcome.copied_bytes,
        deleted=outcome.deleted,
        warnings=_warnings(outcome),
        **changes_json(outcome.difference),
    )


def _lines(outcome: Outcome) -> Iterator[str]:
    release, before = outcome.source.manifest, outcome.before
    total = amount(release)
    if not outcome.changed:
        yield (
            f"{outcome.target} has release {release.release} already, complete and unchanged: "
            f"{total}."
        )
    else:
        yield from platform_lines(outcome.difference)
        if before and before.raw == release.raw:
            became = "would be put right" if context.dry_run else "is put right"
        else:
            had = f"had release {before.release}" if before else "had no release"
            has = "would get" if context.dry_run else "now has"
            became = f"{had} and {has} release {release.release} of label {release.label}"
        yield f"{outcome.target} {became}: {total}."
        copied = "would be copied" if context.dry_run else "copied"
        yield (
            f"{counted(len(outcome.copied), 'file')} {copied}, {human(outcome.copied_bytes)}; "
            f"{len(outcome.deleted)} deleted."
        )
    yield signed_by(outcome.source.signers)


def _warnings(outcome: Outcome) -> tuple[str, ...]:
    if not outcome.undeleted:
        return ()
    text = (
        f"{outcome.target} has all of the release, but what it does not need any more is still "
        f"there: {', '.join(outcome.undeleted)}. Another program may have it open. Run the same "
        "command again; until then, readers are told that the publication is unfinished."
    )
    return (text,)
