"""`conda offline-repo pack`: a release, or what is new in it, as files for sticks and diodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .output import add_label_option

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "Pack a repository, or what is new in it, as zip files."
DESCRIPTION = """\
Pack the release that the repository holds, or with --since only what is new since one that the
customer has, as a zip file or several. Each holds whole packages, the manifest and its signatures,
so that each can be checked by itself; `conda offline-repo unpack` takes them in any order. The same
release gives the same bytes. The repository is not changed."""
EPILOG = """\
examples:
  All of it, and what is new since the release that the customer has, on sticks:
    conda offline-repo pack G:\\repo\\halkbank -o halkbank.zip
    conda offline-repo pack G:\\repo\\halkbank -o halkbank.zip --since last/offline-repo.json \\
        --volume-size 4GB
  Through a data diode:
    conda offline-repo pack G:\\repo\\halkbank -o - | send-to-diode
"""


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `pack`."""
    from conda.cli import helpers

    from .output import add_path_argument

    helpers.add_parser_help(parser)
    add_path_argument(parser)
    parser.add_argument(
        "-o",
        "--output",
        dest="offline_repo_output",
        metavar="FILE",
        required=True,
        help="The zip file; of several, each has its number in the name: FILE.1-of-2.zip. A file "
        "that is there is replaced. With -: to the standard output, which has to be a pipe or a "
        "file.",
    )
    parser.add_argument(
        "--since",
        dest="offline_repo_since",
        metavar="RELEASE",
        help="Pack only what is new since this release: the number of one that is kept (build "
        "--keep), or its offline-repo.json, as the customer has it, a volume of it, or a folder "
        "with it. What is made can be unpacked onto that release only.",
    )
    parser.add_argument(
        "--volume-size",
        dest="offline_repo_volume_size",
        metavar="SIZE",
        help="Share it out to several files of at most this size, such as 4GB for sticks with the "
        "file system FAT32.",
    )
    add_label_option(parser)
    helpers.add_output_and_prompt_options(parser)


def execute(args: Namespace) -> int:
    """Pack, and print what is where."""
    import os
    import sys
    from pathlib import Path

    from conda.base.context import context

    from ..delivery.pack import pack, parse_size
    from ..delivery.since import since
    from ..delivery.source import from_folder
    from ..exceptions import InvalidRequestError
    from ..repository.locate import locate_one
    from .output import chatter_to_stderr
    from .progress import TerminalProgress
    from .report_delivery import report_packed

    repository = locate_one(Path(args.offline_repo_path).expanduser(), args.offline_repo_label)
    volume_size = args.offline_repo_volume_size and parse_size(args.offline_repo_volume_size)
    text, label = args.offline_repo_since, args.offline_repo_label
    known = since(text, label, repository.manifest) if text else None
    piped = args.offline_repo_output == "-"
    if piped and (volume_size or context.json or os.isatty(1)):
        raise InvalidRequestError(
            "The standard output takes one volume and nothing else, and is no terminal.",
            "Leave out --volume-size and --json, and send the output to a pipe or a file.",
        )
    source = from_folder(repository)
    with chatter_to_stderr():
        output = (
            os.fdopen(os.dup(1), "wb") if piped else Path(args.offline_repo_output).expanduser()
        )
        packed = pack(
            source, output, known, volume_size, TerminalProgress(), dry_run=context.dry_run
        )
    report_packed(packed, sys.stderr if piped else sys.stdout, dry_run=context.dry_run)
    return 0
