"""What no release may have, whichever solver chose it, and also if a list names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._conda.machine import unmet
from .exceptions import MachineMisfitError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ..request.request import Request
    from ..upstream.solve import Solution


def check_machine(
    solution: Solution, records: Mapping[str, Mapping[str, Any]], request: Request
) -> None:
    """Check that the customer's machine has what the packages of a solution demand of it.

    Args:
        records: The index entries, by `subdir/file`.

    Raises:
        MachineMisfitError: It does not.
    """
    parts = {
        name: value.partition("=")
        for name, value in request.virtual_packages[solution.platform].items()
    }
    machine = {name: (version, build or "0") for name, (version, _, build) in parts.items()}
    if demands := unmet([records[name] for name in solution.names], machine):
        raise MachineMisfitError(solution.key, demands)
