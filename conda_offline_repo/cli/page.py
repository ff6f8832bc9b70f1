"""The help of a verb, short enough to be read: our options in full, then conda's in a line each."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import TYPE_CHECKING

from . import parser as conda_options

if TYPE_CHECKING:
    from types import ModuleType

CONDA = "conda's options"
MORE = "`conda install --help` says more of them."


def parser_of(verb: ModuleType) -> ArgumentParser:
    """Return a parser that is there to be shown: the help of a verb, and its page of the manual."""
    parser = ArgumentParser(
        usage=verb.USAGE,
        description=verb.DESCRIPTION,
        epilog=verb.EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
        add_help=False,
    )
    verb.configure_parser(parser)
    group = parser.add_argument_group(CONDA, MORE)
    for flags, metavar, meaning in conda_options.shown(verb.CONDA):
        if metavar:
            group.add_argument(*flags, metavar=metavar, help=meaning)
        else:
            group.add_argument(*flags, action="store_true", help=meaning)
    group.add_argument("-h", "--help", action="store_true", help="Show this and exit.")
    return parser
