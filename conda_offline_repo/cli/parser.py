"""What the parsers of all verbs share: their own options, and those of conda's that they take."""

from __future__ import annotations

import re
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter, _ActionsContainer
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda.cli import helpers

from ..files.typed import typed_path
from ..redaction import confined, in_play
from ..repository.names import check_written
from ..settings import environment_token

if TYPE_CHECKING:
    from types import ModuleType

#: The group of conda's options in a help, and its description.
CONDA = "conda's options"
MORE = "See `conda install --help` for details."
LABEL = {"--label LABEL": "The repository to take, if the folder holds several."}
PATH = {"PATH": "The repository, or the folder above it, or its URL."}
#: For a target that has a newer release.
OLDER = {
    "--allow-older": """Also if TARGET has a newer release, or one of the same number with other
        content."""
}
#: For a target that others have signed.
TRUST = {
    "--trust FINGERPRINT ...": """This key (SHA256:...) is the vendor's, whatever TARGET and this
        machine's environments that use it expected until now. Repeat it for several."""
}
#: Its lines have times, and no secrets.
LOG = {"--log FILE": "Append to this file what is done, for support."}
_JSON = {
    "--json": "Print one JSON object.",
    "-v --verbose": "Print more; -vvv for error reports.",
    "-q --quiet": "No progress.",
}
#: How the help shows what conda's helpers add. Each verb names, in its `CONDA`, the helpers that it
#: takes; older conda has not all of these. Options that few need here are left out.
SHOWN = {
    "add_parser_channels": {
        "-c --channel CHANNEL": "A channel, the publisher's first; repeat it for several.",
        "--override-channels": "Do not use the configured channels.",
    },
    "add_parser_prefix": {
        "-n --name ENV": "The name of the environment.",
        "-p --prefix PATH": "The path of the environment.",
    },
    "add_parser_platform": {"--subdir --platform SUBDIR": "The platform of a new environment."},
    "add_parser_frozen_env": {"--override-frozen": "Change the environment even if it is frozen."},
    "add_parser_solver": {"--solver NAME": "Use this solver, not the configured one."},
    "add_parser_networking": {
        "-k --insecure": "Do not check certificates.",
        "--offline": "Use no network, only what conda has in its caches.",
    },
    "add_parser_json": _JSON,
    "add_output_and_prompt_options": {
        **_JSON,
        "-q --quiet": "No progress, and a line for each change.",
        "-d --dry-run": "Only show what would be done.",
        "-y --yes": "Do not ask for confirmation.",
    },
}


def configure(parser: ArgumentParser, verb: str) -> None:
    """Add the options of a verb, and those of conda's that it takes."""
    module = _module(verb)
    parser.usage = module.USAGE
    module.configure_parser(parser)
    for helper in module.CONDA:
        if hasattr(helpers, helper):
            getattr(helpers, helper)(parser)
    helpers.add_parser_help(parser)


def page_of(verb: str, *, of_any_conda: bool = False) -> ArgumentParser:
    """Return a parser to show: a verb's help and its page of the manual, short enough to be read.

    The verb's own options are shown in full, and then conda's in a line each.

    Args:
        of_any_conda: Whether to show options of conda that this one does not have.
    """
    module = _module(verb)
    parser = ArgumentParser(
        usage=module.USAGE,
        description=module.DESCRIPTION,
        epilog=module.EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
        add_help=False,
    )
    module.configure_parser(parser)
    group = parser.add_argument_group(CONDA, MORE)
    for helper in module.CONDA:
        if of_any_conda or hasattr(helpers, helper):
            add_options(group, SHOWN[helper])
    add_options(group, {"-h --help": "Show this help and exit."})
    return parser


def run(verb: str, args: Namespace) -> int:
    """Run a verb, with no secret in what is printed meanwhile, and return its exit status."""
    with confined(in_play(getattr(args, "offline_repo_token", None), environment_token())):
        module = _module(verb)
        if (file := getattr(args, "offline_repo_log", None)) is not None:
            from .log import run_logged

            return run_logged(lambda: module.execute(args), written_path(file))
        status: int = module.execute(args)
    return status


def written_path(text: str) -> Path:
    """Return the absolute path, as somebody types it, of what is to be written.

    Raises:
        InvalidRequestError: It is none, or a part of it is no name on Windows.
    """
    path = typed_path(text).absolute()
    check_written(path)
    return path


def _module(verb: str) -> ModuleType:
    return import_module(f"{__package__}.{verb}")


def add_options(group: _ActionsContainer, options: Mapping[str, str], **more: Any) -> None:
    """Add options and arguments, whose values are `offline_repo_NAME`: the rest is conda's own.

    Args:
        group: To which they are added.
        options: The help of each by its usage: flags, of which the last is its name, and the value
            that it takes, as in `-o --output FILE`; an argument, as in `PATH`. In brackets what may
            be left out; an option's value is empty then. `...` stands for several, N for a number.
        more: As for `add_argument`.
    """
    for usage, text in options.items():
        words = re.sub(r"\[([A-Z]+(?: \.\.\.)?)\]$", r"\1", usage).split()
        flags = [word for word in words if word.startswith("-")]
        several, optional = words[-1] == "...", usage.endswith("]")
        values = words[len(flags) : len(words) - several]
        name = f"offline_repo_{(flags or values)[-1].lstrip('-').replace('-', '_').lower()}"
        settings: dict[str, Any] = {"help": " ".join(text.split())}
        if values:
            settings |= {"metavar": values[0], "type": int if values == ["N"] else str}
        if flags and several:
            settings |= {"action": "append", "default": []}
        elif several:
            settings |= {"nargs": "*", "default": []} if optional else {"nargs": "+"}
        elif not values:
            settings["action"] = "store_true"
        elif optional:
            settings |= {"nargs": "?", **({"const": ""} if flags else {})}
        if flags:
            settings["dest"] = name
        group.add_argument(*flags or [name], **settings, **more)
