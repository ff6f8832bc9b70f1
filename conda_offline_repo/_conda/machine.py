"""What packages demand of a machine: of its virtual packages, by `depends` and `constrains`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conda import CondaError
from conda.models.match_spec import MatchSpec
from conda.models.records import PackageRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any


@dataclass(frozen=True)
class Unmet:
    """A demand of a package that a machine does not meet.

    Attributes:
        package: Name and version.
        demand: The MatchSpec of a virtual package.
        excludes: Whether the package can do without it, but not with another one: `constrains`.
        has: The version that the machine has, with its build where that says more; empty if it has
            no such virtual package.
    """

    package: str
    demand: str
    excludes: bool
    has: str

    @property
    def virtual_package(self) -> str:
        """The name of the virtual package."""
        return str(MatchSpec(self.demand).name)

    def __str__(self) -> str:
        demand = f"excludes all but {self.demand}" if self.excludes else f"needs {self.demand}"
        return f"{self.package} {demand}, and the machine has {self.has or 'none'}"


def unmet(
    records: Iterable[Mapping[str, Any]], machine: Mapping[str, tuple[str, str]]
) -> tuple[Unmet, ...]:
    """Return which demands of packages a machine does not meet.

    Solvers differ here: conda's classic one ignores `constrains` on virtual packages, and what is
    named exactly is not solved for at all.

    Args:
        records: Entries of an index, or conda's records.
        machine: Version and build of its virtual packages, by name; see
            `features.own_virtual_packages`.
    """
    has = {
        name: PackageRecord(name=name, version=version, build=build, build_number=0, channel="@")
        for name, (version, build) in machine.items()
    }
    return tuple(demand for record in records for demand in _unmet(record, has))


def _unmet(record: Mapping[str, Any], has: Mapping[str, PackageRecord]) -> Iterator[Unmet]:
    for key in ("depends", "constrains"):
        for text in record.get(key) or ():
            if not str(text).startswith("__"):
                continue
            try:
                spec = MatchSpec(text)
            except (CondaError, ValueError, TypeError, AttributeError):
                continue  # a form that this conda does not know, and no solver of it chose
            own = has.get(spec.name)
            excludes = key == "constrains"
            if (own is None and excludes) or (own is not None and spec.match(own)):
                continue
            version = "" if own is None else own.version
            build = "" if own is None or own.build == "0" else f" {own.build}"
            package = f"{record['name']} {record['version']}"
            yield Unmet(package, str(text), excludes, version + build)
