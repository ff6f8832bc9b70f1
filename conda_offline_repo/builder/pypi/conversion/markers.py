"""Which requirements of a wheel hold where: environment markers, evaluated for other machines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from ..wheel import MACHINES, SYSTEMS

if TYPE_CHECKING:
    from packaging.requirements import Requirement

#: The machines that a package for all platforms has to be right for, by conda subdir.
PROCESSORS = {
    **{subdir: name for subdir, (_, name) in MACHINES.items()},
    "linux-ppc64le": "ppc64le",
}
#: Nothing that a package of today is for is older.
OLDEST_PYTHON = (2, 7, 0)
VARIABLE = re.compile(
    r"\b(?:os_name|sys_platform|platform_\w+|python_\w+|implementation_\w+|extra)\b"
)


class Conditions:
    """The requirements of a project, with their markers; each is evaluated once for each case.

    Args:
        project: The project's normalized name.
        requirements: All that its metadata states.
    """

    def __init__(self, project: str, requirements: Iterable[Requirement]) -> None:
        self._project = project
        self._rows = [
            (r, canonicalize_name(r.name), tuple(sorted({*VARIABLE.findall(str(r.marker or ""))})))
            for r in requirements
        ]
        self._known: dict[tuple[int, tuple[str, ...]], bool] = {}

    def literals(self) -> Iterator[str]:
        """Yield what the markers compare with."""
        for requirement, _, _ in self._rows:
            yield from re.findall(r"\"[^\"]*\"|'[^']*'", str(requirement.marker or ""))

    def active(
        self, environment: Mapping[str, str], extras: Iterable[str]
    ) -> tuple[Requirement, ...]:
        """Return the requirements that hold in an environment.

        What the project requires of itself (`foo[bar]`) adds to the extras, as pip does it.
        """
        asked = {"", *map(canonicalize_name, extras)}
        environments = [{**environment, "extra": extra} for extra in asked]
        while True:
            holding = [
                (requirement, name)
                for index, (requirement, name, _) in enumerate(self._rows)
                if any(self._holds(index, environment) for environment in environments)
            ]
            own = (requirement for requirement, name in holding if name == self._project)
            more = {canonicalize_name(extra) for r in own for extra in r.extras} - asked
            if not more:
                return tuple(r for r, name in holding if name != self._project)
            asked |= more
            environments += [{**environment, "extra": extra} for extra in more]

    def _holds(self, index: int, environment: Mapping[str, str]) -> bool:
        requirement, _, variables = self._rows[index]
        if requirement.marker is None:
            return True
        case = index, tuple(environment[variable] for variable in variables)
        if case not in self._known:
            self._known[case] = requirement.marker.evaluate(dict(environment))
        return self._known[case]


class Reach:
    """Where else a project requires what it requires of a target.

    Args:
        conditions: Of the project.
        environment: The markers of the target.
        extras: Those asked for.
    """

    def __init__(
        self, conditions: Conditions, environment: Mapping[str, str], extras: frozenset[str]
    ) -> None:
        self._conditions, self._extras = conditions, extras
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
        texts = [".".join(map(str, start[: 3 if start[2] else 2])) for start in starts]
        bounds = [f">={texts[first]}"] if first else []
        bounds += [f"<{text}" for text in texts[last + 1 : last + 2]]
        return SpecifierSet(",".join(bounds))

    def _same(self, python: tuple[int, int, int], every_platform: bool) -> bool:
        full, minor = (".".join(map(str, python[:parts])) for parts in (3, 2))
        versions = {"implementation_version": full, "python_full_version": full}
        environment = {**self._environment, **versions, "python_version": minor}
        environments = [environment, *(self._environments(environment) if every_platform else ())]
        return all(self._needs(environment) == self._here for environment in environments)

    def _needs(self, environment: Mapping[str, str]) -> frozenset[tuple[str, str, str | None]]:
        holding = self._conditions.active(environment, self._extras)
        return frozenset((canonicalize_name(r.name), str(r.specifier), r.url) for r in holding)

    def _environments(self, environment: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
        for subdir, processor in PROCESSORS.items():
            system = SYSTEMS[subdir.partition("-")[0]]
            unknown = {"platform_release": "", "platform_version": ""}
            yield {**environment, **system, **unknown, "platform_machine": processor}

    def _boundaries(self) -> Iterator[tuple[int, int, int]]:
        """Yield the Pythons at which what a marker says may change."""
        yield OLDEST_PYTHON
        literals = " ".join(self._conditions.literals())
        for piece in re.findall(r"\d[\w.]*", literals):
            with suppress(InvalidVersion):
                major, minor, micro, *_ = (*Version(piece.rstrip(".")).release, 0, 0)
                after = ((major, minor, micro + 1), (major, minor + 1, 0), (major + 1, 0, 0))
                yield from (s for s in ((major, minor, micro), *after) if s > OLDEST_PYTHON)
