"""Who needs a package."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import groupby
from typing import TYPE_CHECKING

from ..repository.exceptions import PackageUnknownError
from .contents import read_records
from .dependencies import besides, solved

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..repository.locate import Repository
    from .dependencies import Solved

#: How many names are suggested for one that is unknown.
SUGGESTED = 5


@dataclass(frozen=True)
class Step:
    """A package on a way from one that is needed to those that were asked for.

    Attributes:
        depth: How many steps away it is; 0 for the one that is needed.
        name: Of the package.
        version: Of the package; empty for a virtual one.
        specs: The MatchSpecs with which it needs the one above it.
        asked_for: Whether it was asked for.
        expanded: Whether those that need it follow; each package is expanded once, where it is
            nearest.
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
        environment: The name of the environment; empty if it has none.
        platform: Which one; `plugin` for the plugin's channel.
        version: Of the package; empty for a virtual one.
        build: The same.
        asked_for: Whether it was asked for.
        directly: What needs it directly, sorted by name.
        shortest: The names of the shortest way to it from what was asked for; none for a way.
        ways: All ways, as an inverted tree that is read from the top: each step is followed by
            those that need it, one deeper.
    """

    name: str
    release: int
    environment: str
    platform: str
    version: str
    build: str
    asked_for: bool
    directly: tuple[Step, ...]
    shortest: tuple[str, ...]
    ways: tuple[Step, ...]


def why(
    repositories: Iterable[Repository], name: str
) -> tuple[tuple[Repository, tuple[Why, ...]], ...]:
    """Find out who needs a package, in the repositories that have it.

    That is, in each environment of the release on each platform; if none has it, in those of the
    newest earlier release that does, or in the plugin's channel.

    Args:
        repositories: Where it is looked for.
        name: Of a package, or a virtual one such as `__glibc`.

    Raises:
        PackageUnknownError: None of them has it.
        ManifestError: The index of one does not fit the manifest.
    """
    wanted = name.strip().lower()
    found = []
    known: set[str] = set()
    for repository in repositories:
        manifest, place = repository.manifest, repository.path
        records = read_records(manifest, place, damaged=True)
        releases = [solved(manifest, records, place)]
        earlier = besides(manifest, records, place)
        releases += [tuple(some) for _, some in groupby(earlier, lambda one: one.release)]
        for release in releases:
            reasons = tuple(one for solution in release for one in _reason(solution, wanted))
            if reasons:
                found.append((repository, reasons))
                break
            known |= {name for solution in release for name in _names(solution)}
    if not found:
        raise PackageUnknownError(name, get_close_matches(wanted, sorted(known), SUGGESTED))
    return tuple(found)


def _names(solution: Solved) -> set[str]:
    return set(solution.archives).union(*solution.needs.values())


def _reason(solution: Solved, name: str) -> Iterable[Why]:
    if name not in _names(solution):
        return
    needing: dict[str, list[str]] = defaultdict(list)
    for other, needs in solution.needs.items():
        for needed in needs:
            needing[needed].append(other)
    nearest = _nearest(name, needing)
    ways = _ways(solution, name, needing, nearest)
    entry = solution.entries.get(name, {})
    yield Why(
        name=name,
        release=solution.release,
        environment=solution.environment,
        platform=solution.platform,
        version=entry.get("version", ""),
        build=entry.get("build", ""),
        asked_for=name in solution.asked_for,
        directly=tuple(step for step in ways if step.depth == 1),
        shortest=_shortest(solution, nearest),
        ways=ways,
    )


def _nearest(name: str, needing: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return, the nearest first, what needs a package in any way, each with the next one on its
    shortest way to it; the package itself with nothing.
    """
    found = {name: ""}
    todo = deque([name])
    while todo:
        one = todo.popleft()
        for other in needing.get(one, ()):
            if other not in found:
                found[other] = one
                todo.append(other)
    return found


def _shortest(solution: Solved, nearest: Mapping[str, str]) -> tuple[str, ...]:
    one = next((name for name in nearest if name in solution.asked_for), "")
    way = []
    while one:
        way.append(one)
        one = nearest[one]
    return tuple(way)


def _ways(
    solution: Solved, name: str, needing: Mapping[str, Sequence[str]], nearest: Mapping[str, str]
) -> tuple[Step, ...]:
    steps = []
    todo = [(0, name, "")]
    while todo:
        depth, one, above = todo.pop()
        expanded = nearest[one] == above
        steps.append(
            Step(
                depth,
                one,
                solution.entries.get(one, {}).get("version", ""),
                solution.needs[one][above] if above else (),
                one in solution.asked_for,
                expanded,
            )
        )
        if expanded:
            todo += [(depth + 1, other, one) for other in reversed(needing.get(one, ()))]
    return tuple(steps)
