"""JSON from outside: each value has its type, or raises a ValueError."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

Value = TypeVar("Value")
Reader: TypeAlias = Callable[[Any], dict[Any, Value]]

#: Bytes that a manifest may have; the largest known ones have a few million.
LARGEST = 1 << 27
SHA256 = re.compile(r"[0-9a-f]{64}")
MD5 = re.compile(r"(?:[0-9a-f]{32})?")
LARGEST_FILE = 1 << 63


class InvalidError(Exception):
    """Why a JSON object is not a manifest."""


def load(content: bytes) -> Any:
    """Return the value of a JSON text; raises a ValueError that says why it is not one."""
    try:
        return json.loads(content, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def text(value: Any) -> str:
    """Return a printable string."""
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError(f"{value!r} is not text")
    return value


def count(value: Any) -> int:
    """Return a whole number, as of bytes."""
    if type(value) is not int or not 0 <= value < LARGEST_FILE:
        raise ValueError(f"{value!r} is not a number")
    return value


def flag(value: Any) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


def sha256(value: Any) -> str:
    """Return a SHA-256 digest in lower case."""
    if not isinstance(value, str) or not SHA256.fullmatch(value):
        raise ValueError(f"{value!r} is not a SHA-256 digest")
    return value


def md5(value: Any) -> str:
    """Return an MD5 digest in lower case, or an empty string."""
    if not isinstance(value, str) or not MD5.fullmatch(value):
        raise ValueError(f"{value!r} is not an MD5 digest")
    return value


def texts(values: Any) -> tuple[str, ...]:
    """Return the printable strings of a list."""
    if not isinstance(values, list):
        raise ValueError(f"{values!r} is not a list")
    return tuple(map(text, values))


def by_name(read: Callable[[Any], Value], name: Callable[[Any], Any] = text) -> Reader[Value]:
    """Return what reads an object, by what reads its values, and its names."""
    return lambda values: {name(key): read(value) for key, value in values.items()}


#: What reads the printable strings of an object, and of the lists of one.
text_by_name = by_name(text)
texts_by_name = by_name(texts)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")
