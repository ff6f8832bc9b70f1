"""`conda offline-repo show`: what a repository is and holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .output import add_label_option, add_path_argument

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "Show what a repository is for and what it holds."
DESCRIPTION = """\
Show label, build, date, request and platforms of the repository, or of each repository below PATH,
and a table of its packages."""
EPILOG = """\
example:
    conda offline-repo show X:\\repo --label halkbank
"""


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `show`."""
    from conda.cli import helpers

    helpers.add_parser_help(parser)
    add_path_argument(parser)
    add_label_option(parser)
    parser.add_argument(
        "--releases",
        dest="offline_repo_releases",
        action="store_true",
        help="Show the releases that can be installed from it, in the place of the packages.",
    )
    helpers.add_parser_json(parser)


def execute(args: Namespace) -> int:
    """Show each repository."""
    from pathlib import Path

    from ..repository.locate import locate
    from ..repository.show import list_packages
    from .report_show import report, report_releases

    found = locate(Path(args.offline_repo_path).expanduser(), args.offline_repo_label)
    if args.offline_repo_releases:
        report_releases(found)
        return 0
    report([(repository, list_packages(repository)) for repository in found])
    return 0
