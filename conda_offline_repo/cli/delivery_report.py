"""What `sync` and `unpack` have in common: the delivery itself, and what they say of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import context

from ..customer.trust import check_expected
from ..delivery.deliver import deliver
from ..printable import counted, human
from ..queries.compare import difference
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
    from ..delivery.plan import Plan
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
        print_lines(_lines(outcome.plan))
        warn(_warnings(outcome))
    return 0


def _print_json(outcome: Outcome) -> None:
    plan = outcome.plan
    release, last = plan.source.manifest, plan.last
    print_json(
        label=release.label,
        source=str(plan.source.place),
        target=str(plan.target),
        changed=plan.changes,
        build=release.release,
        build_before=last.release if last else None,
        signers=plan.source.signers,
        copied=[*plan.lacking],
        copied_bytes=plan.size,
        deleted=plan.surplus,
        warnings=_warnings(outcome),
        **changes_json(difference(last, release)),
    )


def _lines(plan: Plan) -> Iterator[str]:
    release, last, total = plan.source.manifest, plan.last, amount(plan.source.manifest)
    if not plan.changes:
        yield (
            f"{plan.target} has release {release.release} already, complete and unchanged: {total}."
        )
    else:
        yield from platform_lines(difference(last, release))
        if last and last.raw == release.raw:
            change = "would be put right" if context.dry_run else "is put right"
        else:
            had = f"had release {last.release}" if last else "had no release"
            has = "would get" if context.dry_run else "now has"
            change = f"{had} and {has} release {release.release} of label {release.label}"
        yield f"{plan.target} {change}: {total}."
        copied = "would be copied" if context.dry_run else "copied"
        yield (
            f"{counted(len(plan.lacking), 'file')} {copied}, {human(plan.size)}; "
            f"{len(plan.surplus)} deleted."
        )
    yield signed_by(plan.source.signers)


def _warnings(outcome: Outcome) -> tuple[str, ...]:
    if not outcome.undeleted:
        return ()
    text = (
        f"{outcome.plan.target} has all of the release, but also files that it does not need any "
        f"more: {', '.join(outcome.undeleted)}. Another program may have them open. Run the same "
        "command again; until then, readers are warned that the publication is unfinished."
    )
    return (text,)
