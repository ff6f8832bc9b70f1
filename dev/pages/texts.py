"""Sentences with pieces of code, as nodes of a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator


def inline(text: str) -> Iterator[nodes.Node]:
    """A text whose pieces of code stand between backticks."""
    for number, piece in enumerate(text.split("`")):
        yield nodes.literal("", piece) if number % 2 else nodes.Text(piece)


def literal(text: str) -> nodes.Node:
    """Lines as they stand."""
    return nodes.literal_block(text, text, language="text")
