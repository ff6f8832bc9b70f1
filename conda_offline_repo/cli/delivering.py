"""What `sync` and `unpack` have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from ..delivery.source import Source


def delivered(source: Source, target: Path, *, allow_older: bool) -> int:
    """Deliver a release, print what moved, and return the exit status.

    Args:
        source: The release.
        target: The folder, absolute.
        allow_older: Whether the release may be older than what is there.
    """
    from conda.base.context import context

    from ..customer.trust import check_expected
    from ..delivery.deliver import deliver
    from ..repository.locate import Repository
    from .output import chatter_to_stderr
    from .progress import TerminalProgress
    from .report_delivery import report

    check_expected(Repository(target, source.manifest, source.signers))
    with chatter_to_stderr():
        outcome = deliver(
            source,
            target,
            TerminalProgress(),
            allow_older=allow_older,
            dry_run=context.dry_run,
        )
    report(outcome, dry_run=context.dry_run)
    return 0
