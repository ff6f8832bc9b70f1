"""`conda offline-repo sync`: bring a folder to the release of another, whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .output import add_label_option, add_older_option

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "Copy a repository, or what is new in it, to another folder, safely."
DESCRIPTION = """\
Bring the folder TARGET to the release of the repository SOURCE. Only what TARGET lacks is copied;
each file is checked against the manifest while it is written, and comes into its place when all are
there. What the release does not have any more is deleted last. At every moment TARGET can be
installed from. Interrupted, out of disk or killed: the same command again goes on where it was.

SOURCE has to be whole and signed by whom TARGET is signed by, and its release newer than that of
TARGET. A TARGET that has the release already is read as a whole, and put right where it is damaged.
A folder that holds anything else than a repository of this label is refused. No network is needed,
and nothing but folders: drives, shares, sticks."""
EPILOG = """\
examples:
  At the vendor, to a stick; at the customer, from the stick to where environments install from:
    conda offline-repo sync G:\\repo\\halkbank E:\\halkbank
    conda offline-repo sync E:\\halkbank X:\\repo\\halkbank
  What would be copied and deleted:
    conda offline-repo sync E:\\halkbank X:\\repo\\halkbank --dry-run
"""


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `sync`."""
    from conda.cli import helpers

    helpers.add_parser_help(parser)
    parser.add_argument(
        "offline_repo_source",
        metavar="SOURCE",
        help="The repository (the folder with offline-repo.json), or the folder above it.",
    )
    parser.add_argument(
        "offline_repo_target",
        metavar="TARGET",
        help="The repository's folder at the other end; it is made if it is not there.",
    )
    add_label_option(parser)
    add_older_option(parser)
    helpers.add_output_and_prompt_options(parser)


def execute(args: Namespace) -> int:
    """Compare, copy, and print what moved."""
    from pathlib import Path

    from ..delivery.source import from_folder
    from ..repository.locate import locate_one
    from .delivering import delivered

    repository = locate_one(Path(args.offline_repo_source).expanduser(), args.offline_repo_label)
    return delivered(from_folder(repository), args)
