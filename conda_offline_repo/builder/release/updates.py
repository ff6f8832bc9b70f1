"""Whether customers come from earlier releases to the new one by an update, tried beforehand.

An environment that has an earlier release, and asks for what that release was made for, is made of
its records alone. It is updated from the new index as the customer's conda would do it: offline,
with the virtual packages on record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.constants import UpdateModifier

from ..._conda.transactions import write_records
from ...queries.dependencies import Solved, solution_at
from ...repository.manifest import Manifest, key_parts
from ...specs import PackageSpec
from ...urls import file_url
from ..solving.exceptions import SolveError
from ..warnings import BuildWarning
from .prove import solver_of

if TYPE_CHECKING:
    from conda.models.records import PackageRecord

    from ...progress import Progress
    from ..solving.solution import Solution
    from .plan import BuildPlan


@dataclass(frozen=True)
class _Attempt:
    """An update of an environment that has a release to a solution of the new one."""

    solution: Solution
    installed: Solved

    @property
    def names(self) -> list[str]:
        return sorted({package.match.name for package in self.solution.packages})

    @property
    def absent(self) -> list[str]:
        """What the request names and the environment does not have."""
        return [name for name in self.names if name not in self.installed.entries]

    def begins(self, command: str) -> str:
        environment = self.solution.environment
        of = f" of the environment {environment}" if environment else ""
        return f"From release {self.installed.release}, {command} on {self.solution.platform}{of}"


def tried(plan: BuildPlan, scratch: Path, progress: Progress) -> BuildPlan:
    """Return a plan with a warning for each package that an update from an earlier release does not
    come to. The scratch folder is emptied first, and gone afterwards.

    Archives that are named exactly are no attempt: `use` brings them without a solver.
    """
    if plan.last is None:
        return plan
    kept = {number: release.solutions for number, release in plan.kept.releases.items()}
    releases = {**kept, plan.last.release: plan.last.solutions}
    if all(solutions == plan.installs for solutions in releases.values()):
        return plan
    records = plan.published
    attempts = [
        _Attempt(solution, solution_at(plan.last, records, plan.repository, number, solution.key))
        for solution in plan.solutions
        for number, solutions in sorted(releases.items())
        if (names := solutions.get(solution.key, ())) not in ((), solution.names)
        and records.keys() >= {*names}
        and not solution.exact
    ]
    texts = [*_left_behind(plan, plan.last)]
    doing = progress.doing("Trying the update from earlier releases")
    with doing, solver_of(plan.index, scratch) as solve:
        for attempt in attempts:
            key, has = attempt.solution.key, attempt.installed
            prefix = scratch / f"from-{has.release}-{key.replace('/', '-')}"
            installed = {has.archives[name]: entry for name, entry in has.entries.items()}
            write_records(prefix, installed, has.asked_for, file_url(scratch / "channel"))
            platform = attempt.solution.platform
            update = partial(solve, plan.request, platform, prefix=str(prefix))
            texts += _differences(attempt, plan.last.release + 1, update)
    warnings = (BuildWarning("no-update", text) for text in texts)
    return replace(plan, warnings=(*plan.warnings, *warnings))


def _left_behind(plan: BuildPlan, last: Manifest) -> Iterator[str]:
    """Yield the environments and platforms of the last release that the new one does not have."""
    for key in sorted(last.solutions.keys() - plan.installs.keys()):
        environment, platform = key_parts(key)
        others = sorted({s.environment for s in plan.solutions if s.platform == platform})
        lacks = f"the environment {environment}" if environment else "the one environment"
        lacks = f"{lacks} for {platform}" if others else f"packages for {platform}"
        named = " or ".join(
            f"`conda offline-repo use PATH --environment {other}`" for other in others if other
        )
        text = f"Release {last.release} has {lacks}, the new one does not: no update is tried."
        remedy = f" Customers take another: {named}." if named else ""
        yield f"{text}{remedy}"


def _differences(
    attempt: _Attempt, release: int, solve: Callable[..., Iterable[PackageRecord]]
) -> Iterator[str]:
    """Yield what an update does not come to of a release, the new one."""
    environment, command = attempt.solution.environment, "an update"
    option = f"--environment {environment}" if environment else f"--release {release}"
    use = f"`conda offline-repo use PATH {option}` brings customers to the new release."
    try:
        if attempt.absent:
            command = f"`conda install {' '.join(attempt.absent)}`"
            solve([*map(PackageSpec, attempt.absent)], command="install")
        command = "an update"
        every = UpdateModifier.UPDATE_ALL
        specs = [*map(PackageSpec, attempt.names)]
        installed = {r.name: r for r in solve(specs, command="update", update_modifier=every)}
    except SolveError as error:
        explanation = f"\n{error.explanation}".rstrip()
        yield f"{attempt.begins(command)} has no solution. {use}{explanation}"
        return
    begins = attempt.begins(command)
    for new in sorted(attempt.solution.records, key=lambda record: record.name):
        record = installed.get(new.name)
        if record is None:
            yield f"{begins} does not install {new.name} {new.version}. {use}"
        elif (result := _build(record)) != _build(new):
            yield f"{begins} comes to {new.name} {result}, and not to {_build(new)}. {use}"


def _build(record: PackageRecord) -> str:
    return f"{record.version} {record.build}"
