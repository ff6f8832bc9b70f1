"""What no release may have, whichever solver chose it, and also if a list names it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..._conda.solver_settings import forbidden
from ...queries.dependencies import spec_name
from ..request.machine import KNOWN
from ..warnings import BuildWarning
from .exceptions import ForbiddenError, SameNameError, WithoutPythonError

if TYPE_CHECKING:
    from ..request.request import Request
    from ..solving.solution import Solution
    from ..upstream.entry import Entry


def check_names(solutions: Iterable[Solution]) -> None:
    """Check that no two wheels of a solution become packages of one name, as projects do that have
    the same modules.

    Raises:
        SameNameError: They do.
    """
    lines = []
    for solution in solutions:
        projects: dict[str, list[str]] = {}
        for entry in solution.converted:
            if entry.wheel:
                own = f"{entry.wheel.project} {entry.wheel.version}"
                projects.setdefault(entry.record["name"], []).append(own)
        lines += [
            f"for {solution.key}, {name}: {', '.join(sorted(own))}"
            for name, own in sorted(projects.items())
            if len(own) > 1
        ]
    if lines:
        raise SameNameError(lines)


def check_python(
    solutions: Collection[Solution], records: Mapping[str, Mapping[str, Any]]
) -> tuple[BuildWarning, ...]:
    """Check that conda finds a python where it links the modules of `noarch: python` packages.

    Args:
        records: The index entries, by `subdir/file`.

    Returns:
        A warning of those that do not bring python themselves, where others do.

    Raises:
        WithoutPythonError: A solution has such packages, and no python.
    """
    missing: dict[str, list[str]] = {}
    lacking: set[str] = set()
    for solution in solutions:
        own = {name: records[name] for name in solution.names}
        brings, before = {"python"}, 0
        while len(brings) > before:
            before = len(brings)
            brings |= {
                record["name"]
                for record in own.values()
                if any(spec_name(text) in brings for text in record.get("depends") or ())
            }
        names = {name for name, r in own.items() if r.get("noarch") == "python"}
        if any(record["name"] == "python" for record in own.values()):
            lacking |= {name for name in names if own[name]["name"] not in brings}
        elif names:
            missing[solution.key] = sorted(names)
    if missing:
        raise WithoutPythonError(missing)
    if not lacking:
        return ()
    text = (
        f"These noarch packages need python, and neither they nor what they depend on say so: "
        f"{', '.join(sorted(lacking))}. In an environment without python, conda cannot install "
        "them."
    )
    return (BuildWarning("noarch", text),)


def unused_virtual_packages(request: Request, entries: Iterable[Entry]) -> Iterator[BuildWarning]:
    """Yield a warning of stated virtual packages that no conda knows, and no package asks for
    either: their names may be wrong.
    """
    stated = {name for platform in request.platforms for name in request.virtual_packages[platform]}
    asked = {
        spec_name(text)
        for entry in entries
        for key in ("depends", "constrains")
        for text in entry.record.get(key) or ()
        if str(text).startswith("__")
    }
    if names := sorted(stated.difference(KNOWN, asked)):
        yield BuildWarning(
            "unused-virtual-package",
            f"No conda knows {', '.join(names)}, and no package asks for it: check the names of "
            "the virtual packages.",
        )


def check_allowed(entries: Iterable[Entry], kept: Iterable[Entry]) -> None:
    """Check that the administrator's settings allow packages: conda itself would not install them.

    Args:
        entries: The packages of the new release.
        kept: Those that only earlier releases have.

    Raises:
        ForbiddenError: They do not.
    """
    earlier = {entry.name for entry in kept}
    records = {entry.name: _placed(entry) for entry in (*entries, *kept)}
    for rule, names in forbidden(records):
        raise ForbiddenError(rule, names, kept=not earlier.isdisjoint(names))


def _placed(entry: Entry) -> dict[str, Any]:
    url = entry.public_url
    place = {"fn": entry.file, "subdir": entry.subdir, "url": url}
    return {**entry.record, **place, "channel": url.rpartition("/")[0]}
