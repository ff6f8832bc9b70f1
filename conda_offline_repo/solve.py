"""Solve a request for each platform, as conda would on the customer's machine.

The only module, besides `prove`, that lets the solver run; both do it through `run`.
"""

from __future__ import annotations

import re
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.common.io import dashlist
from conda.exceptions import (
    PackagesNotFoundError,
    ResolvePackageNotFound,
    SpecsConfigurationConflictError,
    UnsatisfiableError,
)
from conda.models.match_spec import MatchSpec

from . import _compat
from .exceptions import SolveError
from .explain import explained
from .request import without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from conda.models.channel import Channel
    from conda.models.records import PackageRecord

    from .request import Request

#: A prefix that nothing is installed in; conda itself solves for one like it.
NO_PREFIX = "/nonexistent/offline-repo"
#: How solvers say that there is no solution; some end the process where others raise.
UNSOLVED = (
    PackagesNotFoundError,
    ResolvePackageNotFound,
    SpecsConfigurationConflictError,
    SystemExit,
    UnsatisfiableError,
)
VIRTUAL = re.compile(r"(?<![\w/-])__[a-z0-9_]+")


@dataclass(frozen=True)
class Solution:
    """The records that the solver chose for one platform."""

    platform: str
    records: tuple[PackageRecord, ...]


def solve(request: Request, packages: Mapping[str, tuple[str, ...]]) -> tuple[Solution, ...]:
    """Solve `packages`, MatchSpecs by platform, from the channels of the request.

    Raises:
        SolveError: There is no solution; carries the solver's explanation.
        ChannelUnavailableError: A channel cannot be read.
    """
    channels = tuple(source.channel for source in request.sources)
    with explained(request):
        return tuple(
            Solution(
                platform,
                run(platform, packages[platform], channels, request.virtual_packages[platform]),
            )
            for platform in request.platforms
        )


def run(
    platform: str,
    packages: Iterable[str],
    channels: tuple[Channel, ...],
    virtual_packages: Mapping[str, str],
    **settings: Any,
) -> tuple[PackageRecord, ...]:
    """One solve with the configured solver, in this process.

    Args:
        platform: The conda subdir to solve for, besides noarch.
        packages: MatchSpecs.
        channels: Highest priority first, with credentials.
        virtual_packages: What the machine has.
        settings: Attributes of conda's context that are different for this solve.

    Raises:
        SolveError: There is no solution; carries the solver's explanation.
    """
    specs = tuple(MatchSpec(package) for package in packages)
    settings.setdefault("quiet", not context.verbosity)
    with (
        _compat.machine(platform, virtual_packages, notify_outdated_conda=False, **settings),
        redirect_stdout(sys.stderr if context.verbosity else StringIO()),
    ):
        try:
            backend = context.plugin_manager.get_cached_solver_backend(None)
            solver = backend(
                NO_PREFIX,
                channels,
                (platform, "noarch"),
                specs_to_add=specs,
                command="create",
            )
            return tuple(solver.solve_final_state())
        except UNSOLVED as error:
            text = explanation(error, channels)
            raise _unsolved(platform, specs, virtual_packages, text) from error
        except OSError as error:
            if error.errno is not None:
                raise
            # py-rattler's way to say that it cannot read an entry
            raise SolveError(
                platform,
                f"The solver cannot read the index of a channel: {error}\n"
                f"The channels are:{dashlist(map(without_secrets, channels))}",
                "Tell the owner of the channel.",
            ) from error


def explanation(error: BaseException, channels: Iterable[Channel]) -> str:
    """What a solver said, one of `UNSOLVED`; where packages are missing, just which and where."""
    if not isinstance(error, (PackagesNotFoundError, ResolvePackageNotFound)):
        return str(error).strip()
    packages = error._kwargs.get("packages") or getattr(error, "packages", None) or error.bad_deps
    named = [" ".join(map(str, p)) if isinstance(p, (list, tuple)) else str(p) for p in packages]
    return f"Not found:{dashlist(named)}\nin:{dashlist(map(without_secrets, channels))}"


def _unsolved(
    platform: str,
    specs: Iterable[MatchSpec],
    virtual_packages: Mapping[str, str],
    explanation: str,
) -> SolveError:
    """The error for a request without solution; hints where a virtual package is the cause."""
    hints = []
    asked = {spec.name for spec in specs}
    for name in sorted(set(VIRTUAL.findall(explanation)) - asked):
        stated = virtual_packages.get(name)
        hints.append(
            f"The customer's machine is taken to have {name} {stated}."
            if stated
            else f"The customer's machine is taken to have no {name}."
        )
    if hints:
        hints.append("If it has a newer one, say so: --virtual-package NAME=VERSION.")
    return SolveError(platform, explanation.strip(), *hints)
