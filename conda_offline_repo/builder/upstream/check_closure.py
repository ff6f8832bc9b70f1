"""Whether archives that are named exactly have all that they need, and what follows if not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda.models.match_spec import MatchSpec
from conda.models.records import PackageRecord

from ..exceptions import ListIncompleteError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .entries import Entry
    from .solve import Solution


def check_closure(solution: Solution, entries: Iterable[Entry]) -> None:
    """Check that archives that are named exactly have what they need among themselves.

    What the machine has to have, its virtual packages, is for the solver to say.

    Raises:
        ListIncompleteError: They have not.
    """
    names = {*solution.names}
    records = {
        entry.record["name"]: PackageRecord(
            **{**entry.record, "fn": entry.file, "subdir": entry.subdir, "channel": "", "url": ""}
        )
        for entry in entries
        if entry.name in names
    }
    problems = []
    for _, record in sorted(records.items()):
        who = f"{record.name} {record.version}"
        for text in record.depends:
            need = MatchSpec(text)
            needed = records.get(need.name)
            if not need.name.startswith("__") and not (needed and need.match(needed)):
                problems.append(f"{who} needs {text}")
        for text in record.constrains or ():
            need = MatchSpec(text)
            if need.name in records and not need.match(records[need.name]):
                problems.append(f"{who} goes with {text} alone")
    if problems:
        raise ListIncompleteError(solution.key, problems)


def without_pip(solutions: Iterable[Solution]) -> tuple[str, ...]:
    """Return what to say of lists that have python, but not pip."""
    keys = [solution.key for solution in solutions if solution.lacks_pip]
    if not keys:
        return ()
    text = (
        f"What is named exactly for {', '.join(keys)} has python, but not pip. It is installed as "
        "it is; but where the customer's conda has the classic solver, later installs need the "
        "setting add_pip_as_python_dependency: false."
    )
    return (text,)
