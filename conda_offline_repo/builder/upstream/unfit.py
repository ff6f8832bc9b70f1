"""Why entries of a channel must not be shipped to a label's customers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conda.exceptions import InvalidVersionSpec
from conda.models.version import VersionOrder

from ..._conda.machine import WHEN, unmet
from ...repository.manifest import VERSION_3
from ..request.machine import as_conda_has
from .readable import Readers, unreadable
from .spec_forms import CLASSIC, is_newer, spec_form

if TYPE_CHECKING:
    from ..._conda.machine import Unmet
    from ..request.request import Request


def reason_against(file: str, record: Mapping[str, Any], request: Request) -> str | None:
    """Return why the entry of an archive must not be shipped, or None if it may."""
    newer = newer_needs(record) if request.index_version < VERSION_3 else []
    if newer:
        return (
            f"its dependency {newer[0][:100]!a} is of version 3 of the index format, which not "
            "every conda reads (--index-version 3)"
        )
    return unreadable(file, record, Readers(request.customer_solvers, request.customer_conda))


def newer_needs(record: Mapping[str, Any]) -> list[str]:
    """Return the dependencies and constraints of an entry that have a form of version 3 of the
    index format, whatever section the entry is in: conda-index has them in the usual ones.
    """
    lists = (record.get("depends"), record.get("constrains"))
    return [text for texts in lists if isinstance(texts, list) for text in filter(is_newer, texts)]


def misfits(
    records: Collection[Mapping[str, Any]], virtual_packages: Mapping[str, str]
) -> list[Unmet]:
    """Return which demands of packages are not met by these packages and a machine, as far as conda
    reads them as others do.
    """
    demands = unmet(records, as_conda_has(virtual_packages), records)
    forms = ((demand, spec_form(demand.demand)) for demand in demands)
    return [
        demand
        for demand, form in forms
        if not form or CLASSIC not in form.solvers or WHEN.search(demand.demand)
    ]


@dataclass(frozen=True)
class LeftOut:
    """An entry that views lack: its channel, archive, name and version, and why."""

    channel: str
    file: str
    name: str
    version: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file} of {self.channel}: {self.reason}"


def is_later(version: str, other: str) -> bool:
    """Return whether a version comes after another; no if conda does not read one of them."""
    try:
        return bool(VersionOrder(other) < VersionOrder(version))
    except InvalidVersionSpec:
        return False
