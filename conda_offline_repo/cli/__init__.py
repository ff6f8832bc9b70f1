"""The command line of `conda offline-repo`, one module a verb.

conda calls `configure_parser` on every start, so this module knows no more of a verb than its name
and a line of help. What a verb needs is imported, and its parser made, when the verb is typed.
"""

from __future__ import annotations

from argparse import Action, ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator
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
    "build": "Make or refresh the repository of a label, or of many.",
    "sync": "Copy a repository, or what is new in it, to another folder.",
    "pack": "Pack a repository, or what is new in it, as zip files.",
    "unpack": "Bring a folder to the release in such zip files.",
    "use": "Make an environment install from a repository alone, offline.",
    "verify": "Check every file of a repository against its manifest.",
    "show": "Show what a repository is for and holds.",
    "sbom": "Write bills of materials (CycloneDX).",
    "diff": "Show what changes from one release to another.",
}


class _Parsers(Mapping[str, ArgumentParser]):
    """The parsers of the verbs; a parser is made when somebody asks for it."""

    def __init__(self) -> None:
        self._made: dict[str, ArgumentParser] = {}

    def __getitem__(self, verb: str) -> ArgumentParser:
        if verb in VERBS and verb not in self._made:
            from .parser import VerbParser

            self._made[verb] = VerbParser(verb)
        return self._made[verb]

    def __iter__(self) -> Iterator[str]:
        return iter(VERBS)

    def __len__(self) -> int:
        return len(VERBS)


class _Version(Action):
    """Prints the plugin's version."""

    def __call__(self, parser: ArgumentParser, *_: Any) -> None:
        print(f"conda-offline-repo {version('conda-offline-repo')}")
        parser.exit()


def configure_parser(parser: ArgumentParser) -> None:
    """Add the verbs to the parser that conda made for `conda offline-repo`."""
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.usage = USAGE
    parser.epilog = EPILOG
    parser.add_argument(
        "--version", action=_Version, nargs=0, help="Show the plugin's version and exit."
    )
    verbs = parser.add_subparsers(
        title="commands, each with a --help of its own", dest="offline_repo_verb", metavar="COMMAND"
    )
    # add_parser() of argparse would make the parsers now; this is what it does besides
    verbs.choices = verbs._name_parser_map = _Parsers()  # type: ignore[assignment]
    verbs._choices_actions += (
        verbs._ChoicesPseudoAction(verb, [], text) for verb, text in VERBS.items()
    )
    parser.set_defaults(offline_repo_action=lambda _: parser.print_help())


def execute(args: Namespace) -> int:
    """Run the verb that was typed; without one, print the help."""
    return args.offline_repo_action(args) or 0
