"""The command line of `conda offline-repo`, one module a verb.

conda builds this parser on every start, so nothing is imported here that a verb needs only when it
runs.
"""

from __future__ import annotations

from argparse import Action, RawDescriptionHelpFormatter
from typing import TYPE_CHECKING

from . import build, diff, pack, sbom, show, sync, unpack, use, verify
from . import parser as conda_options

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction
    from types import ModuleType
    from typing import Any

SUMMARY = "Build, ship and use conda channels for machines without internet."
USAGE = "conda offline-repo COMMAND [options]"
EPILOG = """\
examples:
  conda offline-repo build --label halkbank -c acme --platform win-64 rating
  conda offline-repo sync halkbank E:\\halkbank
  conda offline-repo use E:\\halkbank -n rating
"""
VERBS = {
    "build": build,
    "sync": sync,
    "pack": pack,
    "unpack": unpack,
    "use": use,
    "verify": verify,
    "show": show,
    "sbom": sbom,
    "diff": diff,
}


class VerbMixin:
    """Parses packages before and after options, as in `use PATH -n ENV PACKAGE`, and shows a page.

    Mixed into the class of conda's own parser, which is not known before; so the types are not.
    """

    verb: ModuleType
    _parsing = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """See `ArgumentParser.parse_known_args`."""
        if self._parsing:
            return super().parse_known_args(args, namespace)  # type: ignore[misc]
        self._parsing = True
        try:
            return self.parse_known_intermixed_args(args, namespace)  # type: ignore[attr-defined]
        finally:
            self._parsing = False

    def format_help(self) -> str:
        """Return the help of the verb."""
        from .page import parser_of

        return parser_of(self.verb).format_help()


class _Version(Action):
    """Prints the plugin's version."""

    def __call__(self, parser: ArgumentParser, *_: Any) -> None:
        from importlib.metadata import version

        print(f"conda-offline-repo {version('conda-offline-repo')}")
        parser.exit()


def configure_parser(parser: ArgumentParser) -> None:
    """Add the verbs and their options."""
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.usage = USAGE
    parser.epilog = EPILOG
    parser.add_argument(
        "--version", action=_Version, nargs=0, help="Show the plugin's version and exit."
    )
    verbs: _SubParsersAction[Any] = parser.add_subparsers(
        title="commands, each with a --help of its own",
        dest="offline_repo_verb",
        metavar="COMMAND",
        prog="conda offline-repo",
        parser_class=type("VerbParser", (VerbMixin, type(parser)), {}),
    )
    for name, verb in VERBS.items():
        add_verb(verbs, name, verb)
    parser.set_defaults(offline_repo_action=None, offline_repo_help=parser.print_help)


def add_verb(verbs: _SubParsersAction[Any], name: str, verb: ModuleType) -> ArgumentParser:
    """Add the parser of a verb, with its own options and those of conda that it takes."""
    from conda.cli.helpers import add_parser_help

    parser = verbs.add_parser(name, help=verb.HELP, usage=verb.USAGE, add_help=False)
    parser.verb = verb
    add_parser_help(parser)
    verb.configure_parser(parser)
    conda_options.add(parser, verb.CONDA)
    parser.set_defaults(offline_repo_action=verb.execute)
    return parser


def execute(args: Namespace) -> int:
    """Run the verb that was typed; without one, print the help."""
    if args.offline_repo_action is None:
        args.offline_repo_help()
        return 0
    import os

    from ..redaction import confined, in_play
    from ..settings import TOKEN_VARIABLE

    token = getattr(args, "offline_repo_token", None)
    with confined(in_play(token, os.environ.get(TOKEN_VARIABLE))):
        status: int = args.offline_repo_action(args)
    return status
