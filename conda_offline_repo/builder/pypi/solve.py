"""Solve what has requirements of pip: from the channels what they have, from PyPI the rest.

uv knows nothing of channels, and conda's solver nothing of PyPI, so they take turns: what wheels
need of conda packages goes into conda's solve, and its solution into uv's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from ...queries.dependencies import spec_name
from ...specs import PackageSpec
from ..exceptions import SolveError
from ..upstream import exact
from ..upstream.solve import run, solution_of
from ..upstream.unavailable import explained
from ..warnings import BuildWarning
from . import uv
from .channel_packages import ChannelPackages
from .exceptions import UnresolvedError, WheelMisfitError
from .index_settings import index_settings
from .provided import meets, projects, provided_by
from .requirement import active, line_for_uv, parse
from .target import target_of, uv_platform
from .versions import match_spec
from .walk import Walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path
    from typing import Any, TypeAlias

    from conda.models.records import PackageRecord

    from ...progress import Progress
    from ..request.request import Request
    from ..upstream.solution import Solution, Task
    from .requirement import PipRequirement
    from .walk import Resolved
    from .wheel import Target, Wheel
    from .wheel_store import WheelStore

    Records: TypeAlias = tuple[PackageRecord, ...]

#: Turns of conda and uv; two are the rule.
MOST_TURNS = 10


def solve(
    request: Request, tasks: Sequence[Task], progress: Progress, store: WheelStore, scratch: Path
) -> tuple[tuple[Solution, ...], tuple[BuildWarning, ...]]:
    """Solve each task, and return warnings of what is from elsewhere than one may think.

    Args:
        scratch: A folder for files of uv.

    Raises:
        SolveError: conda's packages have no solution.
        UnresolvedError: Requirements of pip have none beside it.
        WheelHashError: A wheel is none of those that are allowed.
        WheelMisfitError: What a lock file names does not go together.
        OfflineRepoError: As `upstream.solve.solve`, and as `WheelStore`.
    """
    solutions: list[Solution] = []
    warnings: list[BuildWarning] = []
    for task in tasks:
        if task.wheels or task.pip.requirements:
            solver = _Solver(request, task, tasks, progress, store, scratch)
            solutions.append(solver.solution())
            warnings += solver.warnings
        else:
            solutions.append(solution_of(task, tasks, request, progress))
    return tuple(solutions), tuple(dict.fromkeys(warnings))


class _Solver:
    """Solves one task; see `solve`."""

    def __init__(
        self,
        request: Request,
        task: Task,
        tasks: Sequence[Task],
        progress: Progress,
        store: WheelStore,
        scratch: Path,
    ) -> None:
        self._request, self._task, self._tasks = request, task, tasks
        self._progress, self._store, self._scratch = progress, store, scratch
        self._machine = request.virtual_packages[task.platform]
        self._channels = ChannelPackages(request, task.platform)
        self._settings = index_settings(task.pip.options)
        self._walk = Walk(
            task.key,
            self._channels,
            store,
            self._settings,
            {parsed.project: parsed.specifier for parsed, _ in map(parse, task.pip.constraints)},
            from_channels=request.pip_as_conda and not task.archives,
        )
        self.warnings: list[BuildWarning] = []

    def solution(self) -> Solution:
        base = solution_of(self._with_python(), self._tasks, self._request, self._progress)
        where = f"{self._request.label}, {self._task.key}"
        with self._progress.doing(f"Resolving the packages of PyPI for {where}"):
            target = target_of(self._task.platform, self._machine, _python(base))
            requirements = active(self._task.pip.requirements, target)
            records, resolved = self._agreed(base.records, requirements, target)
            wheels = {**resolved.wheels, **self._locked(target)}
        return self._composed(base, records, requirements, wheels, target)

    def _with_python(self) -> Task:
        packages = self._task.packages
        if self._task.archives or any(spec.match.name == "python" for spec in packages):
            return self._task
        return replace(self._task, packages=(*packages, PackageSpec("python")))

    def _agreed(
        self, base: Records, requirements: tuple[PipRequirement, ...], target: Target
    ) -> tuple[Records, Resolved]:
        """Return conda's packages and the wheels that go together.

        uv is first asked for what it would choose without conda's solution, except for what the
        request pins, so that conda's newest version of something does not lead uv to a wheel of
        long ago.
        """
        if not self._request.pip_as_conda:
            self._walk.from_pypi.update(r.project for r in requirements)
        records, resolved = base, self._walk.resolved(requirements, {}, base, target)
        given = self._pinned(base)
        for turn in range(MOST_TURNS):
            records = self._with_demands(base, records, resolved)
            given = given if turn == 0 else provided_by(records)
            lines = [
                line_for_uv(requirement, self._task.pip.urls)
                for requirement in requirements
                if requirement.project not in resolved.demands
                or requirement.project in self._walk.from_pypi
            ]
            lines += [f"{p}[{','.join(sorted(e))}]" for p, e in resolved.extras.items()]
            if not lines:
                break
            given = {p: v for p, v in given.items() if p not in self._walk.from_pypi}
            packages = self._asked(lines, given, resolved, target, first=turn == 0)
            before, resolved = (
                resolved,
                self._walk.resolved(requirements, packages, records, target),
            )
            provided = provided_by(records)
            met = all(meets(provided, demand) for demand in resolved.demands.items())
            apart = turn or provided.keys().isdisjoint(packages)
            if met and apart and resolved.extras == before.extras:
                break
        else:
            reason = "The versions that wheels need of conda packages do not settle."
            raise UnresolvedError(self._task.key, reason)
        return records, resolved

    def _pinned(self, records: Records) -> dict[str, str]:
        """Return the projects, with versions, that the request wants in certain versions."""
        pinned = {
            spec.match.name
            for spec in self._task.packages
            if self._task.archives or spec.match.get_raw_value("version")
        }
        return provided_by(record for record in records if record.name in pinned)

    def _with_demands(self, base: Records, records: Records, resolved: Resolved) -> Records:
        """Return conda's packages with what wheels need of them, as far as there is a solution."""
        demands = dict(resolved.demands)
        provided = provided_by(records)
        if all(meets(provided, demand) for demand in demands.items()):
            return records
        if self._task.archives:
            return base
        try:
            return self._solved(demands)
        except SolveError:
            solved, accepted = base, dict[str, SpecifierSet]()
        for project, specifier in demands.items():
            try:
                solved = self._solved({**accepted, project: specifier})
                accepted[project] = specifier
            except SolveError:
                self._walk.from_pypi.add(project)
                spec = self._spec(project, specifier)
                text = f"{project} comes from PyPI: {spec} of the channels has no solution beside "
                self._warn(f"{text}the rest for {self._task.key}.")
        return solved

    def _solved(self, demands: Mapping[str, SpecifierSet]) -> Records:
        packages = [*self._with_python().packages, *(self._spec(*pair) for pair in demands.items())]
        channels = tuple(source.channel for source in self._request.sources)
        with explained(self._request):
            return run(self._task.platform, packages, channels, self._machine)

    def _spec(self, project: str, specifier: SpecifierSet) -> PackageSpec:
        return PackageSpec(match_spec(self._channels.name_of_wheel(project), specifier))

    def _warn(self, text: str) -> None:
        self.warnings.append(BuildWarning("from-pypi", text))

    def _asked(
        self,
        lines: Sequence[str],
        given: Mapping[str, str],
        resolved: Resolved,
        target: Target,
        *,
        first: bool,
    ) -> dict[str, Mapping[str, Any]]:
        """Return uv's packages, by project; in the first turn without dependencies, if some of them
        are not on PyPI.
        """
        versions = [f"{p}=={given[p]}" for p in resolved.extras if p in given]
        platform, variables = uv_platform(self._task.platform, self._machine)
        question = uv.Question(
            tuple(lines),
            (*self._task.pip.constraints, *versions),
            {
                project: version
                for project, version in given.items()
                if project not in resolved.extras
            },
            platform,
            target.python,
            variables,
        )
        try:
            packages = uv.ask(question, self._settings, self._scratch)
        except uv.UvError as error:
            reason = str(error)
            try:
                if not first:
                    raise
                question = replace(question, dependencies=False)
                packages = uv.ask(question, self._settings, self._scratch)
            except uv.UvError:
                raise UnresolvedError(self._task.key, reason) from None
        return {canonicalize_name(package["name"]): package for package in packages}

    def _locked(self, target: Target) -> dict[str, tuple[Wheel, frozenset[str]]]:
        """Return the wheels that a lock file names, with the extras that they ask of each other."""
        wheels = {}
        for pinned in self._task.wheels:
            wheel = uv.wheel_at(self._settings.with_login(pinned.url), pinned.sha256)
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
        target: Target,
    ) -> Solution:
        """Return the solution of conda's packages and of those that are made of wheels."""
        self._channels.look_up(wheels)
        own = {project: record.name for record in records for project in projects(record)}

        def conda_name(project: str) -> str:
            return own.get(project) or self._channels.name_of_wheel(project)

        abi = any(record.name == "python_abi" for record in records)
        entries = self._store.packages(
            [wheels[project] for project in sorted(wheels)],
            target,
            conda_name,
            python_abi=abi or self._channels.has_python_abi(),
        )
        made = {record.name: record for record in map(exact.as_record, entries)}
        for record in records:
            if record.name in made and record.version != made[record.name].version:
                text = f"{record.name} {made[record.name].version} comes from PyPI for "
                self._warn(f"{text}{self._task.key}, in the place of {record.version}.")
        stay = {record.name: record for record in records if record.name not in made}
        pip = {}
        for requirement in requirements:
            name, specifier = conda_name(requirement.project), requirement.specifier
            if requirement.url:
                specifier = SpecifierSet(f"=={made[name].version}")
            pip[requirement.text] = PackageSpec(match_spec(name, specifier))
        roots = {spec.match.name for spec in (*base.packages, *pip.values())}
        reached = _reached(roots, {**stay, **made})
        if len(stay) < len(records):  # what only the ones needed that wheels replace
            stay = {name: record for name, record in stay.items() if name in reached}
        # what only an extra of a conda package needs
        pip |= {name: PackageSpec(name) for name in sorted(made.keys() - reached)}
        together = {**stay, **made}
        touched = [r for r in stay.values() if {*map(spec_name, r.depends)} & made.keys()]
        if misfits := exact.unmet(together, (*made.values(), *touched)):
            raise WheelMisfitError(self._task.key, misfits)
        records = tuple(stay.values())
        if base.exact:
            packages = tuple(map(exact.spec, together.values()))
            return replace(base, packages=packages, records=records, converted=entries)
        packages = tuple(dict.fromkeys((*self._task.packages, *pip.values())))
        return replace(base, packages=packages, records=records, converted=entries, pip=pip)


def _python(solution: Solution) -> PackageRecord:
    for record in solution.records:
        if record.name == "python":
            return record
    raise WheelMisfitError(solution.key, ["python is not among the conda packages"])


def _reached(roots: Iterable[str], records: Mapping[str, PackageRecord]) -> set[str]:
    """Return the names of packages that some need, these included."""
    reached, pending = set[str](), {*roots}
    while pending:
        name = pending.pop()
        if name in records and name not in reached:
            reached.add(name)
            pending.update(spec_name(text) for text in records[name].depends)
    return reached
