"""Whom advisories affect: a table, JSON, or CSV for a ticket."""

from __future__ import annotations

import csv
import re
from dataclasses import asdict, replace
from io import StringIO
from typing import TYPE_CHECKING

from conda.base.context import context

from ..audit.affected import Hit
from ..audit.report import Section
from .output import print_json, print_lines, table, warn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: What spreadsheets take for the beginning of a formula.
FORMULA = re.compile(r"^(?=[=+@-])")
HEADS: tuple[str, ...] = ("LABEL", "RELEASE", "ENVIRONMENT", "PLATFORM", "PACKAGE", "VERSION")
HEADS += ("ADVISORY", "FIXED IN", "NOT AFFECTED BECAUSE")


def report(hits: Sequence[Hit], unreadable: Sequence[str], *, as_csv: bool) -> int:
    """Print them, and return the exit status: 3 if any of them has no note."""
    found = status(hits)
    if context.json:
        print_json(success=not found, affected=[*map(asdict, hits)], unreadable=unreadable)
        return found
    if as_csv:
        text = StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(Hit.__annotations__)
        writer.writerows([FORMULA.sub("'", _text(v)) for v in vars(hit).values()] for hit in hits)
        print_lines(text.getvalue().splitlines())
    elif hits:
        rows = [HEADS, *map(_row, hits)]
        first, last = 0 if hits[0].label else 2, 8 + any(hit.note for hit in hits)
        print_lines(table([row[first:last] for row in rows]))
    else:
        print("No advisory is about a version that is here.")
    warn(f"{problem}: it was not read." for problem in unreadable)
    unknown = sorted({channel for hit in hits for channel in hit.unknown})
    warn(f"Which versions {c} has is unknown: conda's cache has no index of it." for c in unknown)
    return found


def status(hits: Iterable[Hit]) -> int:
    """Return 3 if any of them has no note, else 0."""
    return 0 if all(hit.note for hit in hits) else 3


def section(hits: Iterable[Hit], unreadable: Iterable[str]) -> Section:
    """Return them for a report, without what only this machine's caches know."""
    text = "; ".join(("Of those that were given", *unreadable))
    rows = [_row(replace(hit, available=())) for hit in hits]
    return Section("Advisories", f"{text}.", [tuple(map(str.capitalize, HEADS)), *rows])


def _row(hit: Hit) -> tuple[str, ...]:
    names = [f"{hit.package} ({n})" for n in hit.pypi if n != hit.package] or [hit.package]
    ids = [hit.advisory, *(alias for alias in hit.aliases if alias.startswith("CVE-"))]
    fixed = " or ".join(hit.fixed) or "none"
    available = f" ({_text(hit.available)})" if hit.available else ""
    place = (hit.label, str(hit.release), hit.environment, hit.platform)
    return (*place, names[0], hit.version, ", ".join(ids), f"{fixed}{available}", hit.note)


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {version}" for name, version in value.items())
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
