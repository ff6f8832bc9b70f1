"""`conda offline-repo verify`: compare repositories with their manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .output import add_label_option, add_path_argument

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from ..repository.locate import Repository
    from ..repository.verify import Report

HELP = "Check every file of a repository against its manifest."
DESCRIPTION = """\
Read every file of the repository, or of each repository below PATH, and compare it with the
manifest. Missing, changed, unreadable and extra files are named; the exit status is 1 if there are
any. It is 2 if all is whole, but a publication is under way or was interrupted, so that files may
be those of the last release or of the next. A signature is checked, and has to be the one that the
environments of this machine expect which use the repository. Nothing is changed, and no network is
needed."""
EPILOG = """\
example:
    conda offline-repo verify X:\\repo
"""


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `verify`."""
    from conda.cli import helpers

    helpers.add_parser_help(parser)
    add_path_argument(parser)
    add_label_option(parser)
    helpers.add_parser_json(parser)


def execute(args: Namespace) -> int:
    """Verify each repository, and print what was found."""
    from pathlib import Path

    from ..customer.trust import check_expected
    from ..repository.locate import locate
    from ..repository.verify import verify
    from .output import chatter_to_stderr
    from .progress import TerminalProgress
    from .report_verify import report, status

    found = locate(Path(args.offline_repo_path).expanduser(), args.offline_repo_label)
    reports: list[tuple[Repository, Report]] = []
    for repository in found:
        check_expected(repository)
        with chatter_to_stderr():
            reports.append((repository, verify(repository, TerminalProgress())))
    report(reports)
    return status(one for _, one in reports)
