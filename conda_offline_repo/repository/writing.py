"""Files of any size in small pieces: texts, and JSON as people read it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

#: Characters of a piece, about.
PIECE = 1 << 16
encode = json.JSONEncoder(ensure_ascii=False).encode


def joined(texts: Iterable[str]) -> Iterator[bytes]:
    """Yield texts, one after the other, in pieces."""
    waiting, size = [], 0
    for text in texts:
        waiting.append(text)
        size += len(text)
        if size > PIECE:
            yield "".join(waiting).encode()
            waiting, size = [], 0
    yield "".join(waiting).encode()


def pieces(value: Any, plain: Callable[[Any], Any]) -> Iterator[bytes]:
    """Yield the file of a JSON value with its keys sorted and nothing escaped.

    Args:
        value: What JSON has, and other objects.
        plain: Returns what is written in the place of one of these.
    """
    return joined(chain(_texts(value, plain, "\n"), "\n"))


def _texts(value: Any, plain: Callable[[Any], Any], margin: str) -> Iterator[str]:
    """Yield the text of a value; `margin` is a new line, indented as the one that it begins in."""
    inner = f"{margin}  "
    if isinstance(value, Mapping) and value:
        mark = "{"
        for key in sorted(value):
            yield f"{mark}{inner}{encode(key)}: "
            yield from _texts(value[key], plain, inner)
            mark = ","
        yield f"{margin}}}"
    elif isinstance(value, list | tuple) and value:
        mark = "["
        for member in value:
            yield f"{mark}{inner}"
            yield from _texts(member, plain, inner)
            mark = ","
        yield f"{margin}]"
    elif value is None or isinstance(value, str | int | float | Mapping | list | tuple):
        yield encode(value)
    else:
        yield from _texts(plain(value), plain, margin)
