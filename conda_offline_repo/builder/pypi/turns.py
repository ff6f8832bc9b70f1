"""conda's solver and uv, in turns, until their packages go together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from ...specs import PackageSpec
from ..solving.exceptions import SolveError
from ..warnings import BuildWarning
from . import uv
from .conversion.versions import match_spec
from .exceptions import UnresolvedError
from .names import meets, provided_by
from .requirement import line_for_uv
from .walk import Resolved
from .wheel import uv_platform

if TYPE_CHECKING:
    from conda.models.records import PackageRecord

    from ..request.request import Request
    from ..solving.solution import Solver, Task
    from .channel_packages import ChannelPackages
    from .requirement import PipRequirement
    from .walk import Walk
    from .wheel import Target

    Records: TypeAlias = tuple[PackageRecord, ...]

#: Turns of conda and uv; two are the rule.
MOST_TURNS = 10


class Turns:
    """The turns for one task."""

    def __init__(
        self,
        request: Request,
        task: Task,
        channels: ChannelPackages,
        walk: Walk,
        resolver: uv.Uv,
        solver: Solver,
    ) -> None:
        self._request, self._task, self._channels = request, task, channels
        self._walk, self.uv = walk, resolver
        self._machine, self._solver = request.virtual_packages[task.platform], solver
        self.warnings: list[BuildWarning] = []

    def agreed(
        self, base: Records, requirements: tuple[PipRequirement, ...], target: Target
    ) -> tuple[Records, Resolved]:
        """Return conda's packages and the wheels that go together.

        If uv does not take the newest wheels beside conda's solution, it is asked what it would
        take without, except for what the request pins, so that conda's newest version of something
        does not lead it to a wheel of long ago.
        """
        if not self._request.pip_as_conda:
            self._walk.from_pypi.update(r.project for r in requirements)
        records, resolved = base, self._walk.resolved(requirements, {}, base, target)
        for turn in range(MOST_TURNS):
            records = self._with_demands(base, records, resolved)
            provided = provided_by(records)
            lines = self._lines(requirements, resolved)
            if not lines:
                break
            question = self._question(lines, provided, resolved, target)
            packages = None if turn else self._newest(question)
            free = turn == 0 and packages is None
            if free:
                question = self._question(lines, self._pinned(base), resolved, target)
                question = self._with_known(question, requirements, records, target)
            packages = packages or self._asked(question)
            resolved = self._walk.resolved(requirements, packages, records, target)
            met = all(meets(provided, demand) for demand in resolved.demands.items())
            apart = not free or not ({*provided, *dict(question.known)} & packages.keys())
            if met and apart and lines == self._lines(requirements, resolved):
                self._warn_of_older(question, packages)
                break
        else:
            reason = "The versions that wheels need of conda packages do not settle."
            raise UnresolvedError(self._task.key, reason)
        return records, resolved

    def with_python_abi(self, records: Records, resolved: Resolved, python: str) -> Records:
        """Return conda's packages with `python_abi`, for a Python that does not need it itself."""
        more = (PackageSpec(f"python =={python}"), PackageSpec("python_abi"))
        with suppress(SolveError):
            return self._solved(resolved.demands, more)
        return records

    def expect(
        self,
        records: Records,
        projects: Collection[str],
        requirements: tuple[PipRequirement, ...],
        target: Target,
    ) -> None:
        """Let uv begin with what it will be asked if conda's packages and the wheels' projects are
        these again; before anything is read of the channels.
        """
        nothing, own = Resolved(), tuple(r for r in requirements if r.project in projects)
        if lines := self._lines(own, nothing):
            question = self._question(lines, provided_by(records), nothing, target)
            self.uv.begin(question)
            self.uv.begin(question.alone(projects))

    def _lines(self, requirements: tuple[PipRequirement, ...], resolved: Resolved) -> list[str]:
        """Return the requirements for uv: without what the channels have, but with its extras."""
        own = [
            line_for_uv(requirement, self._task.pip.urls)
            for requirement in requirements
            if requirement.project not in resolved.demands
            or requirement.project in self._walk.from_pypi
        ]
        more = {p: e for p, e in self._walk.more.items() if p in resolved.wheels and e}
        extras = {**resolved.extras, **more}
        return [*own, *(f"{project}[{','.join(sorted(extras[project]))}]" for project in extras)]

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

    def _solved(
        self, demands: Mapping[str, SpecifierSet], more: Iterable[PackageSpec] = ()
    ) -> Records:
        specs = (self._spec(*pair) for pair in demands.items())
        packages = [*self._task.packages, *specs, *more]
        return self._solver(self._task.platform, packages)

    def _spec(self, project: str, specifier: SpecifierSet) -> PackageSpec:
        return PackageSpec(match_spec(self._channels.name_of_wheel(project), specifier))

    def _warn(self, text: str) -> None:
        self.warnings.append(BuildWarning("from-pypi", text))

    def _question(
        self, lines: Sequence[str], given: Mapping[str, str], resolved: Resolved, target: Target
    ) -> uv.Question:
        platform, variables = uv_platform(self._task.platform, self._machine)
        asked = {*self._walk.from_pypi, *resolved.extras}
        versions = [f"{p}=={given[p]}" for p in resolved.extras if p in given]
        return uv.Question(
            tuple(lines),
            (*self._task.pip.constraints, *versions),
            tuple(pair for pair in sorted(given.items()) if pair[0] not in asked),
            platform,
            target.python,
            tuple(variables.items()),
            cutoff=self._request.cooldown.cutoff if self._request.cooldown else "",
        )

    def _newest(self, question: uv.Question) -> dict[str, Mapping[str, Any]] | None:
        """Return uv's packages, by project, if each is the newest that the requirements allow."""
        with suppress(UnresolvedError):
            packages = self._asked(question)
            if packages == self._asked(question.alone(packages)):
                return packages
        return None

    def _warn_of_older(
        self, question: uv.Question, packages: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Warn of what is not the newest that its requirement allows."""
        newest = self._asked(question.alone())
        for project in sorted(newest.keys() & packages.keys()):
            version, other = (known[project].get("version") for known in (packages, newest))
            if version != other:
                self._warn(
                    f"{project} {version} comes from PyPI for {self._task.key}, and not {other}, "
                    "which does not go with the rest. Name that version to see why."
                )

    def _with_known(
        self,
        question: uv.Question,
        requirements: tuple[PipRequirement, ...],
        records: Records,
        target: Target,
    ) -> uv.Question:
        """Return a question for an index that may lack what channels have: with what there is of
        the packages that the requirements themselves need. Without it, uv would take older wheels.
        """
        newest = self._asked(question.alone())
        needed = self._walk.resolved(requirements, newest, records, target)
        demands = needed.demands.items()
        versions = {p: self._channels.newest(p, specifier) for p, specifier in demands}
        known = provided_by(records) | {p: str(v) for p, v in versions.items() if v}
        # the index alone knows what extras need
        given = {*dict(question.given), *self._walk.from_pypi, *needed.extras}
        return replace(question, known=tuple(p for p in sorted(known.items()) if p[0] not in given))

    def _asked(self, question: uv.Question) -> dict[str, Mapping[str, Any]]:
        """Return uv's packages, by project."""
        try:
            packages = self.uv.ask(question)
        except uv.UvError as error:
            cooldown, given = self._request.cooldown, dict(question.given)
            more = self.uv.too_new(question, cooldown) if cooldown else ()
            if reasons := self.uv.refused(question):
                raise UnresolvedError(self._task.key, *reasons, *more) from None
            raise UnresolvedError(self._task.key, str(error), *more, given=given) from None
        return {canonicalize_name(package["name"]): package for package in packages}
