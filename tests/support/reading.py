"""What the solvers of this conda make of an entry of an index, whatever it says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.models import match_spec
from conda.models.channel import Channel

from conda_offline_repo._conda import overrides
from conda_offline_repo._conda.solver import UnsolvedError, ask

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import Any

#: Those of this conda.
INSTALLED = sorted(hook.name for hook in context.plugin_manager.get_hook_results("solvers"))


def entry(name: str, version: str = "1.0", **more: Any) -> dict[str, Any]:
    """An entry of noarch, with other keys and values."""
    usual = {
        "build": "0",
        "build_number": 0,
        "depends": [],
        "license": "BSD-3-Clause",
        "md5": "0" * 32,
        "name": name,
        "noarch": "generic",
        "sha256": "0" * 64,
        "size": 100,
        "subdir": "noarch",
        "timestamp": 1_700_000_000_000,
        "version": version,
    }
    return {**usual, **more}


def file_of(record: Mapping[str, Any]) -> str:
    """The archive of an entry."""
    return "-".join(str(record.get(key)) for key in ("name", "version", "build")) + ".conda"


def chosen(
    solver: str, folder: Path, records: Iterable[Mapping[str, Any]], *packages: str
) -> list[str] | None:
    """The packages that a solver chooses from a channel of entries; None if it fails, however.

    Args:
        solver: One of conda's.
        folder: A new one for the channel.
    """
    for subdir in ("noarch", context.subdir):
        entries = {file_of(record): record for record in records if subdir == "noarch"}
        index = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": entries}
        (folder / subdir).mkdir(parents=True)
        (folder / subdir / "repodata.json").write_text(json.dumps(index))

    def names(solver: Any) -> list[str]:
        return sorted(f"{record.name} {record.version}" for record in solver.solve_final_state())

    match_spec._PARSE_CACHE.clear()  # conda reads texts in another way for rattler, since 26.7
    asked = ((Channel(folder.as_uri()),), (context.subdir, "noarch"), packages, "create")
    try:
        with overrides.settings(solver=solver):
            return ask(names, str(folder / "prefix"), *asked, as_conda=True)
    except (UnsolvedError, Exception):  # a solver breaks in many ways
        return None
