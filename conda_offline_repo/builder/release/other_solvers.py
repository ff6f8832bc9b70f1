"""The other solvers that the customer's conda may have: as far as they are installed here, each has
to find a solution in the repository, too, be it another one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conda.base.context import context
from conda.common.io import dashlist

from ..._conda.classic_solver import stated_name
from ..._conda.solver import installed_solvers, solver_text
from ...exceptions import SolverFailedError
from ...specs import PackageSpec
from ..solving.exceptions import SolveError
from ..upstream.entry import Entry
from ..upstream.unfit import misfits
from ..warnings import BuildWarning
from .exceptions import OtherSolverError
from .index import make_index

if TYPE_CHECKING:
    from conda.models.records import PackageRecord

    from ..request.request import Request
    from ..solving.solution import Solution
    from .draft import Draft

    #: See `prove.solver_of`.
    Solve = Callable[..., tuple[PackageRecord, ...]]

#: What every solver that works finds a solution for.
PROBE: dict[str, Any] = {
    **{"name": "probe", "version": "1", "build": "0", "build_number": 0, "subdir": "noarch"},
    **{"depends": [], "size": 1, "md5": "0" * 32, "sha256": "0" * 64},
}


@dataclass(frozen=True)
class Proof:
    """Which solvers have proven a release.

    Attributes:
        by: Their versions, by name.
        not_tried: Of the solvers that the customer's conda may have and that have not, why not.
    """

    by: Mapping[str, str] = field(default_factory=dict)
    not_tried: Mapping[str, str] = field(default_factory=dict)

    def warnings(self, request: Request) -> Iterator[BuildWarning]:
        """Yield a warning of the solvers that were not tried, if the vendor has named them."""
        if self.not_tried and request.solvers_named:
            reasons = (f"{name} ({reason})" for name, reason in self.not_tried.items())
            yield BuildWarning(
                "solver-not-tried",
                "The release is not proved with all solvers that the customer's conda may have: "
                f"{', '.join(reasons)}. Install or mend them where you build.",
            )


def other_solvers(request: Request) -> dict[str, str]:
    """Return the versions of the solvers, by name, that are installed here and that the customer's
    conda may have, without the one that builds.
    """
    return {stated: solver_text(name) for stated, name in _others(request).items()}


def _others(request: Request) -> dict[str, str]:
    """Return their names here by those that releases state."""
    names = {stated_name(name): name for name in installed_solvers()}
    own = stated_name(context.solver)
    return {name: names[name] for name in request.customer_solvers if name in names and name != own}


def proof_of(
    request: Request, by: Mapping[str, str], reasons: Mapping[str, str] | None = None
) -> Proof:
    """Return a proof by the solver that builds and by others.

    Args:
        by: The versions of the others, by name.
        reasons: Why installed ones were not tried.
    """
    by = {stated_name(context.solver): solver_text(context.solver), **by}
    reasons = reasons or {}
    return Proof(
        {name: versions for name, versions in by.items() if name not in reasons},
        {
            name: reasons.get(name, "not installed here")
            for name in request.customer_solvers
            if name not in by or name in reasons
        },
    )


def try_others(
    request: Request,
    solutions: Collection[Solution],
    solve: Solve,
    solver_of_probe: Callable[[Mapping[str, Draft]], Any],
) -> dict[str, str]:
    """Ask each other solver for a solution of what each environment asks for.

    Args:
        solutions: Of the building solver.
        solve: Solves from the repository alone.
        solver_of_probe: Yields what solves from other index files, for a context.

    Returns:
        Of those that break by themselves, by name, how.

    Raises:
        OtherSolverError: A solver finds none.
    """
    broken = {}
    for stated, name in _others(request).items():
        try:
            for solution in solutions:
                _try(name, solution, request, solve)
        except OtherSolverError:
            if reason := _broken(name, request, solver_of_probe):
                broken[stated] = reason
            else:
                raise
    return broken


def _try(name: str, solution: Solution, request: Request, solve: Solve) -> None:
    settings = {"add_pip_as_python_dependency": False} if solution.lacks_pip else {}
    packages = [package.unqualified for package in solution.packages]
    other: tuple[str, ...] = ()
    try:
        records = solve(request, solution.platform, packages, solver=name, **settings)
        demands = misfits(records, request.virtual_packages[solution.platform])
        if not demands:
            return
        problem = f"It chooses what does not go together:{dashlist(demands)}"
        other = tuple(f"{record.subdir}/{record.fn}" for record in records)
    except SolveError as error:
        problem = error.explanation or "It gives no reason."
    except Exception as error:  # a solver of a plugin may raise anything
        problem = _text(error)
    rest = [stated for stated in request.customer_solvers if stated != stated_name(name)]
    raise OtherSolverError(solution.key, name, problem, rest=rest, other=other)


def _broken(
    name: str, request: Request, solver_of_probe: Callable[[Mapping[str, Draft]], Any]
) -> str | None:
    """Return how a solver fails whatever it is asked; None if it works."""
    file = f"{PROBE['name']}-{PROBE['version']}-{PROBE['build']}.conda"
    index = make_index((Entry("noarch", file, PROBE, "", ""),), request.platforms)
    try:
        with solver_of_probe(index) as solve:
            solve(request, request.platforms[0], [PackageSpec(PROBE["name"])], solver=name)
    except SolverFailedError as error:
        return error.hints[0].rstrip(".") if error.has_misfits else _text(error)
    except SolveError as error:
        return f"it fails: {' '.join(error.explanation.split())}"
    except Exception as error:  # as above
        return _text(error)
    return None


def _text(error: BaseException) -> str:
    """Return what a solver failed with."""
    cause = error.__cause__ if isinstance(error, SolverFailedError) else None
    cause = cause or error
    return f"it fails with {type(cause).__name__}: {' '.join(str(cause).split())}"
