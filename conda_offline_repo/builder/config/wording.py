"""Text of YAML: how a value is written, and where a label goes in a file that is there."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from ruamel.yaml.nodes import CollectionNode, MappingNode

from .nodes import below

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ruamel.yaml.nodes import Node

#: What every reader of YAML takes for this very text without quotes.
PLAIN = re.compile(r"(?:\.{0,2}/)?[A-Za-z_][A-Za-z0-9_./+-]*(?:://[A-Za-z0-9_./%+-]+)?", re.ASCII)
#: What some readers take for something else, all the same.
WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null"})
LINE_END = re.compile(r"\r?\n")
#: How long a list is that has a line to itself.
LONGEST = 70
STEP = "  "


def lines(mapping: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a mapping: short lists in one, and what holds lists below its key."""
    for key, value in mapping.items():
        short = flow(value)
        if not value and isinstance(value, dict):
            yield f"{_scalar(key)}:"
        elif not isinstance(value, (list, dict)) or (len(short) <= LONGEST and _is_flat(value)):
            yield f"{_scalar(key)}: {short}"
        else:
            yield f"{_scalar(key)}:"
            inner = lines(value) if isinstance(value, dict) else (f"- {flow(v)}" for v in value)
            yield from (f"{STEP}{line}" for line in inner)


def flow(value: Any) -> str:
    """Return a value in one line."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_scalar(key)}: {flow(one)}' for key, one in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(flow, value))}]"
    return _scalar(value) if isinstance(value, str) else json.dumps(value)


def with_label(text: str, labels: Node, label: Mapping[str, Any]) -> str:
    """Return the text of a file with one more label, and all the rest of it as it was.

    Args:
        text: Of the file.
        labels: The mapping of the labels in it, which is not empty.
        label: What is to be put into it, by the label's name.
    """
    if isinstance(labels, MappingNode) and labels.flow_style:
        start = text.index("{", labels.start_mark.index) + 1
        return f"{text[:start]}{flow(label)[1:-1]}, {text[start:].lstrip(' ')}"
    newline = "\r\n" if "\r\n" in text else "\n"
    key = labels.value[-1][0]
    column = key.start_mark.column
    ends = [node.end_mark.index for node in _leaves(*labels.value[-1], start=key.start_mark.index)]
    end = _end_of_line(text, len(text[: max(ends)].rstrip()))
    end = _end_of_block(text, end, column)
    added = "".join(f"{newline}{' ' * column}{line}" for line in lines(label))
    return f"{text[:end]}{added}{text[end:] or newline}"


def _scalar(text: str) -> str:
    """Return a text as every reader of YAML takes it for this text."""
    if PLAIN.fullmatch(text) and text.lower() not in WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)


def _is_flat(value: list[Any] | dict[str, Any]) -> bool:
    """Return whether a list or mapping holds no list or mapping."""
    inner = value.values() if isinstance(value, dict) else value
    return not any(isinstance(one, (list, dict)) for one in inner)


def _leaves(*nodes: Node, start: int) -> Iterator[Node]:
    """Yield scalars, and collections in brackets; aliases lead to what is before `start`."""
    for node in nodes:
        if node.start_mark.index >= start:
            if not isinstance(node, CollectionNode) or node.flow_style:
                yield node
            yield from _leaves(*below(node), start=start)


def _end_of_line(text: str, position: int) -> int:
    match = LINE_END.search(text, position)
    return match.start() if match else len(text)


def _end_of_block(text: str, end: int, column: int) -> int:
    """Return where the lines end that stand further to the right, which may be comments."""
    further = re.compile(rf"(?:\r?\n[ \t]*)*\r?\n {{{column + 1},}}[^\s][^\r\n]*")
    while match := further.match(text, end):
        end = match.end()
    return end
