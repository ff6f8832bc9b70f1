"""What `sync` and `unpack` have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Namespace

    from ..delivery.source import Source


def delivered(source: Source, args: Namespace) -> int:
    """Deliver a release, print what moved, and return the exit status.

    Args:
        source: The release.
        args: What was typed besides: TARGET and --allow-older.
    """
    import os
    from pathlib import Path

    from conda.base.context import context

    from ..customer.trust import check_expected
    from ..delivery.deliver import deliver
    from ..repository.locate import Repository
    from .output import chatter_to_stderr
    from .report_delivery import report
    from .terminal import TerminalProgress

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
    report(outcome, dry_run=context.dry_run)
    return 0
