"""`command VERB`: what `conda offline-repo VERB --help` says, as a part of a page."""

from __future__ import annotations

import argparse
from textwrap import dedent
from typing import TYPE_CHECKING

from conda_offline_repo.cli.parser import page_of
from dev.pages.texts import literal, prose

if TYPE_CHECKING:
    from collections.abc import Iterator


def command(verb: str) -> str:
    """What a verb does, its options, examples."""
    parser = page_of(verb, of_any_conda=True)
    usage = parser.format_usage().removeprefix("usage: ").strip()
    parts = [*map(prose, (parser.description or "").split("\n\n"))]
    parts.append(literal("\n".join(line.strip() for line in usage.splitlines())))
    for group in parser._action_groups:
        if shown := [*options(group)]:
            parts += [f"## {(group.title or '').capitalize()}", "\n".join(map(option, shown))]
    _, _, examples = (parser.epilog or "").partition("\n")
    return "\n\n".join([*parts, "## Examples", literal(dedent(examples).rstrip())])


def options(group: argparse._ArgumentGroup) -> Iterator[argparse.Action]:
    """The options and arguments of a group that its help shows."""
    for action in group._group_actions:
        if action.help != argparse.SUPPRESS and "--help" not in action.option_strings:
            yield action


def option(action: argparse.Action) -> str:
    """An option as one writes it, with its value, and what it does."""
    value = action.metavar or action.dest.upper()
    if action.nargs in ("*", "+"):
        value = f"{value} …"
    written = ", ".join(action.option_strings) + (f" {value}" if action.nargs != 0 else "")
    help = (action.help or "") % {**vars(action), "prog": "conda"}
    return prose(f"`{written.strip()}`: {help}", start="- ")
