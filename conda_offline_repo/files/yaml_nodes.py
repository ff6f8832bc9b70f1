"""A YAML file as nodes, which know their places, and as the data that a JSON schema speaks of."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import ComposerError
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from ..exceptions import ConfigFileError, Mistake
from .hashing import read_regular

#: What a file may have, in bytes: enough for a thousand labels, which the parser takes seconds for.
LARGEST = 1 << 18
#: How many values there may be, with those that aliases (`*name`) repeat.
MOST = 100_000
YAML_TAG = "tag:yaml.org,2002:"
#: What YAML makes of a text without quotes, by its tag.
MISREAD = {
    **dict.fromkeys(("int", "float"), "a number"),
    "timestamp": "a date",
    "bool": "true or false",
}
#: Keys whose value may be a date without quotes.
DATES = frozenset({"exclude_newer", "until"})
TAGS = frozenset({*MISREAD, "merge", "value", "null", "str", "seq", "map"})
#: What YAML 1.1, which many programs read, has for true and false besides.
SWITCHES = re.compile(r"(?i)yes|no|on|off")
NUMBER = re.compile(r"0|-?[1-9][0-9]{0,8}", re.ASCII)
#: For paths of Windows.
ESCAPED = "In double quotes, \\ begins an escape: write a path in single quotes, or with /"
#: A scalar that no type of the schema takes.
NEITHER = object()


class Mapping(dict[str, "Any"]):
    """A mapping of the file, with its node, and those of each key and of its value."""

    node: MappingNode
    nodes: dict[str, tuple[Node, Node]]


def read_text(path: Path) -> str:
    """Return the text of the file, without a byte order mark.

    Raises:
        ConfigFileError: It cannot be read, or is not a regular file, too large, or not UTF-8.
    """
    try:
        return read_regular(path, LARGEST, links=True).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8")
        mistake = _at(before, "This is not text in UTF-8; save the file in this encoding.")
    except OSError as error:
        mistake = Mistake(1, 1, f"The file cannot be read: {error.strerror or error}.")
    raise ConfigFileError(path, [mistake])


def compose(text: str, path: Path) -> Node | None:
    """Return the node of the whole document; None if it is empty.

    Raises:
        ConfigFileError: It is not YAML, or would not end when each alias is followed.
    """
    sizes: dict[Node, int] = {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ReusedAnchorWarning)
            node: Node | None = YAML(typ="rt").compose(text)
        if node is None or _size(node, sizes) <= MOST:
            return node
        marks = (node.start_mark for node, size in sizes.items() if size > MOST)
        mark = max(marks, key=lambda mark: mark.index)
        mistake = _at(text[: mark.index], "Aliases (*name) repeat too much here, or themselves.")
    except ReaderError as error:
        mistake = _at(text[: error.position], "This character is not allowed.")
    except MarkedYAMLError as error:
        mistake = _syntax(error, text)
    except RecursionError:
        mistake = Mistake(1, 1, "It is nested too deeply.")
    except Exception as error:  # the parser has no base for what it raises
        mistake = Mistake(1, 1, f"This is not YAML: {type(error).__name__}.")
    raise ConfigFileError(path, [mistake])


def data(node: Node, report: Callable[[Node, str], None], *, last: bool = False) -> Any:
    """Return what a node holds: `Mapping`, list, text, number, true or false, None, `NEITHER`.

    Args:
        node: Of the file.
        report: Takes mistakes that are lost in the data: tags, and wrong keys.
        last: Whether the last of a key that appears twice counts, not the first.
    """
    if _tag(node) not in TAGS:
        report(node, "A tag (!...) is not allowed: leave it out.")
    if isinstance(node, SequenceNode):
        return [data(item, report, last=last) for item in node.value]
    if not isinstance(node, MappingNode):
        return _scalar(node)
    mapping = Mapping()
    mapping.node, mapping.nodes = node, {}
    for key, value in node.value:
        name = str(key.value)
        is_date = name in DATES and _tag(value) == "timestamp"
        content = str(value.value) if is_date else data(value, report, last=last)
        if _tag(key) == "merge":
            report(key, "<< is not supported: put what labels share at the top.")
        elif problem := not_text(key, "A key"):
            report(key, problem)
        elif name in mapping and not last:
            line = mapping.nodes[name][0].start_mark.line + 1
            report(key, f"The key {name!r} appears twice; the first is on line {line}.")
        else:
            mapping[name] = content
            mapping.nodes[name] = (key, value)
    return mapping


def mistake(node: Node, message: str) -> Mistake:
    """Return what is wrong with a node, at its place."""
    return Mistake(node.start_mark.line + 1, node.start_mark.column + 1, message)


def not_text(node: Node, name: str) -> str | None:
    """Return why a node, by this name, is not a text that can be seen; None if it is."""
    if not isinstance(node, ScalarNode):
        kind = "list" if isinstance(node, SequenceNode) else "mapping"
        return f"{name} has to be a text, not a {kind}."
    kind, text = _tag(node), str(node.value)
    if kind not in TAGS:
        return "A tag (!...) is not allowed: leave it out."
    if kind == "null":
        return f"{name} has no value."
    if kind != "str":
        kind = MISREAD.get(kind, "something else")
        return f'YAML reads {text} as {kind}: put it in quotes, "{text}".'
    if node.style is None and SWITCHES.fullmatch(text):
        return f'Many programs read {text} as true or false: put it in quotes, "{text}".'
    if text.isprintable():
        return None
    hint = f" {ESCAPED}." if node.style == '"' and text[1:2] == ":" else ""
    return f"{name} has a character that cannot be seen.{hint}"


def _scalar(node: Node) -> Any:
    text, plain = str(node.value), getattr(node, "style", None) is None
    if not_text(node, "") is None:
        return text
    if _tag(node) == "null":
        return None
    if plain and text.lower() in ("true", "false"):
        return text.lower() == "true"
    return int(text) if plain and NUMBER.fullmatch(text) else NEITHER


def _tag(node: Node) -> str:
    """Return what YAML takes a node for: `str`, `int`, `map` and so on, or a tag of its own."""
    return str(node.tag).removeprefix(YAML_TAG)


def _size(node: Node, known: dict[Node, int]) -> int:
    """Return how many nodes there are when each alias is followed; those of a circle are many."""
    if node not in known:
        known[node] = MOST + 1
        parts = node.value if isinstance(node, CollectionNode) else ()
        inner = chain.from_iterable(parts) if isinstance(node, MappingNode) else parts
        known[node] = 1 + sum(_size(part, known) for part in inner)
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
    if "quoted scalar" in str(error.context) and error.context_mark:
        begin = text[error.context_mark.index :].partition("\n")[0]
        problem = f"{problem}. {ESCAPED}" if begin[:1] == '"' and "\\" in begin else problem
    return Mistake(mark.line + 1, mark.column + 1, f"This is not YAML: {problem}.")
