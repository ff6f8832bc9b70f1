"""What the pages of the documentation show, and what they ask of the rig that runs them.

A parser of Markdown, not one of examples: a page is one test, whose fences run in order, and what
stands between them matters.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"
OURS = "conda offline-repo "
#: What the operators are made of that end a command in a line of a shell.
OPERATORS = frozenset("|&;<>()")


@dataclass(frozen=True)
class Fence:
    """A block of code, or an inline piece of it.

    Attributes:
        line: where it begins, from 1.
        language: of a fence; empty without one; `inline` within a text.
        caption: the name of the file that it is.
        content: its lines.
        printed: whether the commands of the fence above print it.
    """

    line: int
    language: str
    caption: str | None
    content: str
    printed: bool = False

    @property
    def typed(self) -> list[str]:
        """The commands that a reader types, each with the lines that continue it."""
        assert not re.search("^[$>] ", self.content, re.MULTILINE), f"line {self.line}: a prompt"
        return re.findall(r"(?:.*\\\n)*.*[^\\\n](?=\n)", self.content)


@dataclass(frozen=True)
class Remark:
    """A comment that readers do not see: `<!-- WORD: TEXT -->`."""

    line: int
    word: str
    text: str


def pages() -> list[Path]:
    """The pages of the documentation."""
    return [path for path in sorted(DOCS.rglob("*.md")) if "_build" not in path.parts]


@cache
def tokens(text: str) -> list[Token]:
    """The blocks of a text in Markdown, as a Git host shows it."""
    return MarkdownIt("commonmark").enable("table").parse(text)


def read(text: str) -> Iterator[Fence | Remark]:
    """The fences and the remarks of a page, in order."""
    above: list[Token] = []
    for token in tokens(text):
        if token.type == "html_block":
            yield from _remarks(token)
        elif token.type in ("fence", "code_block"):
            yield _fence(token, above)
        above.append(token)


def inline(text: str) -> Iterator[Fence]:
    """The pieces of code within the sentences of a page."""
    for token in tokens(text):
        for child in token.children or ():
            if child.type == "code_inline":
                yield Fence(_line(token), "inline", None, child.content)


def commands(fence: Fence) -> Iterator[list[str]]:
    """The arguments of each `conda offline-repo` in a fence or a piece of code."""
    if fence.language == "bash":
        for command in fence.typed:
            yield from ours(command.replace("\\\n", " "), escapes=True)
    else:
        for line in re.sub(r" [\\^]\n", " ", fence.content).splitlines():
            yield from ours(line, escapes=False)


def ours(line: str, *, escapes: bool) -> Iterator[list[str]]:
    """The arguments of each `conda offline-repo` in a line.

    Args:
        line: of a shell.
        escapes: whether a backslash is one, and no part of a path of Windows.
    """
    for rest in re.split(f"(?<!`){OURS}", line)[1:]:
        no_descriptors = re.sub(r"(?<=\s)\d(?=>)", "", rest)
        lexer = shlex.shlex(no_descriptors, posix=True, punctuation_chars="".join(OPERATORS))
        lexer.wordchars += "\\:,%$@^=~!+*?[]{}/.-\N{HORIZONTAL ELLIPSIS}"
        lexer.whitespace_split = True
        lexer.commenters = ""
        if not escapes:
            lexer.escape = ""
        arguments = []
        for word in lexer:
            if OPERATORS.issuperset(word):
                break
            arguments.append(word)
        yield arguments


def _remarks(token: Token) -> Iterator[Remark]:
    for number, line in enumerate(token.content.splitlines()):
        if match := re.fullmatch(r"<!-- ([\w ]+): *(.*) -->", line.strip()):
            yield Remark(_line(token) + number, match[1], match[2])


def _fence(token: Token, above: list[Token]) -> Fence:
    caption = None
    if [before.type for before in above[-2:]] == ["inline", "paragraph_close"]:
        match = re.fullmatch("`([^`]+)`:", above[-2].content)
        caption = match[1] if match else None
    language = token.info.strip()
    below = bool(above) and above[-1].type == "fence" and above[-1].info.strip() == "bash"
    return Fence(_line(token), language, caption, token.content, below and language == "text")


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 0
