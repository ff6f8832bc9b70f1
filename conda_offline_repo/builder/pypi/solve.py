"""Solve what has requirements of pip: from the channels what they have, from PyPI the rest.

uv knows nothing of channels, and conda's solver nothing of PyPI, so they take turns: what wheels
need of conda packages goes into conda's solve, and its solution into uv's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from packaging.utils import canonicalize_name

from ...specs import PackageSpec
from ..solving.solve import solution_of
from ..upstream.ages import Ages, undated
from ..warnings import BuildWarning
from . import uv
from .channel_packages import ChannelPackages
from .channel_wheels import indexed, made_from
from .compose import composed, replaced
from .exceptions import WheelMisfitError
from .index_settings import index_settings
from .names import projects
from .requirement import active, parse
from .turns import Turns
from .walk import Walk
from .wheel import target_of, wheel_at
from .wheel_store import WheelStore

if TYPE_CHECKING:
    from conda.models.records import PackageRecord
    from packaging.specifiers import SpecifierSet

    from ..solving.solution import Ground, Solution, Solver, Task
    from .requirement import PipRequirement
    from .wheel import Target, Wheel

    Records: TypeAlias = tuple[PackageRecord, ...]


def solve(
    tasks: Sequence[Task], ground: Ground, solver: Solver
) -> tuple[tuple[Solution, ...], tuple[BuildWarning, ...]]:
    """Solve each task, and return warnings of what is from elsewhere than one may think.

    Args:
        solver: conda's; see `solving.solve.from_channels`.

    Raises:
        SolveError: conda's packages have no solution.
        UnresolvedError: Requirements of pip have none beside it.
        WheelHashError: A wheel is none of those that are allowed.
        WheelMisfitError: What a lock file names does not go together.
        OfflineRepoError: As `solving.solve.solve`, and as `WheelStore`.
    """
    store = WheelStore(ground)
    solvers = {
        task.key: _Solver(task, tasks, ground, store, solver) for task in tasks if task.takes_wheels
    }
    for of_task in solvers.values():
        of_task.expect()
    solutions = {
        task.key: solution_of(task, tasks, ground.request, ground.progress, solver)
        for task in tasks
        if task.key not in solvers
    }
    # the package of a wheel is one for all environments, so the extras are, too
    extras: dict[str, frozenset[str]] = {}
    pending = {*solvers}
    while pending:
        for key in sorted(pending):
            solutions[key] = solvers[key].solution(extras)
        for of_task in solvers.values():
            for project, own in of_task.extras.items():
                extras[project] = extras.get(project, frozenset()) | own
        pending = {
            key
            for key, of_task in solvers.items()
            if any(own != extras[project] for project, own in of_task.extras.items())
        }
    warnings = (warning for of_task in solvers.values() for warning in of_task.warnings)
    return tuple(solutions[task.key] for task in tasks), tuple(dict.fromkeys(warnings))


class _Solver:
    """Solves one task; see `solve`."""

    def __init__(
        self, task: Task, tasks: Sequence[Task], ground: Ground, store: WheelStore, solver: Solver
    ) -> None:
        request = ground.request
        if not task.archives and all(spec.match.name != "python" for spec in task.packages):
            task = replace(task, packages=(*task.packages, PackageSpec("python")))
        self._request, self._task, self._tasks = request, task, tasks
        self._progress, self._store, self._solver = ground.progress, store, solver
        self._machine = request.virtual_packages[task.platform]
        self._channels = ChannelPackages(request, task.platform)
        self._settings = index_settings(task.pip.options)
        if task.channel_wheels:
            folder = ground.scratch / "uv" / "channels" / task.key
            self._settings = indexed(task.channel_wheels, self._settings, folder)
        self._walk = Walk(
            task.key,
            self._channels,
            store,
            self._settings,
            {limit.project: limit.specifier for limit in map(parse, task.pip.constraints)},
            from_channels=request.pip_as_conda and not task.archives,
        )
        resolver = uv.Uv(self._settings, ground.scratch / "uv")
        self._turns = Turns(request, task, self._channels, self._walk, resolver, solver)
        #: By project, the extras that are asked of wheels.
        self.extras: dict[str, frozenset[str]] = {}
        self.warnings = self._turns.warnings
        if names := ", ".join(self._settings.unused):
            text = (
                f"These settings of uv are not used: {names}. To ship nothing that is too new, say"
            )
            self.warnings.append(BuildWarning("unused-setting", f"{text} so: --exclude-newer 14d."))

    def expect(self) -> None:
        """Let uv begin as if conda's packages were those of the last release."""
        last, projects = self._store.last_solution(self._task.key)
        if last:
            target = self._target(last)
            requirements = active(self._task.pip.requirements, target)
            self._turns.expect(last, projects, requirements, target)

    def solution(self, extras: Mapping[str, frozenset[str]]) -> Solution:
        """Return the solution, with extras that others ask of wheels."""
        try:
            return self._solution(extras)
        except WheelMisfitError:
            if not self._task.pip.requirements:
                raise
            # uv believes what it has read of a wheel that was replaced under its name since
            self._turns.uv.refresh()
            return self._solution(extras)

    def _solution(self, extras: Mapping[str, frozenset[str]]) -> Solution:
        self._walk.more = extras
        self._store.files.variables = self._settings.for_downloads
        shared = (self._tasks, self._request, self._progress, self._solver)
        base = solution_of(self._task, *shared)
        where = f"{self._request.label}, {self._task.key}"
        with self._progress.doing(f"Resolving the packages of PyPI for {where}"):
            target = self._target(base.records)
            requirements = active(self._task.pip.requirements, target)
            records, resolved = self._turns.agreed(base.records, requirements, target)
            wheels = {**resolved.wheels, **self._locked(target)}
            files = [wheel.file for wheel, _ in wheels.values()]
            if not self._task.archives and self._channels.python_abi_is_missing(
                records, files, target
            ):
                records = self._turns.with_python_abi(records, resolved, target.python)
        self.extras = {project: own for project, (_, own) in resolved.wheels.items()}
        self._check_ages([wheel for wheel, _ in wheels.values()])
        lost = self._walk.lost_extras(requirements, wheels)
        self.warnings += [BuildWarning("left-out", text) for text in lost]
        return self._composed(base, records, requirements, wheels, resolved.demands, target)

    def _check_ages(self, wheels: Sequence[Wheel]) -> None:
        """Refuse wheels that are too new, which settings of uv for an index may let through, and
        warn of those whose age is not known.

        Raises:
            TooNewError: Some are.
        """
        times = {wheel.file: wheel.uploaded for wheel in wheels}
        Ages(self._request).check(times)
        unknown = [file for file, when in times.items() if when is None]
        if unknown and self._request.cooldown:
            self.warnings.append(undated(unknown))

    def _target(self, records: Records) -> Target:
        if python := next((record for record in records if record.name == "python"), None):
            return target_of(self._task.platform, self._machine, python)
        raise WheelMisfitError(self._task.key, ["python is not among the conda packages"])

    def _locked(self, target: Target) -> dict[str, tuple[Wheel, frozenset[str]]]:
        """Return the wheels that a lock file names, with the extras that they ask of each other."""
        wheels = {}
        for pinned in self._task.wheels:
            wheel = wheel_at(self._settings.with_login(pinned.url), pinned.sha256)
            wheels[wheel.project] = wheel
        extras: dict[str, frozenset[str]] = dict.fromkeys(wheels, frozenset())
        grown = {*wheels}
        while grown:
            more: dict[str, frozenset[str]] = {}
            for _, needs in self._walk.needs(grown, wheels, {}, extras, target):
                for need in needs:
                    project = canonicalize_name(need.name)
                    more[project] = more.get(project, frozenset()) | need.extras
            grown = {p for p, wanted in more.items() if p in wheels and not wanted <= extras[p]}
            extras |= {project: extras[project] | more[project] for project in grown}
        return {project: (wheel, extras[project]) for project, wheel in wheels.items()}

    def _composed(
        self,
        base: Solution,
        records: Records,
        requirements: tuple[PipRequirement, ...],
        wheels: Mapping[str, tuple[Wheel, frozenset[str]]],
        demands: Mapping[str, SpecifierSet],
        target: Target,
    ) -> Solution:
        """Return the solution of conda's packages and of those that are made of wheels."""
        self._channels.look_up(wheels)
        of_channels = self._task.channel_wheels
        own = {project: record.name for record in records for project in projects(record)}
        if of_channels:
            own |= {p: name for p, name in of_channels.names.items() if p in wheels}
            base = replace(base, packages=(*base.packages, *of_channels.packages.values()))

        def conda_name(project: str) -> str:
            return own.get(project) or self._channels.name_of_wheel(project)

        entries = self._store.packages(
            [wheels[project] for project in sorted(wheels)],
            target,
            conda_name,
            python_abi=any(record.name == "python_abi" for record in records),
        )
        base = replace(base, records=records, converted=entries)
        needs = {conda_name(project): specifier for project, specifier in demands.items()}
        self.warnings += replaced(base)
        solution = composed(base, requirements, conda_name, needs)
        if not of_channels:
            return solution
        self.warnings += made_from(of_channels, solution)
        asked = {text: s for text, s in solution.pip.items() if text not in of_channels.packages}
        return replace(solution, pip=asked)
