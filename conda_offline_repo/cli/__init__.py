"""The command line of `conda offline-repo`, one module a verb.

conda calls `configure_parser` on every start, so this module knows no more of a verb than its name
and a line of help. A verb's module is imported, and its options are added, when they are needed.
"""

from __future__ import annotations

import sys
from argparse import Action, Namespace
from importlib.metadata import version
from typing import Any

from conda.cli.conda_argparse import ArgumentParser

SUMMARY = "Build, ship and use conda channels for machines without internet."
USAGE = "conda offline-repo COMMAND [options]"
EPILOG = """\
examples:
  conda offline-repo build --label halkbank -c acme --platform win-64 rating
  conda offline-repo sync halkbank E:\\halkbank
  conda offline-repo use E:\\halkbank -n rating
"""
VERBS = {
    "build": "Create or update the repository of one label or many.",
    "sync": "Copy a repository, or what is new in it, to another folder.",
    "pack": "Pack a repository, or what is new in it, into zip files.",
    "unpack": "Update a folder to the release in such zip files.",
    "use": "Make an environment install from a repository alone, offline.",
    "verify": "Check every file of a repository against its manifest.",
    "show": "Show what a repository is for and what it holds.",
    "sbom": "Write bills of materials (CycloneDX).",
    "diff": "Show what changes from one release to another.",
}


def print_message(message: str, file: Any = None) -> None:
    """Print a text of argparse, to stderr for want of a file; see `ArgumentParser`.

    If the reader is gone, Python's own flush at its end would fail, with the status 120.
    """
    from ..streams import FilteredStream

    if stream := file or sys.stderr:
        unfailing = FilteredStream(stream, str)
        unfailing.write(message)
        unfailing.flush()


class VerbParser(ArgumentParser):
    """Parses arguments before and after options, as in `use PATH -n ENV PACKAGE`.

    Args:
        verb: Its module has the options, which are added when something is parsed or shown.
        options: As for `argparse.ArgumentParser`.
    """

    def __init__(self, *, verb: str, **options: Any) -> None:
        super().__init__(**options)
        self._verb = verb
        self._configured = self._parsing = False
        self._print_message = print_message

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """See `ArgumentParser.parse_known_args`."""
        if self._parsing:  # parse_known_intermixed_args() calls this again
            return super().parse_known_args(args, namespace)
        self._configure()
        self._parsing = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._parsing = False

    def format_help(self) -> str:
        """Return the help of the verb, which shows of conda's options only the useful ones."""
        from .parser import page_of

        self._configure()
        return page_of(self._verb).format_help()

    def _configure(self) -> None:
        if not self._configured:
            from .parser import configure

            configure(self, self._verb)
            self._configured = True


class _Version(Action):
    """Prints the plugin's version."""

    def __call__(self, parser: Any, *_: Any) -> None:
        print_message(f"conda-offline-repo {version('conda-offline-repo')}\n", sys.stdout)
        parser.exit()


def configure_parser(parser: ArgumentParser) -> None:
    """Add the verbs to the parser that conda made for `conda offline-repo`."""
    parser.usage = USAGE
    parser.epilog = EPILOG
    parser._print_message = print_message
    parser.add_argument(
        "--version", action=_Version, nargs=0, help="Show the plugin's version and exit."
    )
    verbs = parser.add_subparsers(
        title="commands, each with its own --help",
        dest="offline_repo_verb",
        metavar="COMMAND",
        prog=parser.prog,
        parser_class=VerbParser,
    )
    for verb, text in VERBS.items():
        verbs.add_parser(verb, help=text, add_help=False, verb=verb)
    parser.set_defaults(offline_repo_help=parser.print_help)


def execute(args: Namespace) -> int:
    """Run the verb and return its exit status; without a verb, print the help."""
    if args.offline_repo_verb is None:
        args.offline_repo_help()
        return 0
    from .parser import run

    return run(args.offline_repo_verb, args)
