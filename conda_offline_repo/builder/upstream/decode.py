"""Decodes a `repodata.json`, which may have hundreds of megabytes, as far as it is asked for."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping, Set
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from ...repository.index import NEWER
from ...repository.manifest import KINDS, SECTIONS
from ...repository.names import archive_problem

if TYPE_CHECKING:
    from mmap import mmap

    Entry = TypeVar("Entry")

#: Up to so many archives are looked for one by one, which is faster than a table of all.
FEW = 400
#: A `msgspec.Raw` holds undecoded bytes.
NULL = msgspec.Raw(b"null")


class _Named(msgspec.Struct, gc=False):
    name: str


def name_of(file: str) -> str:
    """Return the package's name of an archive's file name, or of a key of version 3."""
    return file.rsplit("-", 2)[0]


def parse(
    content: bytes | mmap, files: Container[str], names: Container[str]
) -> tuple[dict[str, Mapping[str, Any]], dict[str, Mapping[str, Any]], Mapping[str, Any]]:
    """Return the entries of some archives in a `repodata.json`, and those of some packages in its
    sections of version 3, both by file name, and its `info`.

    Raises:
        ValueError: It is not an index, or a part that is read is not JSON.
    """
    few: tuple[str, ...] = ()
    table: Any = dict[str, msgspec.Raw]
    if isinstance(files, Set) and len(files) <= FEW and not any(map(archive_problem, files)):
        few = tuple(files)
        table = _object(dict.fromkeys(few, msgspec.Raw))
    newer = _object(dict.fromkeys(KINDS, dict[str, msgspec.Raw] | None))
    types = {"info": msgspec.Raw, NEWER: newer | None, **dict.fromkeys(SECTIONS, table | None)}
    decoded = msgspec.json.decode(content, type=_object(types))
    members = dict(zip(types, _values(decoded), strict=True))
    entries: dict[str, Mapping[str, Any]] = {}
    for name in SECTIONS:
        section = members[name] or {}
        if not isinstance(section, dict):
            section = dict(zip(few, _values(section), strict=True))
        entries |= {
            file: json.loads(bytes(entry))
            for file, entry in section.items()
            if file in files and entry not in (None, NULL)
        }
    of_version_3 = {
        f"{key}.{kind}": json.loads(bytes(entry))
        for kind, table in zip(KINDS, _values(members[NEWER]), strict=False)
        for key, entry in (table or {}).items()
        if (_stated_name(entry) if kind == "whl" else name_of(key)) in names
    }
    return entries, of_version_3, json.loads(bytes(members["info"] or NULL)) or {}


def _stated_name(entry: msgspec.Raw) -> str:
    """Return the name in the entry of a wheel, whose key may be its file name or another."""
    with suppress(msgspec.ValidationError):
        return msgspec.json.decode(entry, type=_Named).name
    return ""


def all_names(content: bytes | mmap) -> frozenset[str]:
    """Return the names of all packages in a `repodata.json`; raises as `parse` does."""
    tables = sections(content, _Named).values()
    return frozenset(entry.name for table in tables for entry in table.values())


def sections(content: bytes | mmap, entry: type[Entry]) -> dict[str, dict[str, Entry]]:
    """Return the entries of a `repodata.json`, decoded as this type, by section and file name;
    those of version 3 in `v3.` and the extension. Raises as `parse` does.
    """
    table: Any = dict[str, entry] | None  # type: ignore[valid-type]
    newer = _object(dict.fromkeys(KINDS, table))
    index = _object({**dict.fromkeys(SECTIONS, table), NEWER: newer | None})
    *tables, of_version_3 = _values(msgspec.json.decode(content, type=index))
    sections = dict(zip(SECTIONS, (table or {} for table in tables), strict=True))
    for kind, table in zip(KINDS, _values(of_version_3), strict=False):
        sections[f"{NEWER}.{kind}"] = {f"{key}.{kind}": e for key, e in (table or {}).items()}
    return sections


def _values(decoded: Any) -> tuple[Any, ...]:
    return msgspec.structs.astuple(decoded) if decoded else ()


def _object(types: Mapping[str, Any]) -> type[msgspec.Struct]:
    """Return the type of JSON objects of which these members are read; None where one is absent."""
    fields = [
        (f"member{number}", type, msgspec.field(name=name, default=None))
        for number, (name, type) in enumerate(types.items())
    ]
    return msgspec.defstruct("Object", fields)
