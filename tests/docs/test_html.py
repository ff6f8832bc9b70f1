"""The pages as a browser has them."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.cli import VERBS
from conda_offline_repo.cli.parser import page_of
from tests.docs.markdown import DOCS, REPOSITORY, pages

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("conda_sphinx_theme", reason="the pages are made with Python 3.11 and newer")

#: What a browser loads by itself, in pages and in styles; links are for the reader to follow.
LOADED = re.compile(
    r"<(?:script|img|iframe|source|video|audio|embed|object)\b[^>]*\b(?:src|data)=[\"']([^\"']*)"
    r"|<link\b(?![^>]*rel=[\"'](?:next|prev|index|search|canonical))[^>]*\bhref=[\"']([^\"']*)"
    r"|url\(\s*[\"']?([^)\"']*)"
    r"|@import\s+[\"']([^\"']*)"
)


def loaded(content: str) -> set[str]:
    """The addresses of what is loaded."""
    return {next(filter(None, groups), "") for groups in LOADED.findall(content)}


def is_remote(address: str) -> bool:
    return re.match(r"\w+:(?!image/|font/)|//", address) is not None and not address.startswith(
        "data:"
    )


def test_what_is_loaded_is_seen() -> None:
    content = (
        '<script async src="https://a/x.js"></script><link href="//b/y.css" rel="stylesheet">'
        "<img src='z.png'> @import 'https://c/z.css'; src: url(https://d/f.woff) "
        '<a href="https://e">e</a><link rel="next" href="https://f">'
    )
    addresses = loaded(content)
    assert {address for address in addresses if is_remote(address)} == {
        *("https://a/x.js", "//b/y.css", "https://c/z.css", "https://d/f.woff")
    }


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages, made without a warning."""
    folder = tmp_path_factory.mktemp("html")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", DOCS, folder],
        capture_output=True,
        cwd=REPOSITORY,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return folder


def test_pages_are_made_and_load_nothing_of_the_network(html: Path) -> None:
    for page in pages():
        assert (html / page.relative_to(DOCS).with_suffix(".html")).exists(), page
    for path in html.rglob("*"):
        if path.suffix in (".html", ".css"):
            addresses = loaded(path.read_text("utf-8"))
            assert [address for address in addresses if is_remote(address)] == [], path
    for verb in VERBS:
        text = (html / "reference" / "commands" / f"{verb}.html").read_text("utf-8")
        assert not re.search("\N{EN DASH}[a-z]", text), f"{verb}: an option lost its hyphens"
        for option in page_of(verb)._option_string_actions:
            assert option in text or option == "--help" or len(option) == 2, f"{verb} {option}"
