"""Whether every client can read an entry of a channel's index.

It becomes an entry of the repository's own index as it is, so the customer would meet its faults,
perhaps with another solver than the vendor's.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from ...repository.names import archive_problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

TEXTS = ("name", "version", "build")
LISTS = ("depends", "constrains")
DIGESTS = {"sha256": re.compile(r"[0-9a-fA-F]{64}"), "md5": re.compile(r"[0-9a-fA-F]{32}")}
#: What 63 bits can hold, as file systems count.
NUMBERS = {"size": 1 << 63, "build_number": 1 << 63}
#: Some clients give up on JSON a good deal deeper than this; no entry needs it.
DEEPEST = 50


def record_problem(file: str, record: Mapping[str, Any]) -> str | None:
    """Return why the entry of an archive must not be taken over, or None if it may."""
    if problem := archive_problem(file):
        return problem
    for key in TEXTS:
        if not isinstance(record.get(key), str):
            return f"its {key} is not a text"
    stem = "-".join(record[key] for key in TEXTS)
    if file not in (f"{stem}.conda", f"{stem}.tar.bz2"):
        return f"its entry is that of {stem!r}"
    for key in LISTS:
        value = record.get(key)
        if value is not None and not (
            isinstance(value, list) and all(isinstance(part, str) for part in value)
        ):
            return f"its {key} is not a list of texts"
    for key, end in NUMBERS.items():
        value = record.get(key)
        if value is not None and not (type(value) is int and 0 <= value < end):
            return f"its {key} is not a number of that kind"
    for key, pattern in DIGESTS.items():
        value = record.get(key)
        # some indexes have an empty text where they know none
        if value not in (None, "") and not (isinstance(value, str) and pattern.fullmatch(value)):
            return f"its {key} is not a digest"
    return _no_json(record)


def _no_json(record: Mapping[str, Any]) -> str | None:
    """Return why some client may not take an entry for JSON, though Python does."""
    values: list[tuple[Any, int]] = [(record, 1)]
    while values:
        value, depth = values.pop()
        if depth > DEEPEST:
            return "it is nested too deeply"
        if isinstance(value, dict):
            values += ((part, depth + 1) for pair in value.items() for part in pair)
        elif isinstance(value, list):
            values += ((part, depth + 1) for part in value)
        elif isinstance(value, str):
            if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
                return "it has a text that is not Unicode"
        elif isinstance(value, float) and not math.isfinite(value):
            return f"it has {value} for a number"
        elif not (value is None or isinstance(value, (int, float))):
            return f"it has a value that JSON does not have ({type(value).__name__})"
    return None
