"""`conda offline-repo pack`: a release, or what is new in it, as files for sticks and diodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .parser import add_label_option, add_path_argument

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

USAGE = "conda offline-repo pack PATH -o FILE [options]"
DESCRIPTION = """\
Pack the release of a repository as a zip file or several, each of which can be
checked by itself; `conda offline-repo unpack` takes them in any order. The
same release gives the same bytes."""
EPILOG = """\
examples:
  conda offline-repo pack G:\\repo\\halkbank -o halkbank.zip --volume-size 4GB
  conda offline-repo pack G:\\repo\\halkbank -o new.zip --since 3
  conda offline-repo pack G:\\repo\\halkbank -o - | send-to-diode
"""
CONDA = ("add_output_and_prompt_options",)


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `pack`."""
    add_path_argument(parser)
    parser.add_argument(
        "-o",
        "--output",
        dest="offline_repo_output",
        metavar="FILE",
        required=True,
        help="The zip file, which is replaced if it is there; of several, FILE.1-of-2.zip and so "
        "on. With -: the standard output.",
    )
    parser.add_argument(
        "--since",
        dest="offline_repo_since",
        metavar="RELEASE",
        help="Pack only what is new since this release: the number of one that is kept, its "
        "offline-repo.json, a volume of it, or a folder with it.",
    )
    parser.add_argument(
        "--volume-size",
        dest="offline_repo_volume_size",
        metavar="SIZE",
        help="Share it out to files of at most this size, such as 4GB.",
    )
    add_label_option(parser)


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
    from .report_delivery import report_packed
    from .terminal import TerminalProgress

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
