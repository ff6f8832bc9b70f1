"""Texts of the code as Markdown."""

from __future__ import annotations

import re
from textwrap import fill

#: Columns of a page.
WIDTH = 118


def prose(text: str, indent: str = "", start: str = "") -> str:
    """A text, whose pieces of code stand between backticks, as lines of Markdown.

    Args:
        text: In any lines.
        indent: Of all lines.
        start: Of the first, such as `- `; the others are aligned with it.
    """
    pieces = text.split("`")
    pieces[::2] = [re.sub(r"([\\*_<\[\]])", r"\\\1", piece) for piece in pieces[::2]]
    return fill(
        "`".join(pieces),
        WIDTH,
        initial_indent=indent + start,
        subsequent_indent=indent + " " * len(start),
        break_long_words=False,
        break_on_hyphens=False,
    )


def literal(text: str) -> str:
    """Lines as they stand."""
    return f"```text\n{text}\n```"
