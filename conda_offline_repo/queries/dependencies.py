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
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from ..repository.manifest import Manifest

    #: The index entries of packages, by `subdir/file`.
    Records = Mapping[str, Mapping[str, Any]]

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
class RequestedEnvironment:
    """What was asked for of an environment of the label.

    Attributes:
        name: Its name; empty if it is the only one and has none.
        packages: MatchSpecs; none if it is exact, or if all of the label channel was asked for.
        exact: Whether its archives were named exactly.
    """

    name: str
    packages: tuple[str, ...]
    exact: bool


def environments(manifest: Manifest) -> tuple[RequestedEnvironment, ...]:
    """Return what was asked for, by name of the environment."""
    request = manifest.request
    exact = {name: () for name in request.exact}
    packages = {**request.environments, **exact} or {"": request.packages}
    return tuple(
        RequestedEnvironment(name, tuple(packages[name]), name in exact)
        for name in sorted(packages)
    )


def solved(manifest: Manifest, records: Records, place: Path) -> tuple[Solved, ...]:
    """Return what the release installs, by environment and platform.

    Args:
        manifest: What the release is.
        records: The index entries, by `subdir/file`. While a publication is under way, archives
            that are not in the index yet are left out.
        place: Where the index files are, for messages.

    Raises:
        ManifestError: The index does not have an archive, or has nonsense in its place.
    """
    packages = {environment.name: environment.packages for environment in environments(manifest)}
    solutions = ((manifest.release, manifest.solutions),)
    return tuple(_installed(manifest, records, place, solutions, packages))


def solved_besides(manifest: Manifest, records: Records, place: Path) -> tuple[Solved, ...]:
    """Return what the earlier releases install that are kept, the newest first, and then the
    plugin's channel; for the arguments and what is raised see `solved`.
    """
    plugin = tuple(name for name in manifest.packages if name.startswith(f"{PLUGIN}/"))
    releases = sorted(manifest.releases, reverse=True)
    solutions = [(build, manifest.releases[build].solutions) for build in releases]
    solutions += [(manifest.release, {PLUGIN: plugin})] if plugin else []
    return tuple(_installed(manifest, records, place, solutions, {}))


def checked_entry(
    manifest: Manifest, records: Records, place: Path, archive: str
) -> Mapping[str, Any] | None:
    """Return the index entry of an archive, whose name, version and build can be printed; None if
    it is not in the index yet. For the other arguments and what is raised see `solved`.
    """
    if manifest.on_the_way and archive not in records:
        return None
    try:
        entry = records[archive]
        for field in ("name", "version", "build"):
            reading.text(entry[field])
    except (ValueError, KeyError, TypeError) as error:
        index = f"{archive.rpartition('/')[0]}/{INDEX_NAME}"
        raise ManifestError(place / index, MISFIT) from error
    return entry


def spec_name(spec: str) -> str:
    """Return the package name of a MatchSpec; of what is none, the first word."""
    if plain := PLAIN.fullmatch(spec):
        return plain[1].lower()
    try:
        name = MatchSpec(spec).name
    except (CondaError, AttributeError, IndexError, TypeError, ValueError):
        name = spec.split()[0] if spec.strip() else ""
    return str(name).lower()


def _installed(
    manifest: Manifest,
    records: Records,
    place: Path,
    releases: Iterable[tuple[int, Mapping[str, Iterable[str]]]],
    packages: Mapping[str, tuple[str, ...]],
) -> Iterator[Solved]:
    for build, solutions in releases:
        for (environment, platform), key in sorted((key_parts(key), key) for key in solutions):
            archives, entries = {}, {}
            for archive in solutions[key]:
                if entry := checked_entry(manifest, records, place, archive):
                    name = entry["name"].lower()
                    archives[name], entries[name] = archive, entry
            archives, entries = dict(sorted(archives.items())), dict(sorted(entries.items()))
            asked_for = packages.get(environment, ())
            yield Solved(build, environment, platform, archives, entries, asked_for)


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
        todo_names = [name]
        while todo_names:
            name = todo_names.pop()
            if name in needs and name not in reached:
                reached.add(name)
                todo_names += needs[name]
    return frozenset(roots)
