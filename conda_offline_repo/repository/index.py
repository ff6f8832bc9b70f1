"""The index between two releases, that holds the entries of both.

While several index files are replaced one by one, that of one subdir may already be the new one and
that of another still the old. With the entries of both in all of them first, each moment has one
whole solution or the other, so that conda can install at any of them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from .manifest import SECTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def bridge(old: bytes, new: bytes) -> bytes | None:
    """Return an index with the entries of two, new before old; None if one of them is no index."""
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
