"""Solve a request for each platform, as conda would on the customer's machine."""

from __future__ import annotations

import re
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import partial
from io import StringIO
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.common.io import dashlist

from ..._conda import indexes, overrides
from ..._conda.solver import UnsolvedError, ask
from ...repository.manifest import solution_key
from ..exceptions import SolveError
from . import exact
from .missing import missing
from .unavailable import explained

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from conda.models.channel import Channel
    from conda.models.records import PackageRecord

    from ...progress import Progress
    from ...specs import PackageSpec
    from ..request.inputs.locked import PinnedArchive
    from ..request.request import Request

#: A prefix that nothing is installed in; conda itself solves for one like it.
NO_PREFIX = "/nonexistent/offline-repo"
VIRTUAL = re.compile(r"(?<![\w/-])__[a-z0-9_]+")


@dataclass(frozen=True)
class Task:
    """An environment to find the packages of, on one platform.

    Attributes:
        environment: Its name; empty for the only one of a label.
        platform: The conda subdir.
        packages: What to solve for.
        exact: Or the archives themselves.
    """

    environment: str
    platform: str
    packages: tuple[PackageSpec, ...] = ()
    exact: tuple[PinnedArchive, ...] = ()


@dataclass(frozen=True)
class Solution:
    """What is installed in one environment on one platform.

    Attributes:
        environment: Its name; empty for the only one of a label.
        platform: The conda subdir.
        packages: What it is had with.
        records: The packages.
        exact: Whether the archives were named, and no solver chose them.
    """

    environment: str
    platform: str
    packages: tuple[PackageSpec, ...]
    records: tuple[PackageRecord, ...]
    exact: bool = False

    @property
    def key(self) -> str:
        """What the manifest has it by."""
        return solution_key(self.environment, self.platform)

    @property
    def names(self) -> tuple[str, ...]:
        """The archives, as `subdir/file`, sorted."""
        return tuple(sorted(f"{record.subdir}/{record.fn}" for record in self.records))

    @property
    def lacks_pip(self) -> bool:
        """Whether python was named exactly and pip was not, which conda's classic solver takes for
        a need of every python (`conda config --describe add_pip_as_python_dependency`).
        """
        names = {record.name for record in self.records}
        return self.exact and "python" in names and "pip" not in names


def solve(request: Request, tasks: Sequence[Task], progress: Progress) -> tuple[Solution, ...]:
    """Find what is to be installed in each environment, on each platform.

    Raises:
        SolveError: There is no solution; carries the solver's explanation.
        ChannelUnavailableError: A channel cannot be read.
        ExactGoneError: An archive that is named exactly is not to be had.
    """
    solutions = []
    for task in tasks:
        name = f", environment {task.environment}," if task.environment else ""
        verb = "Looking up the archives of" if task.exact else "Solving"
        with progress.doing(f"{verb} {request.label}{name} for {task.platform}"):
            solutions.append(_solution(task, tasks, request))
    return tuple(solutions)


def _solution(task: Task, tasks: Sequence[Task], request: Request) -> Solution:
    where = (task.environment, task.platform)
    if not task.exact:
        return Solution(*where, task.packages, _solve(task, tasks, request))
    records = exact.records(task.exact, request)
    return Solution(*where, tuple(map(exact.spec, records)), records, exact=True)


def _solve(task: Task, tasks: Sequence[Task], request: Request) -> tuple[PackageRecord, ...]:
    platform = task.platform
    machine = request.virtual_packages[platform]
    channels = tuple(source.channel for source in request.sources)
    records = partial(_records, platform, channels=channels, virtual_packages=machine)
    try:
        with explained(request):
            return records(task.packages)
    except UnsolvedError as error:
        explanation = str(error)
    packages = {one.platform: one.packages for one in tasks if one.environment == task.environment}
    absent = missing(request, packages)
    lines = (
        f"{one.package}: {one.instead}"
        if one.platforms == request.platforms
        else f"{one.package} for {', '.join(one.platforms)}: {one.instead}"
        for one in absent
    )
    where = f" in the environment {task.environment}" if task.environment else ""
    searched = dashlist(source.url for source in request.sources)
    not_found = f"Not found:{dashlist(lines)}\nin:{searched}"
    if any(platform in one.platforms for one in absent):
        affected = {name for one in absent for name in one.platforms}
        raise SolveError(f"{', '.join(sorted(affected))}{where}", not_found)
    if not explanation:
        explanation = _one_by_one(task.packages, records)
    if absent:
        explanation = f"{explanation}\n{not_found}"
    raise _unsolved(f"{platform}{where}", task.packages, machine, explanation)


def _one_by_one(
    packages: Iterable[PackageSpec], records: Callable[[tuple[PackageSpec, ...]], object]
) -> str:
    """Return why some packages have no solution alone; the classic solver may not say it of all."""
    reasons = []
    for package in packages:
        try:
            records((package,))
        except UnsolvedError as error:
            reasons.append(f"{package}: {str(error) or 'no reason given'}")
    return "\n".join(reasons) or "Each package can be had alone, but not all of them together."


def run(
    platform: str,
    packages: Iterable[PackageSpec],
    channels: tuple[Channel, ...],
    virtual_packages: Mapping[str, str],
    *,
    prefix: str = NO_PREFIX,
    command: str = "create",
    **settings: Any,
) -> tuple[PackageRecord, ...]:
    """Solve once, as a machine of this platform; with nothing installed, unless told.

    Args:
        platform: The conda subdir to solve for, besides noarch.
        packages: What to solve for.
        channels: Highest priority first, with credentials.
        virtual_packages: What the machine has.
        prefix, command: The environment, and the command of conda, that is solved for.
        settings: Attributes of conda's context that are different for this solve.

    Raises:
        SolveError: There is no solution; carries the solver's explanation.
    """
    packages = tuple(packages)
    try:
        return _records(platform, packages, channels, virtual_packages, prefix, command, **settings)
    except UnsolvedError as error:
        raise _unsolved(platform, packages, virtual_packages, str(error)) from None


def _records(
    platform: str,
    packages: tuple[PackageSpec, ...],
    channels: tuple[Channel, ...],
    virtual_packages: Mapping[str, str],
    prefix: str = NO_PREFIX,
    command: str = "create",
    **settings: Any,
) -> tuple[PackageRecord, ...]:
    settings.setdefault("quiet", not context.verbosity)
    with (
        overrides.machine(platform, virtual_packages, notify_outdated_conda=False, **settings),
        indexes.read_by_solver(),
        redirect_stdout(sys.stderr if context.verbosity else StringIO()),
    ):
        return tuple(
            ask(
                lambda solver: solver.solve_final_state(),
                prefix,
                channels,
                (platform, "noarch"),
                [package.match for package in packages],
                command,
            )
        )


def _unsolved(
    where: str,
    packages: Iterable[PackageSpec],
    virtual_packages: Mapping[str, str],
    explanation: str,
) -> SolveError:
    """Return the error for a request without solution, with hints at virtual packages."""
    hints = []
    asked = {package.match.name for package in packages}
    for name in sorted(set(VIRTUAL.findall(explanation)) - asked):
        stated = virtual_packages.get(name)
        hints.append(
            f"The customer's machine is taken to have {name} {stated}."
            if stated
            else f"The customer's machine is taken to have no {name}."
        )
    if hints:
        hints.append("If it has a newer one, say so: --virtual-package NAME=VERSION.")
    return SolveError(where, explanation, *hints)
