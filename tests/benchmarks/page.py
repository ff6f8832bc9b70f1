"""Print the tables of docs/explanation/benchmarks.md from what `--json` wrote, once or more often.

    python -m tests.benchmarks.page A.json [B.json …]

Of a row that several files have for an upstream, the last one counts. Rows with an aim are shown
where they have it, and the others for the upstreams that most aims are for.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.groups import AFAR, ROWS, SHOWN
from tests.benchmarks.report import growth_table, ratio_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    Line = Mapping[str, Any]

FAR_AWAY = "From a server that is far away"
#: By the group of a row that is no longer about that.
SECTIONS = {
    "A build": ("cold", "network", "floors", "old", "progress", "unchanged", "update", "indexing"),
    "Many labels": ("labels-cold", "labels-unchanged"),
    "On the way to the customer": ("delivery", "packing", "verify", "use", "store"),
    "conda itself": ("commands", "hooks"),
}
ORDER = [row.title for row in ROWS]
LIMITED = {row.title for row in ROWS if row.limits}


def shown(line: Line) -> bool:
    """Whether the page has a line."""
    if line["title"] in LIMITED:
        return line["limit"] is not None
    return line["upstream"] in SHOWN


def section(line: Line) -> str:
    """The heading that a line belongs to."""
    if line["upstream"] in AFAR:
        return FAR_AWAY
    return next(name for name, groups in SECTIONS.items() if line["group"] in groups)


def tables(files: Sequence[Mapping[str, Any]]) -> str:
    """All tables, each below its heading, and before them what they were measured with."""
    lines = {(line["title"], line["upstream"]): line for file in files for line in file["ratios"]}
    ordered = sorted(filter(shown, lines.values()), key=lambda line: ORDER.index(line["title"]))
    parts = [_measured(files)]
    for name in (FAR_AWAY, *SECTIONS):
        if mine := [line for line in ordered if section(line) == name]:
            parts.append(f"### {name}\n\n{ratio_table(mine)}")
    grown = {(line["contender"], line["packages"]): line for f in files for line in f["growth"]}
    if len({packages for _, packages in grown}) > 1:
        parts.append(f"### Growth\n\n{growth_table([grown[key] for key in sorted(grown)])}")
    return "\n\n".join(parts)


def _measured(files: Sequence[Mapping[str, Any]]) -> str:
    about = [file["about"] for file in files]
    runs = sorted({where["runs"] for where in about})
    last = about[-1]
    tools = ", ".join(f"{name} {number}" for name, number in sorted(last["tools"].items()))
    return (
        f"{last['date'][:10]}, {last['system']}, {last['cores']} cores; {tools}; solver "
        f"{last['solver']}; medians of {' or '.join(map(str, runs))} runs."
    )


if __name__ == "__main__":
    if not sys.argv[1:] or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    print(tables([json.loads(Path(name).read_bytes()) for name in sys.argv[1:]]))
