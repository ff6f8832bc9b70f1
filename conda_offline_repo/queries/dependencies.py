"""The dependencies between the packages of a solution, and those that were requested."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from conda import CondaError
from conda.models.match_spec import MatchSpec

from ..repository import reading
from ..repository.exceptions import ManifestError
from ..repository.manifest import INDEX_NAME, Manifest, key_parts
from ..repository.names import PLUGIN

if TYPE_CHECKING:
    from ..files.web import Place

#: The index entries of packages, by `subdir/file`.
Records = Mapping[str, Mapping[str, Any]]

#: The form of most MatchSpecs of an index, as conda is slow to read one.
PLAIN = re.compile(r"([A-Za-z0-9_][A-Za-z0-9_.-]*)(?: [^@\[\]]*)?(?<!\.conda)(?<!\.tar\.bz2)")
#: The name in one that this conda does not read, such as of version 3 of the index format.
NAME = re.compile(r"[^\s\[]*")
MISFIT = "it is missing or does not fit the manifest"


@dataclass(frozen=True)
class Solved:
    """The packages of an environment of a label on a platform.

    Attributes:
        release: The number of the release.
        environment: Its name; empty if it has none.
        platform: Its name; `plugin` for the plugin's channel.
        archives: As `subdir/file`, by package name.
        entries: Of the index, by package name.
        packages: The requested MatchSpecs; none for exact archives, for all packages of a label
            channel, and for earlier releases.
        pip: By requirement of pip, the MatchSpec of what stands for it; none for earlier releases.
    """

    release: int
    environment: str
    platform: str
    archives: Mapping[str, str]
    entries: Mapping[str, Mapping[str, Any]]
    packages: tuple[str, ...] = ()
    pip: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def needs(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """The MatchSpecs of each package's dependencies, by package and by dependency.

        By conda's setting `add_pip_as_python_dependency`, which is on by default, python needs pip
        without a MatchSpec.
        """
        needs = {name: _needs(entry) for name, entry in self.entries.items()}
        if "pip" in needs and "python" in needs:
            needs["python"].setdefault("pip", ())
        return needs

    @cached_property
    def asked_for(self) -> frozenset[str]:
        """The requested names; where none are known, those that no other package needs.

        Of packages that need each other, and that nothing else needs, it contains one.
        """
        named, of_pip = (
            frozenset(map(spec_name, specs)) & self.archives.keys()
            for specs in (self.packages, self.pip.values())
        )
        return of_pip | (named or _roots(self.needs))


@dataclass(frozen=True)
class RequestedEnvironment:
    """The request for an environment of the label.

    Attributes:
        name: Of the environment; empty if it is the only one and has none.
        packages: MatchSpecs; none for exact archives and for all packages of the label channel.
        exact: Whether exact archives were requested.
        pip: The requirements of pip, on any platform.
    """

    name: str
    packages: tuple[str, ...]
    exact: bool
    pip: tuple[str, ...] = ()


def environments(manifest: Manifest) -> tuple[RequestedEnvironment, ...]:
    """Return the requested environments, sorted by name."""
    request = manifest.request
    packages = {**request.environments, **dict.fromkeys(request.exact, ())}
    pip: defaultdict[str, set[str]] = defaultdict(set)
    for key, requirements in manifest.pip.items():
        pip[key_parts(key)[0]].update(requirements)
    return tuple(
        RequestedEnvironment(name, tuple(specs), name in request.exact, tuple(sorted(pip[name])))
        for name, specs in sorted((packages or {"": request.packages}).items())
    )


def solved(manifest: Manifest, records: Records, path: Place) -> tuple[Solved, ...]:
    """Return the solutions of the release, by environment and platform.

    Args:
        manifest: Of the release.
        records: The index entries, by `subdir/file`. While a publication is under way, archives
            that are not in the index yet are left out.
        path: Of the repository, for messages.

    Raises:
        ManifestError: The index entry of an archive is missing or invalid.
    """
    keys, number = sorted(manifest.solutions, key=key_parts), manifest.release
    return tuple(solution_at(manifest, records, path, number, key) for key in keys)


def solved_besides(manifest: Manifest, records: Records, path: Place) -> tuple[Solved, ...]:
    """Return, like `solved`, the solutions of the kept releases, newest first, and the plugin's."""
    releases = sorted(manifest.releases, reverse=True)
    solutions = ((n, manifest.releases[n].solutions) for n in releases)
    keys = [(n, key) for n, own in solutions for key in sorted(own, key=key_parts)]
    keys += [(manifest.release, PLUGIN)] if manifest.of_plugin else []
    return tuple(solution_at(manifest, records, path, *key) for key in keys)


