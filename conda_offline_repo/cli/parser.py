"""The parser of a verb: its own options, and those of conda's that it takes."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from importlib import import_module
from typing import TYPE_CHECKING

from conda.cli import helpers
from conda.cli.conda_argparse import ArgumentParser as CondaParser

from ..redaction import confined, in_play
from ..settings import environment_token

if TYPE_CHECKING:
    from argparse import Namespace, _ActionsContainer
    from types import ModuleType
    from typing import Any

#: Of an option that may be repeated, see `add_option`.
SEVERAL: dict[str, Any] = {"action": "append", "default": []}
#: The group of conda's options in a help, and what it says of them.
CONDA = "conda's options"
MORE = "`conda install --help` says more of them."
_JSON = (
    ("--json", None, "Print one JSON object."),
    ("-v --verbose", None, "Say more; -vvv for reports of faults."),
    ("-q --quiet", None, "Say less."),
)
#: How the help shows what conda's helpers add: flags, metavar, meaning. Each verb names, in its
#: `CONDA`, the helpers that it takes; older conda has not all of these. Options that few need
#: here are left out.
SHOWN: dict[str, tuple[tuple[str, str | None, str], ...]] = {
    "add_parser_channels": (
        ("-c --channel", "CHANNEL", "A channel, the publisher's first; repeat it for several."),
        ("--override-channels", None, "Leave the configured channels out."),
    ),
    "add_parser_prefix": (
        ("-n --name", "ENV", "The environment, by its name."),
        ("-p --prefix", "PATH", "The environment, by its path."),
    ),
    "add_parser_frozen_env": (
        ("--override-frozen", None, "Change the environment also if it is frozen."),
    ),
    "add_parser_solver": (("--solver", "NAME", "Another solver than the configured one."),),
    "add_parser_networking": (
        ("-k --insecure", None, "Do not check certificates."),
        ("--offline", None, "Ask no server, and take what conda's caches have."),
    ),
    "add_parser_json": _JSON,
    "add_output_and_prompt_options": (
        *_JSON,
        ("-d --dry-run", None, "Only say what would be done."),
        ("-y --yes", None, "Ask nothing."),
    ),
}


class VerbParser(CondaParser):
    """Parses packages before and after options, as in `use PATH -n ENV PACKAGE`, and shows a page.

    Args:
        name: of the verb: its module has USAGE, DESCRIPTION, EPILOG, CONDA, `configure_parser` and
            `execute`.
    """

    def __init__(self, name: str) -> None:
        verb = _module(name)
        super().__init__(prog=f"conda offline-repo {name}", usage=verb.USAGE)
        self._verb = name
        self._parsing = False
        verb.configure_parser(self)
        for helper in verb.CONDA:
            if hasattr(helpers, helper):
                getattr(helpers, helper)(self)
        self.set_defaults(offline_repo_action=self._execute)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """See `ArgumentParser.parse_known_args`."""
        if self._parsing:
            return super().parse_known_args(args, namespace)
        self._parsing = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._parsing = False

    def format_help(self) -> str:
        """Return the help of the verb, as `page_of` makes it."""
        return page_of(self._verb).format_help()

    def _execute(self, args: Namespace) -> int:
        token = getattr(args, "offline_repo_token", None)
        with confined(in_play(token, environment_token())):
            status: int = _module(self._verb).execute(args)
        return status


def page_of(name: str) -> ArgumentParser:
    """Return a parser to show: a verb's help and its page of the manual, short enough to be read.

    The verb's own options are shown in full, and then conda's in a line each.
    """
    verb = _module(name)
    parser = ArgumentParser(
        usage=verb.USAGE,
        description=verb.DESCRIPTION,
        epilog=verb.EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
        add_help=False,
    )
    verb.configure_parser(parser)
    group = parser.add_argument_group(CONDA, MORE)
    for helper in verb.CONDA:
        if hasattr(helpers, helper):
            for flags, metavar, meaning in SHOWN[helper]:
                value: Any = {"metavar": metavar} if metavar else {"action": "store_true"}
                group.add_argument(*flags.split(), help=meaning, **value)
    group.add_argument("-h", "--help", action="store_true", help="Show this and exit.")
    return parser


def _module(verb: str) -> ModuleType:
    return import_module(f"{__package__}.{verb}")


def add_option(
    group: _ActionsContainer, flags: str, metavar: str | None, text: str, **more: Any
) -> None:
    """Add an option or an argument.

    Its value is `offline_repo_NAME`, as conda reads its own settings from the others.

    Args:
        group: To which it is added.
        flags: As typed, the last one names it; of an argument, its name.
        metavar: What its value is called; None if it has no value.
        text: Its help.
        more: As for `add_argument`.
    """
    if metavar:
        more["metavar"] = metavar
    else:
        more["action"] = "store_true"
    names = flags.split()
    name = f"offline_repo_{names[-1].lstrip('-').replace('-', '_')}"
    if flags.startswith("-"):
        group.add_argument(*names, dest=name, help=text, **more)
    else:
        group.add_argument(name, help=text, **more)


def add_path_argument(parser: ArgumentParser) -> None:
    """Add PATH."""
    add_option(parser, "path", "PATH", "The repository, or the folder above it.")


def add_label_option(parser: ArgumentParser) -> None:
    """Add --label, for a folder with several repositories."""
    text = "Which repository, if the folder holds several."
    add_option(parser, "--label", "LABEL", text)


def add_older_option(parser: ArgumentParser) -> None:
    """Add --allow-older, for a target that has a newer release."""
    text = (
        "Bring TARGET to the release also if that is older than the one that it has, or of its "
        "number with other content."
    )
    add_option(parser, "--allow-older", None, text)
