"""Why a package is in a repository: the packages that need it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import groupby
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from ..repository.names import PLUGIN
from .contents import ListedWheel, read_records, wheel_of
from .dependencies import Solved, solved, solved_besides, spec_name
from .exceptions import PackageUnknownError
from .pip import names_by_project

if TYPE_CHECKING:
    from ..repository.locate import Repository
    from ..repository.manifest import Manifest

#: Suggestions for an unknown name.
SUGGESTED = 5


@dataclass(frozen=True)
class Step:
    """A package on a way from the needed package to a requested one.

    Attributes:
        depth: The number of steps from the needed package.
        name: Of the package.
        version: Of the package; empty for a virtual one.
        specs: The MatchSpecs with which it needs the package above it; none of python for pip that
            only conda's add_pip_as_python_dependency adds.
        asked_for: Whether it was requested.
        expanded: Whether the packages that need it follow; each is expanded once, where nearest.
    """

    depth: int
    name: str
    version: str
    specs: tuple[str, ...]
    asked_for: bool
    expanded: bool


@dataclass(frozen=True)
class Why:
    """Why a package is in an environment.

    Attributes:
        name: Of the package, which may be a virtual one.
        release: The number of the release.
        environment: Its name; empty if it has none.
        platform: Its name; `plugin` for the plugin's channel.
        version: Of the package; empty for a virtual one.
        build: The same.
        asked_for: Whether it was requested.
        requirements: The requirements of pip that it stands for.
        wheel: The wheel that it was made from; None if it is of a channel.
        directly: The packages that need it directly, sorted by name.
        shortest: The names on the shortest way to it from a requested package, if any.
        ways: All ways, as a tree: each step is followed by those that need it, one deeper.
    """

    name: str
    release: int
    environment: str
    platform: str
    version: str
    build: str
    asked_for: bool
    requirements: tuple[str, ...]
    wheel: ListedWheel | None
    directly: tuple[Step, ...]
    shortest: tuple[str, ...]
    ways: tuple[Step, ...]


def why(
    repositories: Iterable[Repository], name: str
) -> tuple[tuple[Repository, tuple[Why, ...]], ...]:
    """Return why a package is in those of the repositories that have it.

    The answers are for each environment and platform of the release that has it; otherwise of the
    newest kept release that has it, or of the plugin's channel.

    Args:
        repositories: Those to search.
        name: Of a package, a virtual one such as `__glibc`, or a project of PyPI that a package is,
            or stands for.

    Raises:
        PackageUnknownError: None of them has it.
        ManifestError: An index does not fit its manifest.
    """
    normalized = name.strip().lower()
    answers = []
    known: set[str] = set()
    for repository in repositories:
        manifest, path = repository.manifest, repository.path
        records = read_records(manifest, path, damaged=True)
        solutions = (*solved(manifest, records, path), *solved_besides(manifest, records, path))
        projects = names_by_project(manifest)
        of_project = projects.get(canonicalize_name(normalized), frozenset())
        known |= projects.keys()
        for _, group in groupby(solutions, lambda s: (s.release, s.platform == PLUGIN)):
            release = [(s, set(s.archives).union(*s.needs.values())) for s in group]
            known = known.union(*(names for _, names in release))
            has_name = any(normalized in names for _, names in release)
            sought = frozenset({normalized}) if has_name else of_project
            reasons = tuple(
                _reason(solution, other, manifest)
                for solution, names in release
                for other in sorted(sought & names)
            )
            if reasons:
                answers.append((repository, reasons))
                break
    if not answers:
        raise PackageUnknownError(name, get_close_matches(normalized, sorted(known), SUGGESTED))
    return tuple(answers)


def _reason(solution: Solved, name: str, manifest: Manifest) -> Why:
    needing: dict[str, list[str]] = defaultdict(list)
    for other, needs in solution.needs.items():
        for needed in needs:
            needing[needed].append(other)
    # all that need it, the nearest first, each with the next one on its shortest way to it
    towards = {name: ""}
    nearest = [name]
    for needed in nearest:
        for other in needing[needed]:
            if other not in towards:
                towards[other] = needed
                nearest.append(other)
    way = [next((other for other in nearest if other in solution.asked_for), "")]
    while way[-1]:
        way.append(towards[way[-1]])
    steps = []
    todo = [(0, name, "")]
    while todo:
        depth, package, above = todo.pop()
        version = solution.entries.get(package, {}).get("version", "")
        specs = solution.needs[package][above] if above else ()
        expanded = towards[package] == above
        steps.append(Step(depth, package, version, specs, package in solution.asked_for, expanded))
        if expanded:
            todo += [(depth + 1, other, package) for other in reversed(needing[package])]
    archive = manifest.packages.get(solution.archives.get(name, ""))
    return Why(
        name=name,
        release=solution.release,
        environment=solution.environment,
        platform=solution.platform,
        version=steps[0].version,
        build=solution.entries.get(name, {}).get("build", ""),
        asked_for=steps[0].asked_for,
        requirements=tuple(
            sorted(t for t, spec in solution.pip.items() if spec_name(spec) == name)
        ),
        wheel=wheel_of(archive) if archive else None,
        directly=tuple(step for step in steps if step.depth == 1),
        shortest=tuple(way[:-1]),
        ways=tuple(steps),
    )
