"""A line of pip, as its requirements files have them: variables, options, and the requirement."""

from __future__ import annotations

import os
import re
import shlex
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from argparse import Namespace

COMMENT = re.compile(r"(?:^|\s+)#.*$")
VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}", re.ASCII)
URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"]+")


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        if message.startswith("unrecognized"):  # it would quote a variable's value
            message = "pip knows no such option here; each requirement and option has its own line"
        raise ValueError(message)


def _parser() -> _Parser:
    """Return the parser of the options of a line, as pip documents them for requirements files."""
    parser = _Parser(add_help=False, prog="pip")
    for names in (
        *(("-r", "--requirement"), ("-c", "--constraint"), ("-f", "--find-links")),
        *(("-i", "--index-url", "--pypi-url"), ("--extra-index-url",), ("--trusted-host",)),
        *(("-e", "--editable"), ("-C", "--config-settings", "--config-setting"), ("--hash",)),
        *(("--only-binary",), ("--no-binary",), ("--use-feature",)),
        *(("--global-option",), ("--install-option",), ("--build-option",)),
    ):
        parser.add_argument(*names, action="append", default=[])
    for name in ("--no-index", "--pre", "--prefer-binary", "--require-hashes"):
        parser.add_argument(name, action="store_true")
    return parser


PARSER = _parser()


def lines_of(text: str) -> Iterator[str]:
    """Yield lines without comments; those that end with a backslash go on, as pip has it."""
    parts: list[str] = []
    for line in text.splitlines():
        is_comment = COMMENT.match(line)
        if line.endswith("\\") and not is_comment:
            parts.append(line.strip("\\"))
            continue
        parts.append(f" {line}" if is_comment else line)
        joined, parts = "".join(parts), []
        if content := COMMENT.sub("", joined).strip():
            yield content
    if content := COMMENT.sub("", "".join(parts)).strip():
        yield content


def expanded(line: str) -> str:
    """Return a line with the variables that are set, as pip fills them in."""
    return VARIABLE.sub(lambda match: os.environ.get(match[1], match[0]), line)


def parsed(line: str) -> tuple[str, Namespace]:
    """Return the requirement of a line, and its options."""
    words = line.split(" ")
    count = next((n for n, word in enumerate(words) if word.startswith("-")), len(words))
    lexer = shlex.shlex(" ".join(words[count:]), posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.commenters, lexer.escape = True, "", ""  # \ is in Windows' paths
    return " ".join(words[:count]).strip(), PARSER.parse_args([*lexer])


def unset_variables(line: str) -> list[str]:
    """Return the variables of a line that the environment does not have."""
    return [match[0] for match in VARIABLE.finditer(line) if match[1] not in os.environ]


def urls_in(line: str) -> Iterator[str]:
    """Yield the URLs of a line, with its variables filled in as far as they are set."""
    return (match[0] for match in URL.finditer(expanded(line)))
