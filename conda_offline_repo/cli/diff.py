"""`conda offline-repo diff`: what changes for the customer from one release to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .parser import add_label_option

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

USAGE = "conda offline-repo diff OLD NEW [options]"
DESCRIPTION = """\
Show what changes for the customer, platform by platform: packages, the bytes
that a copy moves, and new licences. Each of OLD and NEW is a folder with the
release, its offline-repo.json, which does not tell licences, or a volume of
`pack`."""
EPILOG = """\
examples:
  conda offline-repo diff X:\\repo\\halkbank E:\\halkbank
  conda offline-repo diff offline-repo.json new.zip --format markdown
"""
CONDA = ("add_parser_json",)


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `diff`."""
    parser.add_argument("offline_repo_old", metavar="OLD", help="The release that is there.")
    parser.add_argument("offline_repo_new", metavar="NEW", help="The release that is to come.")
    add_label_option(parser)
    parser.add_argument(
        "--format",
        dest="offline_repo_format",
        choices=("text", "markdown"),
        default="text",
        help="As text, or as Markdown for a change request.",
    )


def execute(args: Namespace) -> int:
    """Compare, and print the difference."""
    from ..delivery.exceptions import OtherLabelError
    from ..delivery.release_ref import named
    from .report_diff import report

    old, new = (
        named(text, args.offline_repo_label)
        for text in (args.offline_repo_old, args.offline_repo_new)
    )
    if old.manifest.label != new.manifest.label:
        raise OtherLabelError(old.path, old.manifest.label, new.manifest.label)
    report(old, new, markdown=args.offline_repo_format == "markdown")
    return 0
