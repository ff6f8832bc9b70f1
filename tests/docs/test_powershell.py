"""The scripts of the pages for PowerShell, as far as a parser sees them."""

from __future__ import annotations

import pytest

from tests.docs.markdown import DOCS, Fence, pages, read

SCRIPTS = [
    pytest.param(part.content, id=f"{page.relative_to(DOCS).as_posix()}:{part.line}")
    for page in pages()
    for part in read(page.read_text("utf-8"))
    if isinstance(part, Fence) and part.language == "powershell"
]


def has_error(script: str) -> bool:
    powershell = pytest.importorskip("tree_sitter_powershell", reason="the parser is not here")
    tree_sitter = pytest.importorskip("tree_sitter", reason="the parser is not here")
    language = tree_sitter.Language(powershell.language())
    return bool(tree_sitter.Parser(language).parse(script.encode()).root_node.has_error)


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_can_be_read(script: str) -> None:
    assert not has_error(script)


def test_a_wrong_script_is_seen() -> None:
    assert has_error("if (-not (Test-Path 'x') { exit 0 }\n")
