"""Bring an environment over to a repository that has moved.

The records of installed packages carry the URL of the channel that they came from. The rattler
solver takes a package from another URL for another package, and would install everything anew.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import unquote

from ..exceptions import TargetError
from .files import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

#: The keys of a record that tell where it came from.
ORIGIN = ("channel", "url", "schannel")
#: Bytes; the record of a package with a million files.
LARGEST_RECORD = 1_000_000_000


def followed(prefix: Path, old: Iterable[str], new: str) -> Iterator[tuple[Path, str]]:
    """Yield the records of an environment that name a channel URL of `old`, with `new` in its
    place.

    Yields:
        The file and its text to be.

    Raises:
        TargetError: A record is not one.
        OSError: A record cannot be read.
        ValueError: A record is not in UTF-8.
    """
    forms = tuple(old)
    for path in sorted((prefix / "conda-meta").glob("*.json")):
        try:
            record = json.loads(read_text(path, LARGEST_RECORD))
            moved = {
                key: f"{new}{rest}"
                for key in ORIGIN
                for channel in forms
                if _below(str(record.get(key) or ""), new) is None
                and (rest := _below(str(record.get(key) or ""), channel)) is not None
            }
        except (ValueError, AttributeError, RecursionError) as error:
            raise TargetError(
                f"The environment {prefix.absolute()} cannot be brought over to {new}: "
                f"{path} is not a record of a package: {error}.",
                "Run the same command again when it is; what is done stays done.",
            ) from error
        if moved:
            yield path, json.dumps({**record, **moved}, indent=2)


def _below(url: str, channel: str) -> str | None:
    """Return the rest of a URL after the channel's, or None if it is not the channel's.

    conda records URLs with or without escapes, depending on its version and its solver.
    """
    for form in (channel, unquote(channel)):
        if f"{url}/".startswith(f"{form}/"):
            return url[len(form) :]
    return None
