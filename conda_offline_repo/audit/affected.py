"""Who has a package that an advisory is about, and where a version of it is fixed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda.base.context import context
from conda.models.version import VersionOrder
from packaging.utils import canonicalize_name

from .._conda.index_requests import cached_versions
from .._conda.transactions import installed
from ..queries.contents import read_records
from ..queries.dependencies import solved, solved_besides
from ..repository.manifest import MANIFEST_NAME
from ..repository.package import Package, WheelOrigin
from .advisories import Advisory, purl_parts
from .check import matches, projects
from .policy import NotAffected, parse_policy

if TYPE_CHECKING:
    from ..repository.locate import Repository

#: The metadata of what is installed, whose encoding may be any.
METADATA = ("*.dist-info/METADATA", "*.egg-info/PKG-INFO", "*.egg-info", "*.egg/EGG-INFO/PKG-INFO")


@dataclass(frozen=True)
class Holding:
    """A package of a release, or in an environment: then without a label, of release 0. The notes
    are those of its policy.
    """

    label: str
    release: int
    environment: str
    platform: str
    channels: tuple[str, ...]
    package: Package
    entry: Mapping[str, Any]
    notes: tuple[NotAffected, ...] = ()

    @cached_property
    def names(self) -> dict[str, str]:
        """Its versions by what it is called, as in `purl_parts`."""
        version, purls = self.entry["version"], self.entry.get("purls")
        stated = map(purl_parts, map(str, purls if isinstance(purls, list) else ()))
        names = {key: own or version for key, own in stated}
        if not self.package.wheel:
            names[f"conda/{self.entry['name'].lower()}"] = version
        of_pypi = projects(self.package, self.entry)
        return names | {f"pypi/{name}": own for name, own in of_pypi.items()}


@dataclass(frozen=True)
class Hit:
    """A package that an advisory affects, and the versions that fix it by the advisory.

    `available` has the first later version of each label and channel that it does not affect; empty
    for a channel of which conda has no index cached. `note` is why the advisory does not matter, if
    a policy says so.
    """

    holding: Holding
    advisory: Advisory
    fixed: tuple[str, ...]
    available: Mapping[str, str]
    note: str


def held_by(repository: Repository, notes: tuple[NotAffected, ...] = ()) -> Iterator[Holding]:
    """Yield the packages of all releases of a repository, with the notes of its policy, and more;
    raises as `read_records`.
    """
    manifest, path = repository.manifest, repository.path
    records, channels = read_records(manifest, path), manifest.request.channels
    stated = {"not_affected": manifest.request.policy.get("not_affected", [])}
    notes = (*parse_policy(stated, path / MANIFEST_NAME).not_affected, *notes)
    for each in (*solved(manifest, records, path), *solved_besides(manifest, records, path)):
        place = (manifest.label, each.release, each.environment, each.platform)
        for name, entry in each.entries.items():
            package = manifest.packages[each.archives[name]]
            yield Holding(*place, () if package.wheel else channels, package, entry, notes)


def held_in(prefix: Path, notes: tuple[NotAffected, ...] = ()) -> Iterator[Holding]:
    """Yield the packages of an environment; the projects of PyPI as Python finds them there."""
    place, channels = ("", 0, prefix.resolve().name, context.subdir), {}
    for name, record in installed(prefix).items():
        channels[name] = tuple(filter(None, (record.channel.base_url,)))
        entry = {"name": name, "version": record.version, "build": record.build}
        yield Holding(*place, channels[name], Package("", "", 0, record.url or ""), entry, notes)
    sites = [*prefix.glob("lib/python*/site-packages"), prefix / "Lib" / "site-packages"]
    files = [file for site in sites for part in METADATA for file in site.glob(part)]
    read = [BytesHeaderParser().parsebytes(f.read_bytes()) for f in files if f.is_file()]
    stated = {(str(m["Name"]), str(m["Version"])) for m in read if "Name" in m and "Version" in m}
    for name, version in sorted(stated):
        project, entry = canonicalize_name(name), {"name": name, "version": version, "build": ""}
        package = Package("", "", 0, "", WheelOrigin(project, version, "", ""))
        yield Holding(*place, channels.get(project, ()), package, entry, notes)


def affected(holdings: Iterable[Holding], advisories: Iterable[Advisory]) -> list[Hit]:
    """Return which packages advisories affect. No server is asked."""
    about: dict[str, dict[str, Advisory]] = defaultdict(dict)
    for advisory in advisories:
        for key in (key for part in advisory.affected for key in part.keys):
            about[key][advisory.id] = advisory
    same: dict[tuple[str, str], list[Holding]] = defaultdict(list)
    pairs: list[tuple[Holding, Advisory]] = []
    wanted: dict[str, set[str]] = defaultdict(set)
    for held in holdings:
        same[held.entry["name"], held.platform].append(held)
        known = {id: a for key in held.names for id, a in about.get(key, {}).items()}
        of_this = [(held, a) for a in known.values() if _affects(a, held.names)]
        pairs += of_this
        for channel in held.channels if of_this else ():
            wanted[f"{channel}/{held.platform}"].add(held.entry["name"])
            wanted[f"{channel}/noarch"].add(held.entry["name"])
    cached = {url: cached_versions(url, names) for url, names in wanted.items()}
    hits = []
    for held, advisory in pairs:
        name, own = held.entry["name"], held.names
        others = [other for other in same[name, held.platform] if other.label]
        options = [(other.entry["version"], other.label, other.names) for other in others]
        available: dict[str, str] = {}
        for channel in held.channels:
            both = [cached[f"{channel}/{subdir}"] for subdir in (held.platform, "noarch")]
            if both == [None, None]:
                available[channel] = ""
            versions = {version for known in both if known for version in known.get(name, ())}
            options += [(version, channel, dict.fromkeys(own, version)) for version in versions]
        with suppress(ValueError):  # a version of PyPI that conda does not read
            own_version = VersionOrder(held.entry["version"])
            for version, place, names in sorted(options, key=lambda o: VersionOrder(o[0])):
                if VersionOrder(version) > own_version and not _affects(advisory, names):
                    available.setdefault(place, version)
        parts = [part for part in advisory.affected if part.keys & own.keys()]
        fixed = tuple(dict.fromkeys(version for part in parts for version in part.fixed))
        reasons = [
            note.reason
            for note in held.notes
            if note.id in (advisory.id, *advisory.aliases)
            and (not note.package or matches(note.package, held.package, held.entry))
        ]
        hits.append(Hit(held, advisory, fixed, available, "; ".join(reasons)))
    return hits


def _affects(advisory: Advisory, names: Mapping[str, str]) -> bool:
    parts = ((part, key) for part in advisory.affected for key in part.keys & names.keys())
    return any(part.has(names[key]) for part, key in parts)
