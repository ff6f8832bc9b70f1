"""Files of any size in small pieces: texts, and JSON as people read it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

#: Characters of a piece, about.
PIECE = 1 << 16


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
    encoder = json.JSONEncoder(ensure_ascii=False, indent=2, sort_keys=True, default=plain)
    return joined(chain(encoder.iterencode(value), "\n"))
