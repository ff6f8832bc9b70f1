"""Who has a package that an advisory is about, and where a version of it is fixed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import distributions
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.models.version import VersionOrder
from packaging.utils import canonicalize_name

from .._conda.index_requests import cached_versions
from .._conda.transactions import installed
from ..queries.contents import read_records
from ..queries.dependencies import solved, solved_besides
from ..repository.package import Package, WheelOrigin
from .advisories import purl_parts
from .check import matches, projects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from ..repository.locate import Repository
    from .advisories import Advisory
    from .policy import NotAffected


@dataclass(frozen=True)
class Holding:
    """A package of a release, or of an environment: then without a label, of release 0. Its
    channels may have other versions.
    """

    label: str
    release: int
    environment: str
    platform: str
    package: Package
    entry: Mapping[str, Any]
    channels: tuple[str, ...]

    @cached_property
    def names(self) -> dict[str, str]:
        """Its versions by what it is called, as in `purl_parts`."""
        version, purls = self.entry["version"], self.entry.get("purls")
        stated = dict(map(purl_parts, map(str, purls if isinstance(purls, list) else ())))
        names = {key: own or version for key, own in stated.items()}
        if not self.package.wheel:
            names[f"conda/{self.entry['name'].lower()}"] = version
        of_pypi = projects(self.package, self.entry)
        return names | {f"pypi/{name}": own for name, own in of_pypi.items()}


@dataclass(frozen=True)
class Available:
    """A version, and the label or channel that has it, this one by conda's cache of that day."""

    version: str
    place: str
    day: str = ""

    def __str__(self) -> str:
        return f"{self.version} in {self.place}{self.day and f' on {self.day}'}"


@dataclass(frozen=True)
class Hit:
    """A package that an advisory affects: who has it, as in `Holding`, and what the advisory says.

    `available` are the first later versions of each place that are not affected, `unknown` the
    channels of which conda has no index, and `note` is why it does not matter, where that is known.
    """

    label: str
    release: int
    environment: str
    platform: str
    package: str
    version: str
    pypi: Mapping[str, str]
    advisory: str
    aliases: tuple[str, ...]
    severity: str
    summary: str
    fixed: tuple[str, ...]
    available: tuple[Available, ...]
    unknown: tuple[str, ...]
    note: str


def held_by(repository: Repository) -> Iterator[Holding]:
    """Yield the packages of all releases of a repository; raises as `read_records`."""
    manifest, path = repository.manifest, repository.path
    records = read_records(manifest, path)
    for each in (*solved(manifest, records, path), *solved_besides(manifest, records, path)):
        place = (manifest.label, each.release, each.environment, each.platform)
        for name, entry in each.entries.items():
            package = manifest.packages[each.archives[name]]
            yield Holding(
                *place, package, entry, () if package.wheel else manifest.request.channels
            )


def held_in(prefix: Path) -> Iterator[Holding]:
    """Yield the packages of an environment; the projects of PyPI as Python finds them there."""
    place, channels = ("", 0, prefix.resolve().name, context.subdir), {}
    for name, record in installed(prefix).items():
        channels[name] = tuple(filter(None, (record.channel.base_url,)))
        entry = {"name": name, "version": record.version, "build": record.build}
        yield Holding(*place, Package("", "", 0, record.url or ""), entry, channels[name])
    sites = [*prefix.glob("lib/python*/site-packages"), prefix / "Lib" / "site-packages"]
    metadata = [each.metadata for each in distributions(path=[*map(str, sites)])]
    for name, version in sorted({(each["Name"], each["Version"]) for each in metadata}):
        project, entry = canonicalize_name(name), {"name": name, "version": version, "build": ""}
        package = Package("", "", 0, "", WheelOrigin(project, version, "", ""))
        yield Holding(*place, package, entry, channels.get(project, ()))


def affected(
    holdings: Iterable[Holding],
    advisories: Iterable[Advisory],
    notes: Mapping[str, Iterable[NotAffected]],
) -> tuple[Hit, ...]:
    """Return which packages advisories affect, with notes by label. No server is asked."""
    about: dict[str, dict[str, Advisory]] = defaultdict(dict)
    for advisory in advisories:
        for key in (key for part in advisory.affected for key in part.keys):
            about[key][advisory.id] = advisory
    pairs: list[tuple[Holding, Advisory]] = []
    same: dict[tuple[str, str], list[Holding]] = defaultdict(list)
    wanted: dict[str, set[str]] = defaultdict(set)
    for holding in holdings:
        same[holding.entry["name"], holding.platform].append(holding)
        known = {id: a for key in holding.names for id, a in about.get(key, {}).items()}
        hits = [(holding, a) for a in known.values() if _affects(a, holding.names)]
        pairs += hits
        for channel in holding.channels if hits else ():
            for subdir in (holding.platform, "noarch"):
                wanted[f"{channel}/{subdir}"].add(holding.entry["name"])
    cached = {url: cached_versions(url, names) for url, names in wanted.items()}
    return tuple(
        _hit(holding, advisory, same[holding.entry["name"], holding.platform], cached, notes)
        for holding, advisory in pairs
    )


def _hit(
    held: Holding,
    advisory: Advisory,
    same: Iterable[Holding],
    cached: Mapping[str, tuple[str, Mapping[str, Iterable[str]]] | None],
    notes: Mapping[str, Iterable[NotAffected]],
) -> Hit:
    name, version, names = held.entry["name"], held.entry["version"], held.names
    options = [(Available(h.entry["version"], h.label), h.names) for h in same if h.label]
    unknown = []
    for channel in held.channels:
        indexes = [i for s in (held.platform, "noarch") if (i := cached[f"{channel}/{s}"])]
        unknown += [] if indexes else [channel]
        versions = [(v, day) for day, index in indexes for v in index.get(name, ())]
        options += [(Available(v, channel, day), dict.fromkeys(names, v)) for v, day in versions]
    first: dict[str, Available] = {}
    for option, own in sorted(options, key=lambda option: VersionOrder(option[0].version)):
        later = VersionOrder(option.version) > VersionOrder(version)
        if later and not _affects(advisory, own):
            first.setdefault(option.place, option)
    fixed = [v for part in advisory.affected if part.keys & names.keys() for v in part.fixed]
    reasons = (
        note.reason
        for note in notes.get(held.label, ())
        if note.id in (advisory.id, *advisory.aliases)
        and (not note.package or matches(note.package, held.package, held.entry))
    )
    return Hit(
        *(held.label, held.release, held.environment, held.platform, name, version),
        {key.removeprefix("pypi/"): own for key, own in names.items() if key[:5] == "pypi/"},
        *(advisory.id, advisory.aliases, advisory.severity, advisory.summary),
        tuple(dict.fromkeys(fixed)),
        tuple(first.values()),
        tuple(unknown),
        next(reasons, ""),
    )


def _affects(advisory: Advisory, names: Mapping[str, str]) -> bool:
    parts = ((part, key) for part in advisory.affected for key in part.keys & names.keys())
    return any(part.has(names[key]) for part, key in parts)
