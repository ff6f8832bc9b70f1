"""conda's solver, for a build, its proof and `use`."""

from __future__ import annotations

import ctypes
import gc
import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, requires, version
from inspect import signature
from traceback import clear_frames
from typing import TYPE_CHECKING, Any, TypeVar

from conda import __version__ as conda_version
from conda.base.context import context
from conda.common.io import dashlist
from conda.models.match_spec import MatchSpec

from ..exceptions import SolverFailedError, SolverMissingError
from ..urls import channel_url
from . import conda_errors
from .classic_solver import CLASSIC, machine_minding

if TYPE_CHECKING:
    from conda.models.channel import Channel

    Answer = TypeVar("Answer")

log = logging.getLogger(__name__)
#: The distributions that solve, by those that make them solvers of conda.
ENGINES = {
    "conda-libmamba-solver": "libmambapy",
    "conda-pycosat-solver": "pycosat",
    "conda-rattler-solver": "py-rattler",
}


#: What looking for a function of glibc raises where there is none.
NO_GLIBC = (AttributeError, OSError, TypeError)
#: From glibc's malloc.h.
M_ARENA_MAX = -8


class UnsolvedError(Exception):
    """No solution exists; the text is the solver's explanation."""


def ask(
    question: Callable[[Any], Answer],
    prefix: str,
    channels: tuple[Channel, ...],
    subdirs: tuple[str, ...],
    packages: Iterable[str | MatchSpec],
    command: str,
    *,
    as_conda: bool = False,
) -> Answer:
    """Ask the configured solver, in this process.

    Args:
        question: Called with conda's `Solver`; calls one of its methods and returns the answer.
        prefix: The environment to solve for.
        channels: Highest priority first, with credentials.
        subdirs: Of these channels.
        packages: MatchSpecs to install.
        command: The command of conda to solve for: `create`, `install` or `update`.
        as_conda: Whether its classic solver may choose packages that exclude this machine by
            `constrains` on virtual packages, as it does in conda's own commands.

    Raises:
        UnsolvedError: No solution exists.
        SolverMissingError: The configured solver is not installed.
        SolverFailedError: It fails by itself, or over an entry that it cannot read; from its error.
    """
    if _is_missing():
        raise SolverMissingError(context.solver, installed_solvers())
    specs = tuple(map(MatchSpec, packages))
    solver = None
    try:
        backend = context.plugin_manager.get_cached_solver_backend(context.solver)
        if context.solver in CLASSIC and not as_conda:
            backend = machine_minding(backend)
        solver = backend(prefix, channels, subdirs, specs_to_add=specs, command=command)
        answer = question(solver)
        solver = None
        if command != "create":
            gc.collect()  # each try of rattler that failed keeps the indexes open
        _give_back()
        return answer
    except conda_errors.UNSOLVED as error:
        missing = conda_errors.not_found(error)
        why = str(error).strip()
        if missing is not None:
            why = f"Not found:{dashlist(missing)}\nin:{dashlist(map(channel_url, channels))}"
    except BaseException as error:  # a panic of rattler's is no Exception
        solver = None
        _let_go(error)
        if not conda_errors.fails_by_itself(error):
            raise
        log.debug("the solver failed", exc_info=error)
        raise _failed(error) from error
    solver = None
    _let_go(None)
    raise UnsolvedError(why)


def share_memory() -> None:
    """Let the threads of this process, most of which wait, share one pool of memory; glibc would
    keep one for each.
    """
    with suppress(*NO_GLIBC):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def _give_back() -> None:
    """Give the memory that a solver needed for an index back to the system, which glibc keeps."""
    with suppress(*NO_GLIBC):
        ctypes.CDLL(None).malloc_trim(0)


def takes_for_one(channels: Sequence[Channel]) -> bool:
    """Return whether the configured solver takes two of these channels for one in its priorities.

    The classic one goes by what follows the server in a URL, or the last folder of a path
    (`conda.resolve.Resolve._make_channel_priorities`). conda-libmamba-solver goes by the canonical
    name, which also the channels of one name have in common, such as those of `defaults`; and
    rattler by the whole URL.
    """
    if context.solver in CLASSIC:
        names = {channel.name for channel in channels}
    elif context.solver == "libmamba":
        names = {(channel.canonical_name, channel.name) for channel in channels}
    else:
        return False
    return len(names) < len({channel.base_url for channel in channels})


@contextmanager
def undisturbed() -> Iterator[None]:
    """Stop Python's garbage collector, which looks in vain at the many records of an index."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def reads_shards() -> bool:
    """Return whether the configured solver reads sharded indexes (CEP 16), where there are any."""
    if not getattr(context, "repodata_use_shards", False) or _is_missing():
        return False
    backend = context.plugin_manager.get_cached_solver_backend(context.solver)
    return "build_repodata_subset" in signature(backend.__init__).parameters


def _is_missing() -> bool:
    return context.solver not in installed_solvers()


def solver_versions(name: str) -> dict[str, str]:
    """Return the versions of a solver's distributions; none if it is conda's own."""
    solvers = context.plugin_manager.get_hook_results("solvers")
    # not of the cached backend, which may be a class that conda derives from the solver's
    modules = [s.backend.__module__ for s in solvers if s.name.lower() == name]
    package = modules[0].partition(".")[0].replace("_", "-") if modules else "conda"
    names = () if package == "conda" else (package, ENGINES.get(package, package))
    return {name: number for name in names if (number := _version(name))}


def _failed(error: BaseException) -> SolverFailedError:
    from packaging.requirements import Requirement

    versions = solver_versions(context.solver)
    name = f"{context.solver} ({solver_text(context.solver)})"
    misfits = [
        f"{package} {versions[package]} needs {needed.name} {needed.specifier}, and {installed} is "
        "installed: install versions that go together."
        for package in versions
        for needed in map(Requirement, _requires(package))
        if (needed.marker is None or needed.marker.evaluate())
        and (installed := _version(needed.name))
        and not needed.specifier.contains(installed, prereleases=True)
    ]
    others = (other for other in installed_solvers() if other != context.solver)
    text = " ".join(str(error).split()).rstrip(".")
    reason = f"{type(error).__name__}: {text}".rstrip(": ")
    return SolverFailedError(name, reason, misfits, others)


def _requires(name: str) -> list[str]:
    try:
        return requires(name) or []
    except PackageNotFoundError:
        return []


def solver_text(name: str) -> str:
    """Return the versions that tell what a solver is, for people."""
    versions = solver_versions(name) or {"conda": conda_version}
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # a conda package need not be a Python distribution
        return str(getattr(sys.modules.get(name), "__version__", ""))


def installed_solvers() -> list[str]:
    """Return the names of the solvers that are installed here, sorted."""
    return sorted(s.name.lower() for s in context.plugin_manager.get_hook_results("solvers"))


def _let_go(error: BaseException | None) -> None:
    """Delete a solver also from the frames of its error: rattler's threads would crash at exit."""
    while error:
        clear_frames(error.__traceback__)
        error = error.__context__
    gc.collect()
