"""``{command} VERB``: what `conda offline-repo VERB --help` says, as a part of a page."""

from __future__ import annotations

import argparse
from textwrap import dedent
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from conda_offline_repo.cli.parser import page_of
from dev.pages.texts import inline, literal

if TYPE_CHECKING:
    from collections.abc import Iterator


def options(group: argparse._ArgumentGroup) -> Iterator[argparse.Action]:
    """The options and arguments of a group that its help shows."""
    for action in group._group_actions:
        if action.help != argparse.SUPPRESS and "--help" not in action.option_strings:
            yield action


def written(action: argparse.Action) -> str:
    """An option as one writes it, with its value."""
    names = ", ".join(action.option_strings)
    if action.nargs == 0:
        return names
    value = action.metavar or action.dest.upper()
    if action.nargs in ("*", "+"):
        value = f"{value} …"
    return f"{names} {value}".strip()


class CommandDirective(SphinxDirective):
    """Describes one verb: what it does, its options, examples."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        (verb,) = self.arguments
        self.env.note_dependency(f"conda_offline_repo/cli/{verb}.py")
        parser = page_of(verb)
        content: list[nodes.Node] = [*_text(parser.description or "")]
        usage = parser.format_usage().removeprefix("usage: ").strip()
        content.append(literal("\n".join(line.strip() for line in usage.splitlines())))
        for group in parser._action_groups:
            if shown := [*options(group)]:
                content.append(nodes.rubric("", (group.title or "").capitalize()))
                content.append(nodes.definition_list("", *map(self._option, shown)))
        _, _, examples = (parser.epilog or "").partition("\n")
        content += [nodes.rubric("", "Examples"), literal(dedent(examples).rstrip())]
        return content

    def _option(self, action: argparse.Action) -> nodes.Node:
        name = (action.option_strings or [str(action.metavar)])[-1].lstrip("-").lower()
        anchor = nodes.make_id(f"option-{name}")
        term = nodes.term("", "", nodes.literal("", written(action)), ids=[anchor])
        help = (action.help or "") % {**vars(action), "prog": "conda"}
        return nodes.definition_list_item(
            "", term, nodes.definition("", nodes.paragraph("", "", *inline(help)))
        )


def _text(text: str) -> Iterator[nodes.Node]:
    for paragraph in text.split("\n\n"):
        yield nodes.paragraph("", "", *inline(" ".join(paragraph.split())))
