"""Bring an environment over to a repository that has moved.

The records of installed packages carry the URL of the channel that they came from. The rattler
solver takes a package from another URL for another package, and would install everything anew.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import unquote

from conda.core.prefix_data import PrefixData

from .exceptions import TargetError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: The keys of a record that tell where it came from.
ORIGIN = ("channel", "url", "schannel")


def follow(prefix: Path, old: str, new: str) -> int:
    """Let the records of an environment name the channel URL `new` where they name `old`.

    Each record is written beside and renamed, so an interrupted run is carried on by the next.

    Returns:
        The number of records that were changed.

    Raises:
        TargetError: A record cannot be read or written.
    """
    changed = 0
    try:
        for path in _records(prefix):
            record = json.loads(path.read_text("utf-8"))
            moved = {
                key: f"{new}{rest}"
                for key in ORIGIN
                if (rest := _below(str(record.get(key) or ""), old)) is not None
            }
            if moved:
                temporary = path.with_name(f"{path.name}.new")
                temporary.write_text(json.dumps({**record, **moved}, indent=2), "utf-8")
                temporary.replace(path)
                changed += 1
    except (OSError, ValueError) as error:
        raise TargetError(
            f"The environment {prefix} cannot be brought over to {new}: {error}.",
            "Run the same command again; what is done stays done.",
        ) from error
    if changed:
        PrefixData(str(prefix)).reload()
    return changed


def _below(url: str, channel: str) -> str | None:
    """The rest of a URL after the channel's, or None if it is not the channel's.

    conda records URLs with or without escapes, depending on its version and its solver.
    """
    for form in (channel, unquote(channel)):
        if f"{url}/".startswith(f"{form}/"):
            return url[len(form) :]
    return None


def _records(prefix: Path) -> Iterator[Path]:
    return iter(sorted((prefix / "conda-meta").glob("*.json")))
