"""conda's own options: each verb names, in `CONDA`, the helpers of conda's that add them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterable

_JSON = (
    ("--json", None, "Print one JSON object."),
    ("-v --verbose", None, "Say more; -vvv for reports of faults."),
    ("-q --quiet", None, "Say less."),
)
#: How the help shows them: flags, metavar, meaning. Those that few need here are left out.
SHOWN = {
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


def add(parser: ArgumentParser, names: Iterable[str]) -> None:
    """Add the options of conda's helpers; older conda has not all of these."""
    from conda.cli import helpers

    for name in names:
        if helper := getattr(helpers, name, None):
            helper(parser)


def shown(names: Iterable[str]) -> Iterable[tuple[list[str], str | None, str]]:
    """Yield flags, metavar and meaning of those options of conda's helpers that help shows."""
    from conda.cli import helpers

    for name in names:
        if hasattr(helpers, name):
            for flags, metavar, meaning in SHOWN[name]:
                yield flags.split(), metavar, meaning
