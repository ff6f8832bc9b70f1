"""The index between two releases, with the entries of both.

Index files are replaced one by one: for a moment that of one subdir is new and that of another old.
If all of them first get the entries of both releases, conda can install one or the other at any
moment.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from .manifest import KINDS, SECTIONS
from .writing import joined

#: The member of an index with the sections of version 3.
NEWER = "v3"
#: In how many levels of objects the members of a member of an index are written one by one.
LEVELS = {**dict.fromkeys(SECTIONS, 1), NEWER: 2}
encode = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


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
    return b"".join(pieces(repodata))


def pieces(repodata: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield the same in pieces."""
    members = (_members(repodata[name], LEVELS.get(name, 0)) for name in sorted(repodata))
    return joined(chain(_object(sorted(repodata), members), "\n"))


def _members(value: Any, levels: int) -> Iterator[str]:
    if not levels or not value:
        return iter((encode(value),))
    return _object(sorted(value), (_members(value[key], levels - 1) for key in sorted(value)))


def _object(keys: Iterable[str], values: Iterable[Iterator[str]]) -> Iterator[str]:
    mark = "{"
    for key, texts in zip(keys, values, strict=True):
        yield f"{mark}{encode(key)}:"
        yield from texts
        mark = ","
    yield "}"
