"""The file as YAML nodes, which know their places; nothing in it is executed."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from ruamel.yaml import YAML
from ruamel.yaml.composer import ComposerError
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning
from ruamel.yaml.nodes import CollectionNode, MappingNode
from ruamel.yaml.reader import ReaderError

from ...files.hashing import read_regular
from .exceptions import ConfigFileError, Mistake

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ruamel.yaml.nodes import Node

#: What a file may have, in bytes: enough for a thousand labels, which the parser takes seconds for.
LARGEST = 1 << 18
#: How many values there may be, with those that aliases (`*name`) repeat.
MOST = 100_000


def read_text(path: Path) -> str:
    """Return the text of the file, without a byte order mark.

    Raises:
        ConfigFileError: It cannot be read, or is not a regular file, too large, or not UTF-8.
    """
    try:
        content = read_regular(path, LARGEST, links=True)
    except OSError as error:
        message = f"The file cannot be read: {error.strerror or error}."
        raise ConfigFileError(path, [Mistake(1, 1, message)]) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8")
        message = "This is not text in UTF-8; save the file in this encoding."
        raise ConfigFileError(path, [_at(before, message)]) from error


def compose(text: str, path: Path) -> Node | None:
    """Return the node of the whole document; None if it is empty.

    Args:
        text: Of the file.
        path: Of the file, for the error.

    Raises:
        ConfigFileError: It is not YAML, or would not end.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ReusedAnchorWarning)
            node: Node | None = YAML(typ="rt").compose(text)
        _check_size(node, path)
    except ConfigFileError:
        raise
    except ReaderError as error:
        before = text[: error.position]
        raise ConfigFileError(path, [_at(before, "This character is not allowed.")]) from error
    except MarkedYAMLError as error:
        raise ConfigFileError(path, [_syntax(error, text)]) from error
    except RecursionError as error:
        raise ConfigFileError(path, [Mistake(1, 1, "It is nested too deeply.")]) from error
    except Exception as error:  # the parser has no base for what it raises
        message = f"This is not YAML: {type(error).__name__}."
        raise ConfigFileError(path, [Mistake(1, 1, message)]) from error
    return node


def below(node: Node) -> Iterator[Node]:
    """Yield the nodes in a collection, keys before their values; none for a scalar."""
    if isinstance(node, MappingNode):
        for pair in node.value:
            yield from pair
    elif isinstance(node, CollectionNode):
        yield from node.value


def _check_size(node: Node | None, path: Path) -> None:
    """Check that there is an end to what is there when each alias is followed.

    Raises:
        ConfigFileError: There is none, or it is far.
    """
    sizes: dict[Node, int] = {}
    if node is None or _size(node, sizes) <= MOST:
        return
    marks = [one.start_mark for one, size in sizes.items() if size > MOST]
    mark = max(marks, key=lambda one: one.index)
    message = "Aliases (*name) repeat too much here, or themselves."
    raise ConfigFileError(path, [Mistake(mark.line + 1, mark.column + 1, message)])


def _size(node: Node, known: dict[Node, int]) -> int:
    """Return how many nodes there are when each alias is followed; those of a circle are many."""
    if node not in known:
        known[node] = MOST + 1
        known[node] = 1 + sum(_size(one, known) for one in below(node))
    return known[node]


def _at(before: str, message: str) -> Mistake:
    """Return a mistake at the end of a text."""
    return Mistake(before.count("\n") + 1, len(before) - before.rfind("\n"), message)


def _syntax(error: MarkedYAMLError, text: str) -> Mistake:
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return Mistake(1, 1, f"This is not YAML: {error.problem}.")
    line = text.splitlines()[mark.line : mark.line + 1]
    problem = error.problem
    if isinstance(error, ComposerError) and "alias" in str(problem):  # it repeats the name
        problem = "nothing is named so; put text that begins with * in quotes"
    elif "tag handle" in str(problem):  # the same
        problem = "tags (!...) are not allowed"
    elif line and "${" in line[0] and "'{'" in str(problem):
        problem = 'in [...] and {...}, ${VAR} has to be in quotes: "${VAR}"'
    elif error.context and error.context_mark and error.context_mark.line != mark.line:
        problem = f"{error.context} that begins on line {error.context_mark.line + 1}, {problem}"
    return Mistake(mark.line + 1, mark.column + 1, f"This is not YAML: {problem}.")
