"""Which packages need which, in what is installed together, and what was asked for of it."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from conda import CondaError
from conda.models.match_spec import MatchSpec

from ..repository import reading
from ..repository.exceptions import ManifestError
from ..repository.manifest import INDEX_NAME, key_parts
from ..repository.names import PLUGIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import Any

    from ..repository.manifest import Manifest

#: How most of an index's MatchSpecs are written; conda takes its time to read one.
PLAIN = re.compile(r"([A-Za-z0-9_][A-Za-z0-9_.-]*)(?: [^@\[\]]*)?(?<!\.conda)(?<!\.tar\.bz2)")
MISFIT = "it is missing or does not fit the manifest"


@dataclass(frozen=True)
class Solved:
    """What is installed together: an environment of a label on a platform.

    Attributes:
        release: The number of the release.
        environment: Its name; empty if it has none.
        platform: Which one; `plugin` for the plugin's channel.
        archives: As `subdir/file`, by package name.
        entries: What the index says of each, by package name.
        packages: The MatchSpecs that were asked for; none if the archives were named exactly, if
            all of a label channel was asked for, and for earlier releases.
    """

    release: int
    environment: str
    platform: str
    archives: Mapping[str, str]
    entries: Mapping[str, Mapping[str, Any]]
    packages: tuple[str, ...] = ()

    @cached_property
    def needs(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """What each package needs: by name, the MatchSpecs that say so, by the name they are of."""
        return {name: _needs(entry) for name, entry in self.entries.items()}

    @cached_property
    def asked_for(self) -> frozenset[str]:
        """The names that were asked for; where none were named, what no other package needs.

        Of packages that need each other, and that nothing else needs, it is one.
        """
        named = {spec_name(package) for package in self.packages} & set(self.archives)
        return frozenset(named) or _roots(self.needs)


@dataclass(frozen=True)
class Environment:
    """What was asked for of an environment of the label.

    Attributes:
        name: Its name; empty if it is the only one and has none.
        packages: MatchSpecs; none if it is exact, or if all of the label channel was asked for.
        exact: Whether its archives were named exactly.
    """

    name: str
    packages: tuple[str, ...]
    exact: bool


def environments(manifest: Manifest) -> tuple[Environment, ...]:
    """Return what was asked for, by name of the environment."""
    request = manifest.request
    named = {*request.environments, *request.exact}
    asked = request.environments if named else {"": request.packages}
    return tuple(
        Environment(
            name,
            () if name in request.exact else tuple(asked.get(name, ())),
            name in request.exact,
        )
        for name in sorted(named or {""})
    )


def solved(
    manifest: Manifest, records: Mapping[str, Mapping[str, Any]], place: Path
) -> tuple[Solved, ...]:
    """Return what the release installs, by environment and platform.

    Args:
        manifest: What the release is.
        records: The index entries, by `subdir/file`. While a publication is under way, archives
            that are not in the index yet are left out.
        place: Where the index files are, for messages.

    Raises:
        ManifestError: The index does not have an archive, or has nonsense in its place.
    """
    asked = {one.name: one.packages for one in environments(manifest)}
    found = []
    for key, archives in sorted(manifest.solutions.items(), key=lambda one: key_parts(one[0])):
        environment, platform = key_parts(key)
        entries = _entries(manifest, archives, records, place)
        packages = asked.get(environment, ())
        found.append(Solved(manifest.build, environment, platform, *entries, packages))
    return tuple(found)


def besides(
    manifest: Manifest, records: Mapping[str, Mapping[str, Any]], place: Path
) -> tuple[Solved, ...]:
    """Return what the earlier releases install that are kept, the newest first, and then the
    plugin's channel; for the arguments and what is raised see `solved`.
    """
    plugin = tuple(name for name in manifest.packages if name.startswith(f"{PLUGIN}/"))
    groups = [
        (build, *key_parts(key), archives)
        for build, kept in sorted(manifest.releases.items(), reverse=True)
        for key, archives in sorted(kept.solutions.items(), key=lambda one: key_parts(one[0]))
    ]
    groups += [(manifest.build, "", PLUGIN, plugin)] if plugin else []
    return tuple(
        Solved(build, environment, platform, *_entries(manifest, archives, records, place))
        for build, environment, platform, archives in groups
    )


def spec_name(spec: str) -> str:
    """Return the package name of a MatchSpec; of what is none, the first word."""
    if plain := PLAIN.fullmatch(spec):
        return plain[1].lower()
    try:
        name = MatchSpec(spec).name
    except (CondaError, AttributeError, IndexError, TypeError, ValueError):
        name = spec.split()[0] if spec.strip() else ""
    return str(name).lower()


def _entries(
    manifest: Manifest,
    archives: Iterable[str],
    records: Mapping[str, Mapping[str, Any]],
    place: Path,
) -> tuple[dict[str, str], dict[str, Mapping[str, Any]]]:
    """Return archives and their entries, each by name of the package."""
    found = {}
    for archive in archives:
        if manifest.on_the_way and archive not in records:
            continue
        try:
            entry = records[archive]
            for field in ("name", "version", "build"):
                reading.text(entry[field])
            found[entry["name"].lower()] = archive
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            index = f"{archive.rpartition('/')[0]}/{INDEX_NAME}"
            raise ManifestError(place / index, MISFIT) from error
    found = dict(sorted(found.items()))
    return found, {name: records[archive] for name, archive in found.items()}


def _needs(entry: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    depends = entry.get("depends")
    found = defaultdict(list)
    for spec in depends if isinstance(depends, list) else ():
        if isinstance(spec, str) and (name := spec_name(spec)) not in ("", "*"):
            found[name].append(spec)
    return {name: tuple(specs) for name, specs in sorted(found.items())}


def _roots(needs: Mapping[str, Mapping[str, object]]) -> frozenset[str]:
    """Return as few names as possible from which all the others are needed.

    Whatever is finished last by a search in depth is needed by nothing that is finished earlier,
    unless they need each other.
    """
    finished: list[str] = []
    seen: set[str] = set()
    for start in needs:
        todo = [(start, False)]
        while todo:
            name, done = todo.pop()
            if done:
                finished.append(name)
            elif name in needs and name not in seen:
                seen.add(name)
                todo.append((name, True))
                todo += [(other, False) for other in reversed(tuple(needs[name]))]
    roots: set[str] = set()
    reached: set[str] = set()
    for name in reversed(finished):
        if name not in reached:
            roots.add(name)
            rest = [name]
            while rest:
                one = rest.pop()
                if one in needs and one not in reached:
                    reached.add(one)
                    rest += needs[one]
    return frozenset(roots)
