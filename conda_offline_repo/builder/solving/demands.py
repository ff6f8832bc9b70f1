"""Whether the packages of a solution go together on the customer's machine, whoever chose them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..upstream.unfit import misfits
from .exceptions import MisfitError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..request.request import Request
    from ..upstream.entry import Entry
    from .solution import Solution


def check_demands(solution: Solution, entries: Mapping[str, Entry], request: Request) -> None:
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
