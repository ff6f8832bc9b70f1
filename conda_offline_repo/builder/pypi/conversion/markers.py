"""Which requirements of a wheel hold where: environment markers, evaluated for other machines."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from ..target import MACHINES, SYSTEMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from packaging.requirements import Requirement

#: The machines that a package for all platforms has to be right for, by conda subdir.
PROCESSORS = {
    **{subdir: name for subdir, (_, name) in MACHINES.items()},
    "linux-ppc64le": "ppc64le",
}
#: Nothing that a package of today is for is older.
OLDEST_PYTHON = (2, 7, 0)


def active(
    project: str,
    requirements: Iterable[Requirement],
    environment: Mapping[str, str],
    extras: Iterable[str],
) -> tuple[Requirement, ...]:
    """Return the requirements of a project that hold in an environment.

    What the project requires of itself (`foo[bar]`) adds to the extras, as pip does it.
    """
    known = tuple(requirements)
    asked = {"", *map(canonicalize_name, extras)}
    while True:
        holding = [r for r in known if _holds(r, environment, asked)]
        own = [r for r in holding if canonicalize_name(r.name) == project]
        more = {canonicalize_name(extra) for r in own for extra in r.extras}
        if more <= asked:
            return tuple(r for r in holding if r not in own)
        asked |= more


def _holds(requirement: Requirement, environment: Mapping[str, str], extras: set[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({**environment, "extra": e}) for e in extras)


class Reach:
    """Where else a project requires what it requires of a target.

    Args:
        project: The project's normalized name.
        requirements: Of the project, with their markers.
        environment: The markers of the target.
        extras: Those asked for.
    """

    def __init__(
        self,
        project: str,
        requirements: Iterable[Requirement],
        environment: Mapping[str, str],
        extras: Iterable[str],
    ) -> None:
        self._project, self._extras = project, frozenset(extras)
        self._requirements = [r for r in requirements if r.marker]
        self._environment = environment
        self._here = self._needs(environment)

    def every_platform(self) -> bool:
        """Return whether the same is required on every platform, of the target's Python."""
        return all(self._needs(e) == self._here for e in self._environments(self._environment))

    def pythons(self, *, every_platform: bool) -> SpecifierSet:
        """Return the Pythons around the target's of which the same is required.

        Args:
            every_platform: On every platform, not on the target's alone.
        """
        here = Version(self._environment["python_full_version"]).release
        starts = sorted(self._boundaries())
        at = max(index for index, start in enumerate(starts) if start <= here)
        first = last = at
        while first and self._same(starts[first - 1], every_platform):
            first -= 1
        while last + 1 < len(starts) and self._same(starts[last + 1], every_platform):
            last += 1
        bounds = [f">={_text(starts[first])}"] if first else []
        bounds += [f"<{_text(starts[last + 1])}"] if last + 1 < len(starts) else []
        return SpecifierSet(",".join(bounds))

    def _same(self, python: tuple[int, int, int], every_platform: bool) -> bool:
        full, minor = (".".join(map(str, python[:parts])) for parts in (3, 2))
        versions = {"implementation_version": full, "python_full_version": full}
        environment = {**self._environment, **versions, "python_version": minor}
        environments = [environment, *(self._environments(environment) if every_platform else ())]
        return all(self._needs(environment) == self._here for environment in environments)

    def _needs(self, environment: Mapping[str, str]) -> frozenset[tuple[str, str, str | None]]:
        holding = active(self._project, self._requirements, environment, self._extras)
        return frozenset((canonicalize_name(r.name), str(r.specifier), r.url) for r in holding)

    def _environments(self, environment: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
        for subdir, processor in PROCESSORS.items():
            system = SYSTEMS[subdir.partition("-")[0]]
            unknown = {"platform_release": "", "platform_version": ""}
            yield {**environment, **system, **unknown, "platform_machine": processor}

    def _boundaries(self) -> Iterator[tuple[int, int, int]]:
        """Yield the Pythons at which what a marker says may change."""
        yield OLDEST_PYTHON
        markers = " ".join(str(requirement.marker) for requirement in self._requirements)
        for piece in re.findall(r"\d[\w.]*", " ".join(re.findall(r"\"[^\"]*\"|'[^']*'", markers))):
            with suppress(InvalidVersion):
                major, minor, micro, *_ = (*Version(piece.rstrip(".")).release, 0, 0)
                after = ((major, minor, micro + 1), (major, minor + 1, 0), (major + 1, 0, 0))
                yield from (s for s in ((major, minor, micro), *after) if s > OLDEST_PYTHON)


def _text(python: tuple[int, int, int]) -> str:
    """Return a Python's version, in a bound without a last zero."""
    return ".".join(map(str, python[: 3 if python[2] else 2]))
