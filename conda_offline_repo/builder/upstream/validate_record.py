"""Whether every client can read an entry of a channel's index.

It becomes an entry of the repository's own index as it is, so the customer would meet its faults,
perhaps with another solver than the vendor's.
"""

from __future__ import annotations

import json
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
    try:
        if _depth(record) > DEEPEST:
            return "it is nested too deeply"
        json.dumps(record, ensure_ascii=False, allow_nan=False).encode()
    except RecursionError:
        return "it is nested too deeply"
    except UnicodeEncodeError:
        return "it has a text that is not Unicode"
    except (TypeError, ValueError):
        return "it has a value that JSON does not have"
    return None


def _depth(value: Any) -> int:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, parts), default=0)
