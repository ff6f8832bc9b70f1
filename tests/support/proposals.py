"""The commands that messages propose: where the source has them, and in what conda prints.

A command stands in backticks, or ends its line or at a semicolon, so that it can be copied whole.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import conda_offline_repo

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterator

PACKAGE = Path(conda_offline_repo.__file__).parent
VERBS = (
    *("activate", "clean", "config", "create", "deactivate", "env", "info", "install", "list"),
    *("offline-repo", "remove", "search", "update"),
)
COMMAND = re.compile(
    r"`conda (VERB [^`\n]+)`|(?<![\w`'\"-])conda (VERB [^`\n]+?)(?: ;|$)".replace(
        "VERB", f"(?:{'|'.join(VERBS)})"
    ),
    re.MULTILINE,
)
#: Streams are redirected for all threads, and conda's parser is made once.
PARSING = Lock()
#: What a message leaves to its reader.
PLACEHOLDER = re.compile(r"\[?[A-Z][A-Z_]+|\.\.\.\]?|PATH/\S+")
#: A value within a text of the source.
GAP = "…"
#: Texts of the help, whose examples tests/docs/test_typed.py understands.
HELP = {"EPILOG", "SUMMARY", "USAGE"}


def commands(output: str) -> list[str]:
    """The commands in an output, without `conda`; no verb of ours that is just spoken of, and none
    of conda's own that leave a word out, as `--name <env>` does.
    """
    texts = (match[1] or match[2] for match in COMMAND.finditer(output))
    return [
        text
        for text in texts
        if (not text.startswith("offline-repo ") or text.split()[2:])
        and not re.search(r"<[a-z ]+>", text)
    ]


def split(command: str) -> list[str]:
    """The arguments of a command, as the shell of this system passes them on.

    Raises:
        ValueError: A quote has no end; or cmd.exe would take a part for something else.
    """
    if os.name != "nt":
        return shlex.split(command)
    bare = "".join(re.split(r'"(?:\\"|[^"])*"', command))
    if strange := {*bare} & {*"'\"<>|&^()%;,"}:
        raise ValueError(f"cmd.exe or PowerShell would not pass on {strange}")
    pieces = re.findall(r'(?:"(?:\\"|[^"])*"|[^"\s])+', command)
    return [re.sub(r'(?<!\\)"', "", piece).replace('\\"', '"') for piece in pieces]


def misunderstood(output: str) -> list[str]:
    """Why conda does not understand the commands in an output."""
    if output.startswith(("{", "[", "usage:")):
        return []
    problems = []
    for command in commands(output):
        with PARSING, redirect_stderr(StringIO()) as stderr, redirect_stdout(StringIO()):
            try:
                _parser().parse_args(split(command))
            except ValueError as error:
                problems.append(f"{command}: {error}")
            except SystemExit as error:
                if error.code:
                    problems.append(f"{command}: {stderr.getvalue().splitlines()[-1]}")
    return problems


def places() -> Iterator[tuple[str, str]]:
    """Each command that the source proposes, with a gap for each value, after the function or class
    that does, or the module.
    """
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            scope = getattr(node, "name", path.stem)
            for text in texts(node):
                yield from ((scope, command) for command in commands(text))


def texts(node: ast.AST) -> Iterator[str]:
    """The texts in a piece of source, but for docstrings and the help."""
    text = text_of(node)
    if text is not None:
        yield text
    elif isinstance(node, ast.Assign) and HELP & {ast.unparse(name) for name in node.targets}:
        pass
    elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        for child in ast.iter_child_nodes(node):
            yield from texts(child)


def text_of(node: ast.AST) -> str | None:
    """A text of the source, with a gap for each value in it; None for what is no text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.replace("{}", GAP)
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) or GAP for part in node.values)
    return None


@cache
def _parser() -> ArgumentParser:
    from conda.cli.conda_argparse import generate_parser

    parser: ArgumentParser = generate_parser()
    return parser
