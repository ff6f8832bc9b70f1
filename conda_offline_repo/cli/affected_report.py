"""Whom advisories affect: a table, JSON, or CSV for a ticket."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from typing import TYPE_CHECKING, Any

from conda.base.context import context

from ..audit.report import Section
from .output import print_json, print_lines, table, warn

if TYPE_CHECKING:
    from ..audit.affected import Hit
    from ..exceptions import OfflineRepoError
    from ..files.web import Place

#: The keys of JSON and columns of CSV; a table has those that are not wide, and not empty.
KEYS = (
    *("label", "release", "environment", "platform", "package", "version", "pypi", "advisory"),
    *("aliases", "severity", "fixed", "available", "note"),
)
WIDE = ("pypi", "severity")
ERROR = ("path", "exception_name", "message", "hints")
HEADS = {"fixed": "Fixed in", "note": "Not affected because"}
#: Where spreadsheets find a formula.
FORMULA = re.compile(r"^(?=[=+@-])")


def report(
    hits: Sequence[Hit],
    unreadable: Sequence[str],
    damaged: Mapping[Place, OfflineRepoError],
    *,
    as_csv: bool,
) -> int:
    """Print them, and what is wrong with repositories that cannot be asked; return the status."""
    result = 1 if damaged else status(hits)
    if context.json:
        contents = [dict(zip(KEYS, _values(hit), strict=True)) for hit in hits]
        others = [{**error.dump_map(), "path": str(path)} for path, error in damaged.items()]
        problems = [{key: error[key] for key in ERROR} for error in others]
        print_json(success=not result, affected=contents, unreadable=unreadable, damaged=problems)
        return result
    if as_csv:
        text = StringIO()
        lines = [KEYS, *([FORMULA.sub("'", t) for t in map(_text, _values(h))] for h in hits)]
        csv.writer(text, lineterminator="\n").writerows(lines)
        print_lines(text.getvalue().splitlines())
    elif hits:
        heads, *rows = _table(hits, WIDE)
        print_lines(table([[*map(str.upper, heads)], *rows]))
    elif not damaged:
        print("No package is affected.")
    unknown = {channel for hit in hits for channel, has in hit.available.items() if not has}
    warn(f"What {c} has is not known: conda's cache has no index of it." for c in sorted(unknown))
    warn(f"{problem}: it was not read." for problem in unreadable)
    print_lines((f"{path} failed: {error}" for path, error in damaged.items()), sys.stderr)
    return result


def status(hits: Iterable[Hit]) -> int:
    """Return 3 if any of them has no note, else 0."""
    return 0 if all(hit.note for hit in hits) else 3


def section(hits: Iterable[Hit], unreadable: Iterable[str]) -> Section:
    """Return them for a report, without what only this machine's caches know."""
    text = "; ".join(("Packages that the given advisories affect", *unreadable))
    return Section("Advisories", f"{text}.", _table(hits, (*WIDE, "available")))


def _table(hits: Iterable[Hit], without: Sequence[str]) -> list[tuple[str, ...]]:
    rows = [dict(zip(KEYS, map(_text, _values(hit)), strict=True)) for hit in hits]
    shown = [k for k in KEYS if k not in without and (not rows or any(row[k] for row in rows))]
    heads = tuple(HEADS.get(key, key.capitalize()) for key in shown)
    return [heads, *(tuple(row[key] for key in shown) for row in rows)]


def _values(hit: Hit) -> tuple[Any, ...]:
    held, advisory = hit.holding, hit.advisory
    pypi = {key[5:]: version for key, version in held.names.items() if key.startswith("pypi/")}
    return (
        *(held.label, held.release, held.environment, held.platform),
        *(held.entry["name"], held.entry["version"], pypi),
        *(advisory.id, advisory.aliases, advisory.severity),
        *(hit.fixed, hit.available, hit.note),
    )


def _text(value: Any) -> str:
    if isinstance(value, dict):
        value = tuple(f"{name} {version}" for name, version in value.items() if version)
    return ", ".join(value) if isinstance(value, tuple) else str(value or "")
