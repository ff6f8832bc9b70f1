"""Advisories: records of OSV (https://ossf.github.io/osv-schema/), read one by one, in bounds."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Container, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import chain, product
from pathlib import Path
from textwrap import shorten
from typing import Any
from urllib.parse import unquote

from conda.models.version import VersionOrder
from packaging.utils import canonicalize_name
from packaging.version import Version

from ..files.hashing import open_regular
from ..repository import reading
from .exceptions import AdvisoriesError

#: Characters of the reason why a record cannot be read; aliases of an advisory.
LONGEST = 160
YAML = (".yaml", ".yml")
#: What happens at a version, by what comes first where several do; and the first of all events.
EVENTS = {"fixed": 0, "limit": 0, "introduced": 1, "last_affected": 2}
EVER = ("introduced", "0")


@dataclass(frozen=True)
class Affected:
    """A package in an advisory, with the versions that are affected: single ones, and ranges, whose
    events are a kind of `EVENTS` and a version.
    """

    ecosystem: str
    name: str
    purl: str
    versions: tuple[str, ...] = ()
    ranges: tuple[tuple[tuple[str, str], ...], ...] = ()

    @cached_property
    def keys(self) -> frozenset[str]:
        """What it is called, as in `purl_parts`."""
        of_pypi = f"pkg:pypi/{self.name}" if self.ecosystem == "PyPI" else ""
        return frozenset(purl_parts(purl)[0] for purl in (of_pypi, self.purl)) - {""}

    @property
    def fixed(self) -> tuple[str, ...]:
        """The versions that fix it, as they are stated."""
        events = (event for events in self.ranges for event in events)
        return tuple(dict.fromkeys(version for kind, version in events if kind == "fixed"))

    def has(self, version: str) -> bool:
        """Return whether a version is affected: by OSV's algorithm, the last event until it counts.

        PEP 440 compares versions of PyPI; conda what that does not read, and all others. A local
        part (`+cu118`) counts only where the advisory has one, too.
        """
        of_pypi = any(key.startswith("pypi/") for key in self.keys)
        single = (((EVER[0], v), ("last_affected", v)) for v in self.versions)
        for events in (*self.ranges, *single):
            texts = [text for _, text in events]
            local = any("+" in text for text in texts)
            texts = [version if local else version.partition("+")[0], *texts]
            keys: list[Any] = texts
            for rule in (VersionOrder, Version) if of_pypi else (VersionOrder,):
                with suppress(ValueError):
                    keys = [rule(text) for text in texts]
            ordered = zip(events, keys[1:], strict=True)
            timeline = [(event != EVER, key, EVENTS[event[0]]) for event, key in ordered]
            past = [event for event in timeline if event < (True, keys[0], 2)]
            if past and max(past)[2] == EVENTS[EVER[0]]:
                return True
        return False


@dataclass(frozen=True)
class Advisory:
    """What a record says, or several with the same identifiers; the severity as it is stated."""

    id: str
    aliases: tuple[str, ...]
    severity: str
    affected: tuple[Affected, ...]


def purl_parts(purl: str) -> tuple[str, str]:
    """Return `type/namespace/name`, normalized, and the version of a package URL; empty if none."""
    scheme, _, rest = re.split("[?#]", purl, maxsplit=1)[0].partition(":")
    folders, _, last = rest.strip("/").rpartition("/")
    name, _, version = map(unquote, last.partition("@"))
    kind, name = unquote(folders).lower(), name.lower()
    key = f"{kind}/{canonicalize_name(name) if kind == 'pypi' else name}"
    return (key, version) if scheme == "pkg" and kind and name else ("", "")


def read_advisories(
    path: Path, wanted: Container[str] | None = None
) -> tuple[list[Advisory], list[str]]:
    """Return the records of a JSON file, or of those and YAML files in a folder or a zip, but for
    withdrawn ones; and what cannot be read, with the reasons.

    Args:
        wanted: The packages that matter, as in `purl_parts`; None for all.

    Raises:
        AdvisoriesError: There is no record that can be read.
    """
    known: dict[tuple[str, str], Advisory] = {}
    unreadable, readable = [], 0
    try:
        for name, record in _records(path):
            try:
                for advisory in _advisory(record, wanted):
                    same = next((known[n] for n in _names(advisory) if n in known), advisory)
                    both = chain(_names(same), _names(advisory))
                    known |= dict.fromkeys(both, _merged(same, advisory))
                readable += 1
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                reason = record if isinstance(record, Exception) else f"not a record, {error!r}"
                unreadable.append(f"{name}: {shorten(str(reason), LONGEST)}")
    except zipfile.BadZipFile as error:
        raise AdvisoriesError(path, [str(error)]) from error
    if not readable:
        raise AdvisoriesError(path, unreadable)
    return [*dict.fromkeys(known.values())], unreadable


def _names(advisory: Advisory) -> Iterator[tuple[str, str]]:
    """Yield its identifiers with its packages: one CVE may be of several, each with a record."""
    keys = sorted({key for part in advisory.affected for key in part.keys})
    return product((advisory.id, *advisory.aliases), keys)


def _merged(first: Advisory, other: Advisory) -> Advisory:
    ids = {*first.aliases, other.id, *other.aliases} - {first.id}
    affected = tuple(dict.fromkeys(first.affected + other.affected))
    severity = first.severity or other.severity
    return replace(first, aliases=tuple(sorted(ids)), severity=severity, affected=affected)


def _records(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield the name of each file and each of its records, or why it cannot be read."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for info in (info for info in archive.infolist() if _is_record(info.filename)):
                yield from _of_file(info.filename, partial(archive.open, info))
        return
    closed: list[OSError] = []
    folders = os.walk(path, onerror=closed.append) if path.is_dir() else ()
    files = sorted(
        Path(folder, n) for folder, _, names in folders for n in filter(_is_record, names)
    )
    for file in files if path.is_dir() else [path]:
        yield from _of_file(str(file), partial(open_regular, file))
    yield from ((str(error.filename), error) for error in closed)


def _is_record(name: str) -> bool:
    return name.lower().endswith((".json", *YAML))


def _of_file(name: str, opening: Any) -> Iterator[tuple[str, Any]]:
    try:
        with opening() as file:
            content = file.read(reading.LARGEST)
        value = _yaml(content) if name.lower().endswith(YAML) else reading.load(content)
    except Exception as error:  # zipfile, zlib and ruamel.yaml have no base for what they raise
        value = error
    value = value.get("vulns", value) if isinstance(value, dict) else value  # osv.dev answers so
    yield from ((name, record) for record in (value if isinstance(value, list) else [value]))


def _yaml(content: bytes) -> Any:
    """Return YAML as texts alone, such as 1.10; a few aliases can stand for more than there is."""
    from ruamel.yaml import YAML as Reader

    reader = Reader(typ="base", pure=True)
    if b"*" in content and any(type(e).__name__ == "AliasEvent" for e in reader.parse(content)):
        raise ValueError("it has aliases")
    return reader.load(content)


def _advisory(value: Any, wanted: Container[str] | None) -> Iterator[Advisory]:
    id, aliases = reading.text(value["id"]), reading.texts(value.get("aliases") or [])
    if len(aliases) > LONGEST:
        raise ValueError("it has too many aliases")
    parts = [part for part in value.get("affected") or [] if part.get("package")]
    affected = tuple(package for part in parts for package in _affected(part, wanted))
    if affected and not re.match("[0-9]{4}-", str(value.get("withdrawn"))):
        stated = [(value.get("database_specific") or {}).get("severity")]
        stated += [s.get("score") for v in (value, *parts) for s in v.get("severity") or []]
        severity = " ".join(", ".join(dict.fromkeys(filter(None, stated))).split())
        yield Advisory(id, aliases, severity, affected)


def _affected(part: Any, wanted: Container[str] | None) -> Iterator[Affected]:
    names = [reading.text(part["package"].get(k) or "") for k in ("ecosystem", "name", "purl")]
    package = Affected(names[0], names[1], names[2])
    if wanted is None or any(key in wanted for key in package.keys):
        ranges = [r["events"] for r in part.get("ranges") or [] if r["type"] != "GIT"]
        versions = reading.texts(part.get("versions") or [])
        yield replace(package, versions=versions, ranges=tuple(map(_events, ranges)))


def _events(values: Any) -> tuple[tuple[str, str], ...]:
    events = [(k, reading.text(value[k])) for value in values for k in EVENTS if k in value]
    if "introduced" not in {kind for kind, version in events if VersionOrder(version)}:
        raise ValueError("a range does not say where it begins")
    return tuple(event for event in events if event != ("limit", "*"))