def checked_entry(
    manifest: Manifest, records: Records, path: Place, archive: str
) -> Mapping[str, Any] | None:
    """Return the index entry of an archive; None if it is not in the index yet.

    Its name, version and build are printable. See `solved` for arguments and errors.
    """
    if manifest.on_the_way and archive not in records:
        return None
    try:
        entry = records[archive]
        for field in ("name", "version", "build"):
            reading.text(entry[field])
    except (ValueError, KeyError, TypeError) as error:
        index = f"{archive.rpartition('/')[0]}/{INDEX_NAME}"
        raise ManifestError(path / index, MISFIT) from error
    return entry


def spec_name(spec: str) -> str:
    """Return the package name of a MatchSpec; the first word of any other text."""
    if plain := PLAIN.fullmatch(spec):
        return plain[1].lower()
    try:
        name = MatchSpec(spec).name.partition("[")[0]
    except (CondaError, AttributeError, IndexError, TypeError, ValueError):
        name = NAME.match(spec)[0]  # type: ignore[index]
    return str(name).lower()


def reached(names: Iterable[str], needs: Mapping[str, Iterable[str]]) -> set[str]:
    """Return the packages, by name, that some need, these included, as far as they are there.

    Args:
        needs: By name of each package that is there, the names of those that it needs.
    """
    seen: set[str] = set()
    for name in names:
        _search(name, needs, seen)
    return seen


def solution_at(
    manifest: Manifest, records: Records, path: Place, release: int, key: str
) -> Solved:
    """Return the solution of a release, kept or the newest, by its `solution_key`, or the plugin's.

    What was asked for is known of the newest release alone. See `solved` for the rest.
    """
    environment, platform = key_parts(key)
    solutions = {**manifest.installable[release].solutions, PLUGIN: manifest.of_plugin}
    known = ((a, checked_entry(manifest, records, path, a)) for a in solutions[key])
    named = ((entry["name"].lower(), archive, entry) for archive, entry in known if entry)
    both = sorted(named, key=itemgetter(0))
    asked: tuple[str, ...] = ()
    if release == manifest.release and key != PLUGIN:
        asked = {each.name: each.packages for each in environments(manifest)}.get(environment, ())
    pip = manifest.pip.get(key, {}) if release == manifest.release else {}
    archives = {name: archive for name, archive, _ in both}
    entries = {name: entry for name, _, entry in both}
    return Solved(release, environment, platform, archives, entries, asked, pip)


def _needs(entry: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    depends = entry.get("depends")
    specs = defaultdict(list)
    for spec in depends if isinstance(depends, list) else ():
        if isinstance(spec, str) and (name := spec_name(spec)) not in ("", "*"):
            specs[name].append(spec)
    return {name: tuple(specs[name]) for name in sorted(specs)}


def _roots(needs: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """Return as few names as possible from which all the others are needed.

    A search in depth leaves a name after all that it needs; so what is left last is needed by
    nothing that is left earlier, unless they need each other.
    """
    left: list[str] = []
    seen: set[str] = set()
    for name in needs:
        left += _search(name, needs, seen)
    reached: set[str] = set()
    return frozenset(name for name in reversed(left) if _search(name, needs, reached))


def _search(name: str, needs: Mapping[str, Iterable[str]], seen: set[str]) -> list[str]:
    """Search for what is not seen yet, in depth; returns it in the order in which it is left."""
    left = []
    todo = [(name, False)]
    while todo:
        name, searched = todo.pop()
        if searched:
            left.append(name)
        elif name in needs and name not in seen:
            seen.add(name)
            todo += [(name, True), *((needed, False) for needed in needs[name])]
    return left
