"""Solve a request for each platform, as conda would on the customer's machine."""

from __future__ import annotations

import re
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.models.match_spec import MatchSpec

from ... import _compat
from ...solver import UnsolvedError, ask
from ..exceptions import SolveError
from .unavailable import explained

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from conda.models.channel import Channel
    from conda.models.records import PackageRecord

    from ..request import Request

#: A prefix that nothing is installed in; conda itself solves for one like it.
NO_PREFIX = "/nonexistent/offline-repo"
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
    """Solve once, as a machine of this platform with nothing installed.

    Args:
        platform: The conda subdir to solve for, besides noarch.
        packages: MatchSpecs.
        channels: Highest priority first, with credentials.
        virtual_packages: What the machine has.
        settings: Attributes of conda's context that are different for this solve.

    Raises:
        SolveError: There is no solution; carries the solver's explanation.
    """
    packages = tuple(packages)
    settings.setdefault("quiet", not context.verbosity)
    try:
        with (
            _compat.machine(platform, virtual_packages, notify_outdated_conda=False, **settings),
            redirect_stdout(sys.stderr if context.verbosity else StringIO()),
        ):
            return tuple(
                ask(
                    lambda solver: solver.solve_final_state(),
                    NO_PREFIX,
                    channels,
                    (platform, "noarch"),
                    packages,
                    "create",
                )
            )
    except UnsolvedError as error:
        raise _unsolved(platform, packages, virtual_packages, str(error)) from None


def _unsolved(
    platform: str, packages: Iterable[str], virtual_packages: Mapping[str, str], explanation: str
) -> SolveError:
    """The error for a request without solution; hints where a virtual package is the cause."""
    hints = []
    asked = {MatchSpec(package).name for package in packages}
    for name in sorted(set(VIRTUAL.findall(explanation)) - asked):
        stated = virtual_packages.get(name)
        hints.append(
            f"The customer's machine is taken to have {name} {stated}."
            if stated
            else f"The customer's machine is taken to have no {name}."
        )
    if hints:
        hints.append("If it has a newer one, say so: --virtual-package NAME=VERSION.")
    return SolveError(platform, explanation, *hints)
