"""conda's classic solver, minding what it ignores and the others do not: `constrains` on virtual
packages, and dependencies on packages that `constrains` names as well.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from conda import CondaError
from conda.models.records import PackageRecord

from . import conda_errors
from .features import own_virtual_packages
from .machine import unmet

#: What it is called, as a part of conda or as the plugin conda-pycosat-solver.
CLASSIC = ("classic", "pycosat")


def stated_name(solver: str) -> str:
    """Return the name by which a release states a solver: of both names, `classic`."""
    return "classic" if solver in CLASSIC else solver


@cache
def machine_minding(solver: Any) -> Any:
    """Return a class derived from that of the classic solver.

    It chooses only packages that do not exclude the machine, as long as that leads to a solution.
    Where it does not, it answers as conda does: that names the reason for a missing solution, and
    who asks checks a solution himself. What a package needs is never forgotten for what it
    constrains.
    """

    class MachineMindingSolver(solver):
        _left_out = False

        # conda 26.9 has each solver say so itself, also one that is derived from its own
        supports_exclude_newer_global = getattr(solver, "supports_exclude_newer_global", False)
        supports_exclude_newer_channel = getattr(solver, "supports_exclude_newer_channel", False)
        supports_exclude_newer_package = getattr(solver, "supports_exclude_newer_package", False)

        def solve_final_state(self, *args: Any, **kwargs: Any) -> Any:
            try:
                return super().solve_final_state(*args, **kwargs)
            except conda_errors.UNSOLVED:
                if not self._left_out:
                    raise
                state = (self.prefix, self.channels, self.subdirs)
                asked = (self.specs_to_add, self.specs_to_remove, self._repodata_fn, self._command)
                return solver(*state, *asked).solve_final_state(*args, **kwargs)

        def _prepare(self, prepared_specs: Any) -> Any:
            index, resolve = super()._prepare(prepared_specs)
            if resolve.index is index:
                machine = own_virtual_packages()
                fitting = {
                    key: _with_all_needs(record)
                    for key, record in index.items()
                    if not _excludes(record, machine)
                }
                self._left_out = len(fitting) < len(index)
                if self._left_out or any(fitting[key] is not index[key] for key in fitting):
                    self._r = resolve = type(resolve)(fitting, channels=self.channels)
            return index, resolve

    return MachineMindingSolver


def _excludes(record: Any, machine: Any) -> bool:
    demands_any = any(text.startswith("__") for text in record.constrains or ())
    return demands_any and any(demand.excludes for demand in unmet([record], machine))


#: The name at the beginning of a MatchSpec.
NAME = re.compile(r"\s*([\w.-]+)")


def _with_all_needs(record: Any) -> Any:
    """Return a record that depends on what it constrains, where it depends on the same packages:
    conda's `PackageRecord.combined_depends` would put the one in the place of the other.
    """
    if not record.constrains:
        return record
    needed = {*map(_name, record.depends)} - {""}
    both = [text for text in record.constrains if _name(text) in needed]
    if not both:
        return record
    others = [text for text in record.constrains if text not in both]
    merged = PackageRecord.from_objects(
        record, depends=(*record.depends, *both), constrains=tuple(others)
    )
    try:
        _ = merged.combined_depends
    except (CondaError, ValueError):  # conda cannot merge every two
        return record
    return merged


def _name(spec: str) -> str:
    name = NAME.match(spec)
    return name[1].lower() if name else ""
