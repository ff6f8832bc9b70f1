"""`conda offline-repo diff`: what changes for the customer from one release to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .output import add_label_option

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "Show what changes for the customer from one release to another."
DESCRIPTION = """\
Show what changes from the release OLD to the release NEW: for each platform the packages that are
updated, new and gone, the bytes that a copy moves, and the licences that are new. Each is a folder
with the release, its offline-repo.json, or a volume of it that `pack` made. Licences stand in the
index, which is in folders and in most volumes, not in offline-repo.json alone."""
EPILOG = """\
examples:
    conda offline-repo diff X:\\repo\\halkbank E:\\halkbank
    conda offline-repo diff last/offline-repo.json halkbank.zip --format markdown > change.md
"""


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `diff`."""
    from conda.cli import helpers

    helpers.add_parser_help(parser)
    parser.add_argument("offline_repo_old", metavar="OLD", help="The release that is there.")
    parser.add_argument("offline_repo_new", metavar="NEW", help="The release that is to come.")
    add_label_option(parser)
    parser.add_argument(
        "--format",
        dest="offline_repo_format",
        choices=("text", "markdown"),
        default="text",
        help="How it is printed: as text, or as Markdown for a change request.",
    )
    helpers.add_parser_json(parser)


def execute(args: Namespace) -> int:
    """Compare, and print the difference."""
    from ..delivery.exceptions import OtherLabelError
    from ..delivery.named import named
    from .report_diff import report

    old, new = (
        named(text, args.offline_repo_label)
        for text in (args.offline_repo_old, args.offline_repo_new)
    )
    if old.manifest.label != new.manifest.label:
        raise OtherLabelError(old.path, old.manifest.label, new.manifest.label)
    report(old, new, markdown=args.offline_repo_format == "markdown")
    return 0
