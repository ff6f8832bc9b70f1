"""The index between two releases, with the entries of both.

Index files are replaced one by one: for a moment that of one subdir is new and that of another old.
If all of them first get the entries of both releases, conda can install one or the other at any
moment.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from .manifest import SECTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def bridge(old: bytes, new: bytes) -> bytes | None:
    """Return an index with the entries of two, new before old; None if one is not an index."""
    try:
        before = json.loads(old)
        both: dict[str, Any] = json.loads(new)
        for section in SECTIONS:
            both[section] = {**before[section], **both[section]}
    except (ValueError, KeyError, TypeError):
        return None
    return dump(both)


def dump(repodata: Mapping[str, Any]) -> bytes:
    """Return an index as the bytes of its file: compact, keys sorted, one newline at the end."""
    return f"{json.dumps(repodata, sort_keys=True, separators=(',', ':'))}\n".encode()
