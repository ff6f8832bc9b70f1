"""Solve a request for each platform, as conda would on the customer's machine."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from io import StringIO
from operator import methodcaller
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda.base.context import context
from conda.common.io import dashlist
from conda.core.subdir_data import SubdirData
from conda.models.match_spec import MatchSpec

from ..._conda import indexes, overrides, solver_settings
from ..._conda.solver import UnsolvedError, ask
from ..upstream import exact, newer, surroundings
from ..upstream.unavailable import explained
from ..warnings import BuildWarning
from .exceptions import SolveError
from .solution import Solution, Task, needs_pip
from .unsolved import in_newer_form, missing, unsolved_error

if TYPE_CHECKING:
    from conda.models.channel import Channel
    from conda.models.records import PackageRecord

    from ...progress import Progress
    from ...specs import PackageSpec
    from ..request.request import Request
    from .solution import Solver

#: A prefix that nothing is installed in; conda itself solves for one like it.
NO_PREFIX = "/nonexistent/offline-repo"


def solve(
    request: Request, tasks: Sequence[Task], progress: Progress, solver: Solver
) -> tuple[Solution, ...]:
    """Solve each task.

    Args:
        solver: See `from_channels`.

    Raises:
        SolveError: There is no solution; carries the solver's explanation.
        ChannelUnavailableError: A channel cannot be read.
        ExactGoneError: No channel lists an archive that is named exactly.
    """
    return tuple(solution_of(task, tasks, request, progress, solver) for task in tasks)


def from_channels(request: Request) -> Solver:
    """Return what solves packages for a platform of a request, from its channels as they are.

    It raises a SolveError or a ChannelUnavailableError.
    """
    channels = tuple(source.channel for source in request.sources)

    def solved(platform: str, packages: Sequence[PackageSpec]) -> tuple[PackageRecord, ...]:
        with explained(request):
            return run(platform, packages, channels, request.virtual_packages[platform])

    return solved


def solution_of(
    task: Task, tasks: Sequence[Task], request: Request, progress: Progress, solver: Solver
) -> Solution:
    """Solve a task, one of several, as far as conda packages are asked for; see `solve`."""
    name = f", environment {task.environment}," if task.environment else ""
    verb = "Looking up the archives of" if task.archives else "Solving"
    with progress.doing(f"{verb} {request.label}{name} for {task.platform}"):
        if task.archives:
            records = tuple(exact.record_of(archive, request) for archive in task.archives)
            packages = tuple(map(exact.spec, records))
        else:
            records, packages = _solve(task, tasks, request, solver), task.packages
    return Solution(task.environment, task.platform, packages, records, bool(task.archives))


def unused_settings(solutions: Iterable[Solution]) -> Iterator[BuildWarning]:
    """Yield a warning of settings of this machine that would shape solutions, and do not."""
    names = ", ".join(map(str, solver_settings.unused()))
    if names and not all(solution.exact for solution in solutions):
        yield BuildWarning(
            "unused-setting",
            "These settings of conda are not used, because the customer's conda does not have "
            f"them: {names}. To ship a package, or one version of it, name it in the request: "
            "'NAME VERSION'.",
        )


def _solve(
    task: Task, tasks: Sequence[Task], request: Request, solver: Solver
) -> tuple[PackageRecord, ...]:
    platform = task.platform
    try:
        return solver(platform, task.packages)
    except SolveError as error:
        explanation = error.explanation
    packages = {t.platform: t.packages for t in tasks if t.environment == task.environment}
    absent = missing(request, packages)
    where = f" in the environment {task.environment}" if task.environment else ""
    searched = dashlist(source.url for source in request.sources)
    not_found = f"Not found:{dashlist(absent)}\nin:{searched}"
    affected = {name for platforms in absent.values() for name in platforms}
    if platform in affected:
        hints = (*newer.hints(not_found), *surroundings.hints(request))
        raise SolveError(f"{', '.join(sorted(affected))}{where}", not_found, *hints)
    if not explanation:  # the classic solver may not say why a package has no solution
        reasons = []
        for package in task.packages:
            try:
                solver(platform, (package,))
            except SolveError as error:
                reasons.append(f"{package}: {error.explanation or 'no reason given'}")
        together = "Each package has a solution alone, but not all of them together."
        explanation = "\n".join(reasons) or together
    if absent:
        explanation = f"{explanation}\n{not_found}"
    machine = request.virtual_packages[platform]
    form = in_newer_form(request, platform, explanation)
    if form:
        explanation = f"{explanation}\nIn a newer form, which conda may not read:{form}"
    unsolved = unsolved_error(platform, where, task.packages, machine, explanation)
    unsolved.hints += newer.hints(form)
    raise unsolved


def run_locally(
    platform: str,
    packages: Sequence[PackageSpec],
    channels: tuple[Channel, ...],
    virtual_packages: Mapping[str, str],
    pkgs: Path,
    **more: Any,
) -> tuple[PackageRecord, ...]:
    """Solve from channels that are folders, with none of this machine's caches to help.

    Args:
        pkgs: A folder in the place of conda's package cache.
        more: What else `run` takes.

    Raises:
        SolveError: As `run`.
    """
    # conda would keep the records of another environment's settings in memory
    SubdirData.clear_cached_local_channel_data()
    # the name of conda's cached index depends on settings
    with overrides.settings(**solver_settings.defaults(), _pkgs_dirs=(str(pkgs),)):
        for channel in channels:
            indexes.refresh_index_cache(channel, (platform, "noarch"))
        return run(platform, packages, channels, virtual_packages, **more)


def run(
    platform: str,
    packages: Sequence[PackageSpec],
    channels: tuple[Channel, ...],
    virtual_packages: Mapping[str, str],
    *,
    prefix: str = NO_PREFIX,
    command: str = "create",
    as_conda: bool = False,
    **settings: Any,
) -> tuple[PackageRecord, ...]:
    """Solve once, as a machine of this platform whose conda has its defaults; with nothing
    installed, unless a prefix is given.

    Args:
        platform: The conda subdir to solve for, besides noarch.
        packages: The packages to install.
        channels: Highest priority first, with credentials.
        virtual_packages: Those of the machine.
        prefix, command: The environment, and the command of conda, to solve for.
        as_conda: Whether conda's classic solver may err; see `ask`.
        settings: Attributes of conda's context that are different for this solve.

    Raises:
        SolveError: There is no solution; carries the solver's explanation.
    """
    settings = {
        **solver_settings.defaults(),
        **solver_settings.without_cooldown(),  # some solvers break over it: views take its place
        "notify_outdated_conda": False,
        "quiet": not context.verbosity,
        **settings,
    }
    specs = [package.match for package in packages]
    subdirs = (platform, "noarch")
    try:
        with (
            overrides.machine(platform, virtual_packages, **settings),
            indexes.read_by_solver(),
            redirect_stdout(sys.stderr if context.verbosity else StringIO()),
        ):
            solving = methodcaller("solve_final_state")
            asked = (prefix, channels, subdirs)
            records = tuple(ask(solving, *asked, specs, command, as_conda=as_conda))
            if context.add_pip_as_python_dependency and needs_pip({r.name for r in records}):
                # libmamba 2.8 adds pip only to a python that lies in the same subdir
                with_pip = [*specs, MatchSpec("pip")]
                records = tuple(ask(solving, *asked, with_pip, command, as_conda=as_conda))
            return records
    except UnsolvedError as error:
        raise unsolved_error(platform, "", packages, virtual_packages, str(error)) from None
