"""Whether customers come from earlier releases to the new one by an update, tried beforehand.

An environment that has an earlier release is made of its records alone, and updated from the new
index as the customer's conda would do it: offline, with the virtual packages on record.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from conda.base.constants import UpdateModifier

from ..._conda.transactions import write_records
from ...queries.contents import read_records
from ...urls import file_url
from ..exceptions import SolveError
from ..warnings import BuildWarning
from .prove import solver_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from conda.models.records import PackageRecord

    from ...progress import Progress
    from ..upstream.solve import Solution
    from .plan import BuildPlan


def tried(plan: BuildPlan, scratch: Path, progress: Progress) -> BuildPlan:
    """Return a plan with a warning for each package that an update from an earlier release does not
    come to. The scratch folder is emptied first, and gone afterwards.
    """
    if plan.last is None:
        return plan
    kept = {number: release.solutions for number, release in plan.kept.releases.items()}
    releases = {**kept, plan.last.release: plan.last.solutions}
    if all(solutions == plan.installs for solutions in releases.values()):
        return plan
    records = read_records(plan.last, plan.repository, damaged=True)
    attempts = [
        (solution, number, {name: records[name] for name in names})
        for solution in plan.solutions
        for number, solutions in sorted(releases.items())
        if (names := solutions.get(solution.key, ())) not in ((), solution.names)
        and records.keys() >= {*names}
    ]
    warnings = list(plan.warnings)
    doing = progress.doing("Trying the update from earlier releases")
    with doing, solver_of(plan.index, scratch) as solve:
        for solution, number, installed in attempts:
            prefix = scratch / f"from-{number}-{solution.key.replace('/', '-')}"
            roots = [package.match.name for package in solution.packages]
            write_records(prefix, installed, roots, file_url(scratch / "channel"))
            update = partial(
                solve,
                plan.request,
                solution,
                prefix=str(prefix),
                command="update",
                update_modifier=UpdateModifier.UPDATE_ALL,
            )
            texts = _differences(solution, number, update)
            warnings += [BuildWarning("no-update", text) for text in texts]
    return replace(plan, warnings=tuple(warnings))


def _differences(
    solution: Solution, number: int, update: Callable[[], Iterable[PackageRecord]]
) -> Iterator[str]:
    """Yield what an update from a release does not come to."""
    of = f" of the environment {solution.environment}" if solution.environment else ""
    begins = f"From release {number}, an update on {solution.platform}{of}"
    try:
        installed = {record.name: record for record in update()}
    except SolveError as error:
        yield f"{begins} has no solution: {error}"
        return
    for new in sorted(solution.records, key=lambda record: record.name):
        record = installed.get(new.name)
        if record is None:
            yield f"{begins} does not install {new.name} {new.version}."
        elif (record.subdir, record.fn) != (new.subdir, new.fn):
            result = f"{record.name} {record.version} {record.build}"
            yield f"{begins} comes to {result}, and not to {new.version} {new.build}."
