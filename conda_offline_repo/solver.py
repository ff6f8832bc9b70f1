"""conda's solver, run once, and why there is no solution: for the build, its proof and `use`."""

from __future__ import annotations

import gc
from traceback import clear_frames
from typing import TYPE_CHECKING

from conda import CondaError
from conda.base.context import context
from conda.common.io import dashlist
from conda.exceptions import (
    PackagesNotFoundError,
    ResolvePackageNotFound,
    SpecsConfigurationConflictError,
    UnsatisfiableError,
)
from conda.models.match_spec import MatchSpec

from .exceptions import SolverMissingError
from .urls import channel_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeVar

    from conda.models.channel import Channel

    Answer = TypeVar("Answer")

#: How solvers say that there is no solution; some end the process where others raise.
UNSOLVED = (
    PackagesNotFoundError,
    ResolvePackageNotFound,
    SpecsConfigurationConflictError,
    SystemExit,
    UnsatisfiableError,
)


class UnsolvedError(Exception):
    """There is no solution; the text is the solver's explanation."""


def ask(
    question: Callable[[Any], Answer],
    prefix: str,
    channels: tuple[Channel, ...],
    subdirs: tuple[str, ...],
    packages: Iterable[str],
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
        SolverMissingError: The configured solver is not installed or does not start.
        CondaError: What a hook of conda's has refused.
    """
    backend = context.plugin_manager.get_cached_solver_backend(None)
    refusal: CondaError | None = None
    why = ""
    specs = tuple(map(MatchSpec, packages))
    try:
        solver = backend(prefix, channels, subdirs, specs_to_add=specs, command=command)
    except ImportError as error:
        raise SolverMissingError(str(context.solver)) from error
    try:
        return question(solver)
    except UNSOLVED as error:
        why = _explanation(error, channels)
    except ImportError as error:
        raise SolverMissingError(str(context.solver)) from error
    except CondaError as error:
        clear_frames(error.__traceback__)
        refusal = error
    except OSError as error:
        if error.errno is not None:
            raise
        # py-rattler's way to say that it cannot read an entry
        why = (
            f"The solver cannot read the index of a channel: {error}\n"
            f"The channels are:{_listed(channels)}\nTell the owner of the channel."
        )
    # nothing of the rattler solver may live on: its threads would end the process with a crash
    del solver
    if refusal is not None:
        refusal.__traceback__ = refusal.__context__ = None
    gc.collect()
    raise refusal or UnsolvedError(why)


def _explanation(error: BaseException, channels: Iterable[Channel]) -> str:
    """What a solver said, one of `UNSOLVED`; where packages are missing, just which and where."""
    if not isinstance(error, (PackagesNotFoundError, ResolvePackageNotFound)):
        return str(error).strip()
    packages = error._kwargs.get("packages") or getattr(error, "packages", None) or error.bad_deps
    named = [" ".join(map(str, p)) if isinstance(p, (list, tuple)) else str(p) for p in packages]
    return f"Not found:{dashlist(named)}\nin:{_listed(channels)}"


def _listed(channels: Iterable[Channel]) -> str:
    return str(dashlist(map(channel_url, channels)))
