"""docs/how-to/trouble.md names every error that a customer may meet, by today's message."""

from __future__ import annotations

import ast
import inspect
import re
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from conda_offline_repo.exceptions import OfflineRepoError
from tests.support.proposals import GAP, PACKAGE, text_of

PAGE = (Path(__file__).parents[2] / "docs/how-to/trouble.md").read_text("utf-8")
#: Where the errors that reach the customer stand.
MODULES = (
    *("", ".customer", ".customer.hooks", ".customer.trust", ".delivery"),
    *(".audit", ".queries", ".repository", ".repository.publication"),
)
#: A message and the errors that say so: a heading with the text below it.
ENTRIES = re.compile(r"^### (.+)\n+\[([\w, ]+)\]", re.MULTILINE)


def errors() -> set[str]:
    """The names of the errors that reach the customer."""
    names = set()
    for name in MODULES:
        module = import_module(f"conda_offline_repo{name}.exceptions")
        names |= {
            error.__name__
            for _, error in inspect.getmembers(module, inspect.isclass)
            if issubclass(error, OfflineRepoError) and error.__module__ == module.__name__
        }
    return names - {OfflineRepoError.__name__}


def named() -> set[str]:
    """The names of the errors on the page."""
    return {name for _, names in ENTRIES.findall(PAGE) for name in names.split(", ")}


@cache
def texts() -> list[str]:
    """All texts of the source but docstrings, which no user sees."""
    return [
        text
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if (text := text_of(node)) and "\n\n" not in text
    ]


def pieces(heading: str) -> list[str]:
    """What stands between the gaps of a message on the page, as it is said by the code."""
    message = re.sub(r"^`+ ?| ?`+$", "", heading)
    return [piece for part in message.split(GAP) if (piece := part.strip(" .:"))]


def test_page_names_every_error_and_no_other() -> None:
    assert named() == errors()


@pytest.mark.parametrize("heading", [heading for heading, _ in ENTRIES.findall(PAGE)])
def test_message_is_said(heading: str) -> None:
    pattern = re.compile(".*?".join(map(re.escape, pieces(heading))), re.DOTALL)
    assert any(pattern.search(text) for text in texts()), pattern.pattern
