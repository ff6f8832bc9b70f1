"""The index between two releases, with the entries of both.

Index files are replaced one by one: for a moment that of one subdir is new and that of another old.
If all of them first get the entries of both releases, conda can install one or the other at any
moment.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from .manifest import KINDS, SECTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

#: The member of an index with the sections of version 3.
NEWER = "v3"


def bridge(old: bytes, new: bytes) -> bytes | None:
    """Return an index with the entries of two, new before old; None if one is not an index."""
    try:
        before = json.loads(old)
        both: dict[str, Any] = json.loads(new)
        for section in SECTIONS:
            both[section] = {**before[section], **both[section]}
        for kind, newer in before.get(NEWER, {}).items():
            both.setdefault(NEWER, {})[kind] = {**newer, **both.get(NEWER, {}).get(kind, {})}
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return dump(both)


def entries(index: Any) -> dict[str, Mapping[str, Any]]:
    """Return the entries of a decoded index by file name; a wrong one raises one of many errors."""
    newer = {
        f"{key}.{kind}": entry
        for kind, section in index.get(NEWER, {}).items()
        for key, entry in section.items()
    }
    return {**newer, **index["packages"], **index["packages.conda"]}


def with_newer(index: Mapping[str, Any], newer: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return an index with entries in the sections of version 3 (CEP 48), by file name."""
    sections: dict[str, dict[str, Mapping[str, Any]]] = {}
    for kind in KINDS:
        for file in newer:
            if file.endswith(f".{kind}"):
                sections.setdefault(kind, {})[file.removesuffix(f".{kind}")] = newer[file]
    revisions = {NEWER: {"n_packages": len(newer)}}
    return {**index, "info": {**index["info"], "repodata_revisions": revisions}, NEWER: sections}


def dump(repodata: Mapping[str, Any]) -> bytes:
    """Return an index as the bytes of its file: compact, keys sorted, one newline at the end."""
    return f"{json.dumps(repodata, sort_keys=True, separators=(',', ':'))}\n".encode()
