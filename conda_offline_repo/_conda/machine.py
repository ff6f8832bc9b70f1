"""What packages demand by `depends` and `constrains`, of each other and of a machine's virtual
packages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conda import CondaError
from conda.models.match_spec import MatchSpec
from conda.models.records import PackageRecord

#: What conda raises over a text that it cannot read.
UNREAD = (CondaError, ValueError, TypeError, AttributeError, IndexError, RecursionError)
#: The condition of a demand (CEP 43), and what stands between the specifications in one.
WHEN = re.compile(r"""\bwhen *= *(?:"([^"]+)"|'([^']+)'|([^\s"',\]]+))""")
PARTS = re.compile(r"([()]|(?<=[\s)])(?:and|or)(?=[\s(]))")
INNER = re.compile(r"\( ([^()]*) \)")
#: What specifications match of a record.
KEYS = ("name", "version", "build", "build_number", "subdir", "license", "md5", "sha256")


@dataclass(frozen=True)
class Unmet:
    """A demand of a package that neither the machine nor the other packages meet.

    Attributes:
        package: Name and version.
        demand: The MatchSpec.
        excludes: Whether the package can do without, but not with another one: `constrains`.
        has: The version that is there, with its build where that says more; empty if there is none.
    """

    package: str
    demand: str
    excludes: bool
    has: str

    @property
    def virtual_package(self) -> str:
        """The name of the virtual package; empty where the demand is on another package."""
        return self.demand.split()[0].partition("[")[0] if self.demand.startswith("__") else ""

    def __str__(self) -> str:
        demand = f"excludes all but {self.demand}" if self.excludes else f"needs {self.demand}"
        owner = "the machine has" if self.virtual_package else "there is"
        return f"{self.package} {demand}, and {owner} {self.has or 'none'}"


def unmet(
    checked: Iterable[Mapping[str, Any]],
    machine: Mapping[str, tuple[str, str]],
    together: Iterable[Mapping[str, Any]] | None = None,
) -> tuple[Unmet, ...]:
    """Return which demands of packages are not met.

    Solvers differ here: conda's classic one ignores `constrains` on virtual packages, each reads
    some texts in its own way, and what is named exactly is not solved for at all. What this conda
    cannot read is passed over.

    Args:
        checked: Entries of an index, or conda's records.
        machine: Version and build of its virtual packages, by name; see
            `features.own_virtual_packages`.
        together: All packages that are to be there; None to look at virtual packages alone.
    """
    virtual = (
        {"name": name, "version": version, "build": build}
        for name, (version, build) in machine.items()
    )
    has = {record["name"]: _record(record) for record in (*virtual, *(together or ()))}
    return tuple(
        demand
        for record in checked
        for key in ("depends", "constrains")
        for text in record.get(key) or ()
        if together is not None or str(text).startswith("__")
        for demand in _unmet(record, str(text), key == "constrains", has)
    )


def _record(record: Mapping[str, Any]) -> PackageRecord:
    values = {key: value for key in KEYS if (value := record.get(key)) is not None}
    return PackageRecord(**{"build": "", "build_number": 0, "channel": "@", **values})


def _unmet(
    record: Mapping[str, Any], text: str, excludes: bool, has: Mapping[str, PackageRecord]
) -> Iterator[Unmet]:
    if text in has:  # most demands are a name
        return
    try:
        spec, holds = _read(text, has)
        own = has.get(spec.name)
        met = excludes if own is None else spec.match(own)
    except UNREAD:
        return
    if met or not holds:
        return
    version = "" if own is None else own.version
    build = "" if own is None or own.build in ("", "0") else f" {own.build}"
    yield Unmet(f"{record['name']} {record['version']}", text, excludes, version + build)


def _read(text: str, has: Mapping[str, PackageRecord]) -> tuple[MatchSpec, bool]:
    """Return the MatchSpec of a demand, and whether its condition holds, if it has one."""
    condition = WHEN.search(text)
    if condition:
        text = re.sub(r"\[[\s,]*\]", "", f"{text[: condition.start()]}{text[condition.end() :]}")
        text = re.sub(r",\s*\]", "]", text.replace("[,", "["))
    spec = MatchSpec(text)
    if spec.get_raw_value("channel") or "*" in spec.name:
        raise ValueError(f"{text!r} names a channel, or no package")
    return spec, condition is None or _holds(condition[1] or condition[2] or condition[3], has)


def _holds(condition: str, has: Mapping[str, PackageRecord]) -> bool:
    """Return whether a logical expression of MatchSpecs holds (CEP 43)."""

    def value(part: str) -> str:
        if part in ("(", ")", "and", "or"):
            return part
        spec = MatchSpec(part)
        return str(spec.name in has and spec.match(has[spec.name]))

    def flat(words: str) -> bool:
        return any({*both.split(" and ")} == {"True"} for both in words.split(" or "))

    words = " ".join(value(part.strip()) for part in PARTS.split(condition) if part.strip())
    while "(" in words:
        inner = INNER.search(words)
        if not inner:
            raise ValueError(f"{condition!r} has unbalanced parentheses")
        words = f"{words[: inner.start()]}{flat(inner[1])}{words[inner.end() :]}"
    return flat(words)
