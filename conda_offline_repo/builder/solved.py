"""The solutions of a request, with the channels' entries: from the channels as they are, or, where
a solver chooses or breaks over what no customer gets, from views of them.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .._conda.solver import takes_for_one, undisturbed
from ..exceptions import SolverFailedError
from .solving.entries import entries_of
from .solving.exceptions import (
    OTHER_READERS,
    InvalidRecordError,
    MisfitError,
    NewerEntryError,
    SolveError,
    UnfitEntryError,
)
from .solving.solution import brief
from .solving.solve import from_channels, solve
from .solving.view import LEFT_OUT, Views
from .upstream.ages import Ages
from .upstream.unfit import misfits

if TYPE_CHECKING:
    from conda import CondaError

    from .request.request import Request
    from .solving.solution import Ground, Solution, Solver, Task
    from .upstream.entry import Entry
    from .warnings import BuildWarning


@dataclass(frozen=True)
class Solved:
    """The solutions of a request, the entries of all their archives by `subdir/file`, and what the
    vendor should know.
    """

    solutions: tuple[Solution, ...]
    entries: dict[str, Entry]
    warnings: tuple[BuildWarning, ...]


def solved(tasks: Sequence[Task], ground: Ground) -> Solved:
    """Solve each task of a request; an entry that must not be shipped gives way to another build.

    Views, which have names of their own, are used from the start for channels that the solver would
    take for one.

    Raises:
        SolveError: There is no solution.
        UnfitEntryError: There is none without an entry that must not be shipped.
        OfflineRepoError: The channels cannot be read, or have what no repository holds.
    """
    request = ground.request
    shutil.rmtree(ground.scratch, ignore_errors=True)
    try:
        with undisturbed():
            try:
                return _brief(_solved_somehow(tasks, ground))
            except (SolveError, NewerEntryError) as error:
                first = error
            from .pypi.channel_wheels import PYTHON, with_channel_wheels

            moved = with_channel_wheels(request, tasks)
            if moved is None:
                raise first from None
            shutil.rmtree(ground.scratch, ignore_errors=True)
            try:
                return _brief(_solved_somehow(moved, ground))
            except SolveError:
                if all(task.packages == PYTHON for task in moved):
                    raise first from None  # nobody asked for Python
                raise
    except SolveError as error:  # what a file says and is not followed may be the reason
        error.hints += tuple(w.text for w in request.warnings if w.kind == "left-out")
        if request.cooldown and "Too new:" in error.explanation:
            error.hints += ("To ship what is too new all the same: --exclude-newer none",)
        raise
    finally:
        shutil.rmtree(ground.scratch, ignore_errors=True)


def _brief(outcome: Solved) -> Solved:
    return replace(outcome, solutions=tuple(map(brief, outcome.solutions)))


def _solved_somehow(tasks: Sequence[Task], ground: Ground) -> Solved:
    """Solve a request from its channels, or from views of them; see `solved`."""
    request = ground.request
    packages = any(task.packages for task in tasks)
    channels = [source.channel for source in request.sources]
    if Ages(request) or (packages and takes_for_one(channels)):
        return _solved_from_views(tasks, ground)
    try:
        return _solved(tasks, ground, from_channels(request))
    except (SolveError, SolverFailedError, UnfitEntryError) as error:
        first = error
    if not packages or (isinstance(first, SolverFailedError) and first.has_misfits):
        raise first from None
    return _solved_from_views(tasks, ground, first)


def _solved_from_views(
    tasks: Sequence[Task], ground: Ground, first: CondaError | None = None
) -> Solved:
    """Solve a request from views of its channels; without a solution, the error of the solve from
    the channels themselves is raised, if there is one and it says more.
    """
    views = Views(ground.request, ground.scratch / "views")
    if isinstance(first, MisfitError):
        views.misfits.update(first.archives)
    while True:
        try:
            outcome = _solved(tasks, ground, views.solve)
            break
        except MisfitError as error:  # the solver errs, but perhaps not over another build
            if error.archives.keys() <= views.misfits.keys():
                raise
            views.misfits.update(error.archives)
            first = first or error
        except SolveError as error:
            left_out = LEFT_OUT in error.explanation
            newer = isinstance(first, NewerEntryError)  # which the second error explains
            known = isinstance(first, InvalidRecordError | MisfitError)
            if first and not newer and (not left_out or known):
                raise first from None
            if left_out:
                error.hints += (f"Tell the owner of the channel. {OTHER_READERS}",)
            raise
        except SolverFailedError as error:
            raise first or error from None
    warnings = (*outcome.warnings, *views.warnings(outcome.solutions))
    return Solved(outcome.solutions, outcome.entries, warnings)


def _solved(tasks: Sequence[Task], ground: Ground, solver: Solver) -> Solved:
    request, progress = ground.request, ground.progress
    solutions: tuple[Solution, ...]
    of_pip: tuple[BuildWarning, ...] = ()
    if any(task.takes_wheels for task in tasks):
        from .pypi.solve import solve as solve_with_pip

        solutions, of_pip = solve_with_pip(tasks, ground, solver)
    else:
        solutions = solve(request, tasks, progress, solver)
    with progress.doing("Reading the entries of the packages"):
        entries, warnings = entries_of(solutions, request)
    by_name = {entry.name: entry for entry in entries}
    by_name |= {entry.name: entry for solution in solutions for entry in solution.converted}
    for solution in solutions:
        _check_demands(solution, by_name, request)
    return Solved(solutions, by_name, (*warnings, *of_pip))


def _check_demands(solution: Solution, entries: Mapping[str, Entry], request: Request) -> None:
    """Check that the packages of a solution and the customer's machine are what each of them
    demands, whoever chose them.

    Args:
        entries: By `subdir/file`.

    Raises:
        MisfitError: They are not.
    """
    records = {name: entries[name].record for name in solution.names}
    if demands := misfits([*records.values()], request.virtual_packages[solution.platform]):
        reasons = {demand.package: str(demand) for demand in demands}
        packages = {name: f"{r['name']} {r['version']}" for name, r in records.items()}
        chosen = {name: reasons[own] for name, own in packages.items() if own in reasons}
        raise MisfitError(solution.key, demands, {} if solution.exact else chosen)
