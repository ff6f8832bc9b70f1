"""What pages point to: each other, the code, and the world."""

from __future__ import annotations

import ast
import re
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from conda.base.context import context

from conda_offline_repo import settings
from conda_offline_repo.builder.release import try_install
from tests.docs.markdown import DOCS, REPOSITORY, pages, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from markdown_it.token import Token

CODE = REPOSITORY / "conda_offline_repo"
OTHERS = [REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
#: Other names that stand in capitals in such modules.
NO_VARIABLES = {"METADATA", "PACKAGE", "PASSWORD", "SHA256SUMS", "UMASK", "USERNAME"}
#: Variables that are set or handed on to processes, and that nobody sets for us.
HANDED_ON = {
    *("CONDA", "CONDA_ENVS_DIRS", "CONDA_OFFLINE", "CONDA_PKGS_DIRS", "CONDA_PREFIX"),
    *("CONDA_SOLVER", "PATH", *try_install.HOMES, *try_install.INHERITED),
}
SETTINGS = DOCS / "reference" / "settings.md"
each_page = pytest.mark.parametrize(
    "page", [*pages(), *OTHERS], ids=lambda page: page.relative_to(REPOSITORY).as_posix()
)


def inner(text: str) -> Iterator[Token]:
    for token in tokens(text):
        yield from token.children or ()


def links(page: Path) -> list[str]:
    attributes = [token.attrs for token in inner(page.read_text("utf-8")) if token.attrs]
    return [str(attrs[name]) for attrs in attributes for name in ("href", "src") if name in attrs]


@cache
def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as they are made by GitHub and by MyST."""
    blocks = tokens(page.read_text("utf-8"))
    names = set()
    for before, token in pairwise(blocks):
        if before.type == "heading_open":
            heading = "".join(child.content for child in token.children or ())
            names.add(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-"))
    return names


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        parts = urlsplit(link)
        if parts.scheme:
            assert parts.scheme == "https", link
            assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", parts.netloc), link
            continue
        target = (page.parent / parts.path).resolve() if parts.path else page
        assert target.exists(), link
        assert target.is_relative_to(REPOSITORY), link
        if parts.fragment:
            assert parts.fragment in anchors(target), link


@each_page
def test_errors_that_are_named_exist(page: Path) -> None:
    known = defined_errors()
    for name in set(re.findall(r"\b[A-Z]\w+(?:Error|Exception|Exit)\b", page.read_text("utf-8"))):
        assert name in known, name


@cache
def defined_errors() -> set[str]:
    import builtins

    from conda import exceptions as of_conda

    ours = (name for text in sources() for name in re.findall(r"^class (\w+)", text, re.MULTILINE))
    return {*vars(builtins), *vars(of_conda), *ours}


@cache
def sources() -> list[str]:
    """The texts of the modules."""
    return [path.read_text("utf-8") for path in CODE.rglob("*.py")]


def test_settings_and_variables_are_documented() -> None:
    text = SETTINGS.read_text("utf-8")
    for name in {*variables(), *(setting.name for setting in settings.settings())}:
        assert f"`{name}`" in text, name


def test_settings_of_conda_are_documented() -> None:
    text = SETTINGS.read_text("utf-8")
    read = {name for text in sources() for name in re.findall(r"\bcontext\.([a-z]\w*)", text)}
    assert {"channels", "fetch_threads"} <= read & {*context.list_parameters()}
    for name in read & {*context.list_parameters()}:
        assert f"`{name}`" in text, name


def variables() -> Iterator[str]:
    """The names of environment variables in the modules that read some."""
    yield settings.TOKEN_VARIABLE
    for source in sources():
        if "os.environ" in source:
            nodes = {*ast.walk(ast.parse(source))}
            texts = map(text_of, nodes - placeholders(nodes))
            names = (text for text in texts if re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*", text))
            yield from {*names} - NO_VARIABLES - HANDED_ON


def placeholders(nodes: set[ast.AST]) -> set[ast.AST]:
    """What stands in a help for the value of an option, such as `PATH`."""
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    calls = [call for call in calls if ast.unparse(call.func) == "add_option"]
    options = (node.elts for node in nodes if isinstance(node, ast.Tuple) and len(node.elts) == 3)
    shown = [placeholder for name, placeholder, _ in options if text_of(name).startswith("-")]
    return {*shown, *(call.args[2] for call in calls)}


def text_of(node: ast.AST) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""


def test_variables_are_found() -> None:
    assert {"CONDA_OFFLINE_REPO_TOKEN", "SOURCE_DATE_EPOCH", "PIP_CONFIG_FILE"} <= {*variables()}


def test_a_placeholder_is_no_variable_and_the_same_name_elsewhere_is() -> None:
    code = (
        'SHOWN = ("-p --prefix", "PATH", "h"), add_option(p, "path", "FILE"), get("PATH"), "FILE"'
    )
    nodes = {*ast.walk(ast.parse(code))}
    assert sorted(ast.unparse(node) for node in placeholders(nodes)) == ["'FILE'", "'PATH'"]
