"""The command line of `conda offline-repo`, one module a verb.

conda builds this parser on every start, so nothing is imported here that a verb needs only when it
runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..cli import (
    main_build,
    main_diff,
    main_pack,
    main_sbom,
    main_show,
    main_sync,
    main_unpack,
    main_use,
    main_verify,
)

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction
    from typing import Any

SUMMARY = "Build, verify and use self-contained conda channels for machines without internet."
EPILOG = """\
A vendor builds the repository of a customer's label, and copies what is new of it to a stick:

    conda offline-repo build --label halkbank -c prometeia --platform win-64 ratingpro
    conda offline-repo sync halkbank E:\\halkbank

The customer copies it on, and makes an environment install and update from the folder alone:

    conda offline-repo sync E:\\halkbank X:\\repo\\halkbank
    conda offline-repo use X:\\repo -n rating

`conda offline-repo COMMAND --help` shows the options of a command.
"""


class _Intermixed:
    """Lets packages stand before and after options, as in `use PATH -n ENV PACKAGE`.

    Mixed into the class of conda's own parser, which is not known before; so the types are not.
    """

    _parsing = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        if self._parsing:
            return super().parse_known_args(args, namespace)  # type: ignore[misc]
        self._parsing = True
        try:
            return self.parse_known_intermixed_args(args, namespace)  # type: ignore[attr-defined]
        finally:
            self._parsing = False


def configure_parser(parser: ArgumentParser) -> None:
    """Add the verbs and their options."""
    from argparse import RawDescriptionHelpFormatter

    parser.formatter_class = RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    verbs: _SubParsersAction[Any] = parser.add_subparsers(
        title="commands",
        dest="offline_repo_verb",
        metavar="COMMAND",
        parser_class=type("VerbParser", (_Intermixed, type(parser)), {}),
    )
    for name, verb in (
        ("build", main_build),
        ("sync", main_sync),
        ("pack", main_pack),
        ("unpack", main_unpack),
        ("use", main_use),
        ("verify", main_verify),
        ("show", main_show),
        ("sbom", main_sbom),
        ("diff", main_diff),
    ):
        sub = verbs.add_parser(
            name,
            help=verb.HELP,
            description=verb.DESCRIPTION,
            epilog=verb.EPILOG,
            formatter_class=RawDescriptionHelpFormatter,
            add_help=False,
        )
        verb.configure_parser(sub)
        sub.set_defaults(offline_repo_action=verb.execute)
    parser.set_defaults(offline_repo_action=None, offline_repo_help=parser.print_help)


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
