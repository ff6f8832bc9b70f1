"""conda's solver, run once, and why there is no solution: for the build, its proof and `use`."""

from __future__ import annotations

import gc
import sys
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from traceback import clear_frames
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.common.io import dashlist
from conda.models.match_spec import MatchSpec

from ..exceptions import SolverMissingError
from ..urls import channel_url
from . import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, TypeVar

    from conda.models.channel import Channel

    Answer = TypeVar("Answer")


#: The distributions that do the work, by that which makes them a solver of conda.
ENGINES = {"conda-libmamba-solver": "libmambapy", "conda-rattler-solver": "py-rattler"}


class UnsolvedError(Exception):
    """There is no solution; the text is the solver's explanation."""


def ask(
    question: Callable[[Any], Answer],
    prefix: str,
    channels: tuple[Channel, ...],
    subdirs: tuple[str, ...],
    packages: Iterable[str | MatchSpec],
    command: str,
) -> Answer:
    """Ask the configured solver, in this process.

    Args:
        question: Given conda's `Solver`; calls the method whose answer is wanted.
        prefix: The environment to solve for.
        channels: Highest priority first, with credentials.
        subdirs: Of these channels.
        packages: MatchSpecs to install.
        command: The command of conda to solve for: `create`, `install` or `update`.

    Raises:
        UnsolvedError: There is no solution.
        SolverMissingError: The configured solver is not installed, or does not start.
    """
    specs = tuple(map(MatchSpec, packages))
    solver = None
    try:
        solver = _backend()(prefix, channels, subdirs, specs_to_add=specs, command=command)
        return question(solver)
    except errors.UNSOLVED as error:
        why = _explanation(error, channels)
    except ImportError as error:
        raise SolverMissingError(context.solver, _installed()) from error
    except BaseException as error:  # a panic of rattler's is no Exception
        if not errors.breaks_over_an_index(error):
            del solver
            _let_go(error)
            raise
        why = (
            f"The solver cannot read the index of a channel: {error}\n"
            f"The channels are:{_listed(channels)}\n"
            "Run `conda clean --index-cache` and try again. If that does not help, tell the owner "
            "of the channel."
        )
    del solver
    _let_go(None)
    raise UnsolvedError(why)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Keep Python from looking for garbage for a while: among the many records of an index it finds
    none, and looks at all of them time and again.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _backend() -> Any:
    if context.solver not in _installed():
        raise SolverMissingError(context.solver, _installed())
    return context.plugin_manager.get_cached_solver_backend(context.solver)


def solver_versions() -> dict[str, str]:
    """Return the versions of what the configured solver consists of, by distribution; none for the
    classic one, which is conda itself.
    """
    solvers = context.plugin_manager.get_hook_results("solvers")
    # not of the cached backend, which can be a class that conda derives from the solver's
    modules = [s.backend.__module__ for s in solvers if s.name.lower() == context.solver]
    package = modules[0].partition(".")[0].replace("_", "-") if modules else "conda"
    names = () if package == "conda" else (package, ENGINES.get(package, package))
    return {name: found for name in names if (found := _version(name))}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # a conda package need not be a distribution of Python's
        return str(getattr(sys.modules.get(name), "__version__", ""))


def _installed() -> list[str]:
    """The names of the solvers that are installed."""
    return sorted(s.name.lower() for s in context.plugin_manager.get_hook_results("solvers"))


def _let_go(error: BaseException | None) -> None:
    """Leave nothing of a solver alive: rattler's threads would end the process with a crash.

    Args:
        error: What it raised, if that is to be reported; the frames that led to it hold the solver.
    """
    while error:
        clear_frames(error.__traceback__)
        error = error.__context__
    gc.collect()


def _explanation(error: BaseException, channels: Iterable[Channel]) -> str:
    """Return what a solver said; where packages are missing, just which and where."""
    packages = errors.not_found(error)
    if packages is None:
        return str(error).strip()
    return f"Not found:{dashlist(packages)}\nin:{_listed(channels)}"


def _listed(channels: Iterable[Channel]) -> str:
    return str(dashlist(map(channel_url, channels)))
