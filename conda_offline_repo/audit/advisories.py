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

#: The end of longer files is not read, so that they are not JSON; bytes of all files of a zip.
LARGEST, LARGEST_ALL = reading.LARGEST, 1 << 35
#: Characters of a summary, and of the reason why a record cannot be read.
LONGEST = 120
YAML = (".yaml", ".yml")
#: What happens at a version, in the order in which it counts where several do, and its beginning.
EVENTS = ("fixed", "introduced", "last_affected")
LIMIT, EVER = "limit", ("introduced", "0")


@dataclass(frozen=True)
class Affected:
    """A package in an advisory. Affected are `versions`, and those in `ranges` of events: a name of
    `EVENTS`, a version.
    """

    ecosystem: str
    name: str
    purl: str
    versions: tuple[str, ...] = ()
    ranges: tuple[tuple[tuple[str, str], ...], ...] = ()

    @cached_property
    def keys(self) -> frozenset[str]:
        """What it is called, as in `purl_parts`."""
        of_pypi = f"pypi/{canonicalize_name(self.name)}" if self.ecosystem == "PyPI" else ""
        return frozenset({of_pypi, purl_parts(self.purl)[0]} - {""})

    @property
    def fixed(self) -> tuple[str, ...]:
        """The versions that fix it, as they are stated."""
        events = (event for events in self.ranges for event in events)
        return tuple(dict.fromkeys(version for kind, version in events if kind == "fixed"))

    def has(self, version: str) -> bool:
        """Return whether a version is affected, or cannot be compared.

        PEP 440 compares versions of PyPI; conda those that it cannot read, and all others. A local
        part (`+cu118`) counts only against one.
        """
        pairs = (self._ordered(version, [v]) or (version, v) for v in self.versions)
        return any(a == b for a, b in pairs) or any(self._in(version, r) for r in self.ranges)

    def _in(self, version: str, events: Sequence[tuple[str, str]]) -> bool:
        """Return what OSV's algorithm does: the last event until a version counts."""
        ordered = self._ordered(version, [text for _, text in events])
        if not ordered:
            return True
        this, *keys = ordered
        limits = [key for key, (kind, _) in zip(keys, events, strict=True) if kind == LIMIT]
        past = [
            (event != EVER, key, EVENTS.index(event[0]))
            for key, event in zip(keys, events, strict=True)
            if event[0] in EVENTS
            and (event == EVER or key < this or (key == this and event[0] != EVENTS[-1]))
        ]
        begun = bool(past) and EVENTS[max(past)[2]] == "introduced"
        return begun and (not limits or this < max(limits))

    def _ordered(self, version: str, others: Sequence[str]) -> list[Any]:
        """Return versions as one rule compares them; none if no rule reads all of them."""
        if not any("+" in other for other in others):
            version = version.partition("+")[0]
        of_pypi = any(key.startswith("pypi/") for key in self.keys)
        for rule in (Version, VersionOrder) if of_pypi else (VersionOrder,):
            with suppress(ValueError):
                return [rule(text) for text in (version, *others)]
        return []


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
    """All that is in a file, and what of it cannot be read, and why."""

    advisories: tuple[Advisory, ...]
    unreadable: tuple[str, ...]


def purl_parts(purl: str) -> tuple[str, str]:
    """Return `type/namespace/name`, normalized, and the version of a package URL; empty if none."""
    scheme, _, rest = re.split("[?#]", purl, maxsplit=1)[0].partition(":")
    folders, _, last = rest.strip("/").rpartition("/")
    kind, *namespace = map(unquote, folders.lower().split("/"))
    name, _, version = map(unquote, last.partition("@"))
    name = canonicalize_name(name) if kind == "pypi" else name.lower()
    return ("/".join((kind, *namespace, name)), version) if scheme == "pkg" and kind else ("", "")


def read_advisories(path: Path, wanted: Container[str] | None = None) -> Advisories:
    """Read records of OSV; those that are withdrawn do not count.

    Args:
        path: A JSON file of one or several; a folder or a zip file, also of YAML files.
        wanted: The packages that matter, as in `purl_parts`; None for all.

    Raises:
        AdvisoriesError: There is no record that can be read.
    """
    advisories: list[Advisory] = []
    unreadable: list[str] = []
    readable = 0
    for name, record in _records(path):
        try:
            advisories += _advisory(record, wanted)
            readable += 1
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            reason = record if isinstance(record, Exception) else f"not a record, {error!r}"
            unreadable.append(shorten(f"{name}: {reason}", LONGEST))
    if not readable:
        raise AdvisoriesError(path, unreadable)
    return Advisories(_merged(advisories), tuple(unreadable))


def _records(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield each record with the name of its file; an error in the place of those of a file."""
    for name, opening in _files(path):
        try:
            with opening() as file:
                content = file.read(LARGEST)
            if name.lower().endswith(YAML):
                from ruamel.yaml import YAML as Reader

                value = Reader(typ="base", pure=True).load(content)  # of texts alone, such as 1.10
            else:
                value = reading.load(content)
        except Exception as error:  # zipfile, zlib and ruamel.yaml have no base for what they raise
            value = error
        if isinstance(value, dict):  # osv.dev answers so
            value = value.get("vulns", value)
        yield from ((name, record) for record in (value if isinstance(value, list) else [value]))


def _files(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield the name of each file, or folder that cannot be read, with what opens it."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if sum(info.file_size for info in members) > LARGEST_ALL:
                raise AdvisoriesError(path, ["It is too large."])
            yield from (
                (i.filename, partial(archive.open, i)) for i in members if _is_data(i.filename)
            )
        return
    files = [path]
    if path.is_dir():
        closed: list[str] = []
        walk = os.walk(path, onerror=lambda error: closed.append(error.filename))
        files = [Path(folder, name) for folder, _, names in walk for name in names]
        files = [f for f in files if _is_data(f.relative_to(path).as_posix())]
        files += map(Path, closed)
    yield from ((str(file), partial(open_regular, file)) for file in sorted(files))


def _is_data(name: str) -> bool:
    return name.lower().endswith((".json", *YAML)) and "/." not in f"/{name}"


def _advisory(value: Any, wanted: Container[str] | None) -> Iterator[Advisory]:
    """Yield the advisory in a record, if it is about something that matters."""
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
    events = [
        (k, reading.text(value[k])) for value in values for k in (*EVENTS, LIMIT) if k in value
    ]
    if not any(kind == "introduced" for kind, _ in events):
        raise ValueError("a range does not say where it begins")
    return tuple(event for event in events if event != (LIMIT, "*"))


def _merged(advisories: Iterable[Advisory]) -> tuple[Advisory, ...]:
    """Return one advisory for all that share an identifier, sorted."""
    named: dict[str, Advisory] = {}
    for advisory in sorted(advisories, key=attrgetter("id")):
        for other in {named[i].id: named[i] for i in _ids(advisory) if i in named}.values():
            advisory = Advisory(
                other.id,
                tuple(sorted({*_ids(other), *_ids(advisory)} - {other.id})),
                other.summary or advisory.summary,
                other.severity or advisory.severity,
                tuple(dict.fromkeys((*other.affected, *advisory.affected))),
            )
        named |= dict.fromkeys(_ids(advisory), advisory)
    return tuple(sorted({a.id: a for a in named.values()}.values(), key=attrgetter("id")))


def _ids(advisory: Advisory) -> tuple[str, ...]:
    return (advisory.id, *advisory.aliases)
