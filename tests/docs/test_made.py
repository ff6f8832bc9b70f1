"""Pages as a Git host shows them: nothing of Sphinx alone, and what is made of the code is made."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from dev.pages import DOCS, made
from tests.docs.markdown import REPOSITORY, pages, tokens

if TYPE_CHECKING:
    from pathlib import Path

each_page = pytest.mark.parametrize(
    "page", pages(), ids=lambda page: page.relative_to(DOCS).as_posix()
)
AGAIN = "python3 dev/bootstrap.py run python -m dev.pages"


@each_page
def test_parts_are_as_the_code_and_the_schemas_say(page: Path) -> None:
    text = page.read_text("utf-8")
    assert made(text) == text, f"run `{AGAIN}`"


def test_part_that_is_not_up_to_date() -> None:
    page = "# A\n\n<!-- command sync -->\n\nold\n\n<!-- end -->\n\nB\n"
    assert made(page).startswith("# A\n\n<!-- command sync -->\n\nBring the folder TARGET to")
    assert made(page).endswith("\n\n<!-- end -->\n\nB\n")
    assert made(made(page)) == made(page)


@pytest.mark.parametrize(
    "page",
    [*pages(), *REPOSITORY.glob("*.md")],
    ids=lambda page: page.relative_to(REPOSITORY).as_posix(),
)
def test_nothing_is_for_sphinx_alone_or_left_of_a_merge(page: Path) -> None:
    text = page.read_text("utf-8")
    assert not re.findall(r"^(?:<<<<<<<|>>>>>>>) .*", text, re.MULTILINE)
    for token in tokens(text):
        line = token.map[0] + 1 if token.map else 0
        assert not token.info.startswith("{"), f"line {line}: a directive"
        shown = re.sub("<!--.*?-->", "", token.content, flags=re.DOTALL).strip()
        assert token.type != "html_block" or not shown, f"line {line}: {shown!r} is shown"
        if token.type == "inline":
            odd = re.search(r"^(%|:::|\(\S+\)=$)|(?<!\$)\{\w+\}`", token.content, re.MULTILINE)
            assert not odd, f"line {line}: {odd and odd[0]!r}"
