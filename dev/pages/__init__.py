"""What pages of docs/ have from the code and the schemas, and their tables of contents in Sphinx.

The parts of pages that are made stand in them, between `<!-- command build -->` and `<!-- end -->`,
so that they are read on any Git host. `python3 dev/bootstrap.py run python -m dev.pages` makes them
anew; a test sees that they are up to date.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from dev.pages.commands import command
from dev.pages.errors import errors
from dev.pages.schemas import schema

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

DOCS = Path(__file__).parents[2] / "docs"
#: What makes a part, by the first word of its mark; the others are its arguments.
MAKERS: dict[str, Callable[..., str]] = {"command": command, "errors": errors, "schema": schema}
PART = re.compile(
    rf"(<!-- ({'|'.join(MAKERS)})((?: [^\s>]+)*) -->\n).*?(<!-- end -->\n)", re.DOTALL
)
#: A page of pages, which lists them.
LISTING = re.compile(r"(.*/)?(index|commands)")
LISTED = re.compile(r"^(?:- |\| )\[[^\]]*\]\(([\w/-]+)\.md\)", re.MULTILINE)


def made(text: str) -> str:
    """A page with its parts made anew."""
    return PART.sub(
        lambda part: f"{part[1]}\n{MAKERS[part[2]](*part[3].split()).strip()}\n\n{part[4]}", text
    )


def setup(app: Any) -> dict[str, Any]:
    """Give Sphinx the table of contents of a page of pages: what its list or table leads to."""

    def add_toctree(_: Any, name: str, source: list[str]) -> None:
        if LISTING.fullmatch(name):
            names = "\n".join(LISTED.findall(source[0]))
            source[0] += f"\n```{{toctree}}\n:hidden:\n\n{names}\n```\n"

    app.connect("source-read", add_toctree)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
