"""Advisories: records of OSV (https://ossf.github.io/osv-schema/), read one by one, in bounds."""

from __future__ import annotations

import os
import re
import zipfile
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial
from operator import attrgetter
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING
from urllib.parse import unquote

from conda.models.version import VersionOrder
from packaging.utils import canonicalize_name
from packaging.version import Version

from ..files.hashing import open_regular
from ..repository import reading
from .exceptions import AdvisoriesError

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence
    from typing import Any

#: Characters of a summary, and of the reason why a record cannot be read.
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
        """Return whether a version is affected.

        PEP 440 compares versions of PyPI; conda what that does not read, and all others. A local
        part (`+cu118`) counts only where the advisory has one, too.
        """
        single = [(("introduced", v), ("last_affected", v)) for v in self.versions]
        return any(self._in(version, events) for events in (*self.ranges, *single))

    def _in(self, version: str, events: Sequence[tuple[str, str]]) -> bool:
        """Return what OSV's algorithm does: the last event until a version counts."""
        texts = [text for _, text in events]
        if not any("+" in text for text in texts):
            version = version.partition("+")[0]
        of_pypi = any(key.startswith("pypi/") for key in self.keys)
        keys: list[Any] = [version, *texts]
        for rule in (VersionOrder, Version) if of_pypi else (VersionOrder,):
            with suppress(ValueError):
                keys = [rule(text) for text in (version, *texts)]
        timeline = [(e != EVER, k, EVENTS[e[0]]) for e, k in zip(events, keys[1:], strict=True)]
        past = [e for e in timeline if (e[0], *e[1:]) < (True, keys[0], 2)]
        return bool(past) and max(past)[2] == EVENTS["introduced"]


@dataclass(frozen=True)
class Advisory:
    """What a record says, or several that share an identifier; the severity as it is stated."""

    id: str
    aliases: tuple[str, ...]
    summary: str
    severity: str
    affected: tuple[Affected, ...]


@dataclass(frozen=True)
class Advisories:
    """All that can be read of a file, and what cannot, with the reasons."""

    advisories: tuple[Advisory, ...]
    unreadable: tuple[str, ...]


def purl_parts(purl: str) -> tuple[str, str]:
    """Return `type/namespace/name`, normalized, and the version of a package URL; empty if none."""
    scheme, _, rest = re.split("[?#]", purl, maxsplit=1)[0].partition(":")
    folders, _, last = rest.strip("/").rpartition("/")
    name, _, version = map(unquote, last.partition("@"))
    folders, name = unquote(folders).lower(), name.lower()
    name = canonicalize_name(name) if folders == "pypi" else name
    return (f"{folders}/{name}", version) if scheme == "pkg" and folders and name else ("", "")


def read_advisories(path: Path, wanted: Container[str] | None = None) -> Advisories:
    """Read a JSON file, or those and YAML files in a folder or a zip; withdrawn ones do not count.

    Args:
        wanted: The packages that matter, as in `purl_parts`; None for all.

    Raises:
        AdvisoriesError: There is no record that can be read.
    """
    advisories: list[Advisory] = []
    unreadable, readable = [], 0
    try:
        for name, record in _records(path):
            try:
                advisories += _advisory(record, wanted)
                readable += 1
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                reason = record if isinstance(record, Exception) else f"not a record, {error!r}"
                unreadable.append(shorten(f"{name}: {reason}", LONGEST))
    except (OSError, zipfile.BadZipFile) as error:
        raise AdvisoriesError(path, [str(error)]) from error
    if not readable:
        raise AdvisoriesError(path, unreadable)
    return Advisories(_merged(advisories), tuple(unreadable))


def _records(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield the name of each file and each of its records, or why it cannot be read."""
    if path.is_dir():
        for folder, _, names in os.walk(path, onerror=_fail):
            for file in (Path(folder, name) for name in sorted(names)):
                yield from _of_file(str(file), partial(open_regular, file))
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                yield from _of_file(info.filename, partial(archive.open, info))
    else:
        yield from _of_file(str(path), partial(open_regular, path))


def _fail(error: OSError) -> None:
    raise error


def _of_file(name: str, opening: Any) -> Iterator[tuple[str, Any]]:
    if not name.lower().endswith((".json", *YAML)):
        return
    try:
        with opening() as file:
            content = file.read(reading.LARGEST)
        if name.lower().endswith(YAML):
            from ruamel.yaml import YAML as Reader

            value = Reader(typ="base", pure=True).load(content)  # of texts alone, such as 1.10
        else:
            value = reading.load(content)
    except Exception as error:  # zipfile, zlib and ruamel.yaml have no base for what they raise
        value = error
    value = value.get("vulns", value) if isinstance(value, dict) else value  # osv.dev answers so
    yield from ((name, record) for record in (value if isinstance(value, list) else [value]))


def _advisory(value: Any, wanted: Container[str] | None) -> Iterator[Advisory]:
    id, aliases = reading.text(value["id"]), reading.texts(value.get("aliases") or [])
    parts = [part for part in value.get("affected") or [] if part.get("package")]
    affected = tuple(package for part in parts for package in _affected(part, wanted))
    if affected and not re.match("[0-9]{4}-", str(value.get("withdrawn"))):
        stated = [(value.get("database_specific") or {}).get("severity")]
        stated += [s.get("score") for v in (value, *parts) for s in v.get("severity") or []]
        severity = ", ".join(dict.fromkeys(filter(None, stated)))
        summary = shorten(str(value.get("summary") or value.get("details") or ""), LONGEST)
        yield Advisory(id, aliases, summary, severity, affected)


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


def _merged(advisories: Iterable[Advisory]) -> tuple[Advisory, ...]:
    """Return one advisory for all that share an identifier."""
    named: dict[str, Advisory] = {}
    for advisory in sorted(advisories, key=attrgetter("id")):
        ids = {advisory.id, *advisory.aliases}
        for other in {named[i].id: named[i] for i in sorted(ids & named.keys())}.values():
            ids |= {other.id, *other.aliases}
            affected = tuple(dict.fromkeys(other.affected + advisory.affected))
            advisory = replace(
                other, affected=affected, severity=other.severity or advisory.severity
            )
        advisory = replace(advisory, aliases=tuple(sorted(ids - {advisory.id})))
        named |= dict.fromkeys(ids, advisory)
    return tuple(sorted({a.id: a for a in named.values()}.values(), key=attrgetter("id")))
