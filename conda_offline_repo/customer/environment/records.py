"""Let the records of an environment follow a repository that has moved.

The records of installed packages carry the URL of their channel. The rattler solver takes a package
from another URL for another package, and would install everything anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote

from ..._conda.transactions import installed, requested
from ...specs import PackageSpec
from ...urls import is_folder, public
from ..exceptions import TargetError
from .files import read_text

#: The keys of a record with a channel's URL.
ORIGIN = ("channel", "url", "schannel")
#: Bytes; the record of a package with a million files.
LARGEST_RECORD = 1_000_000_000


def followed(prefix: Path, old: Iterable[str], new: str) -> Iterator[tuple[Path, str]]:
    """Yield the records of an environment that name a channel URL of `old`, with `new` in its
    place: each file with its new text.

    Raises:
        TargetError: A file is not a record.
        OSError: A record cannot be read.
    """
    channels = tuple(old)
    for path in sorted((prefix / "conda-meta").glob("*.json")):
        try:
            record = json.loads(read_text(path, LARGEST_RECORD))
            moved = {
                key: f"{new}{rest}"
                for key in ORIGIN
                for channel in channels
                if _below(str(record.get(key) or ""), new) is None
                and (rest := _below(str(record.get(key) or ""), channel)) is not None
            }
        except (ValueError, AttributeError, RecursionError) as error:
            raise TargetError(
                f"The environment {prefix.absolute()} cannot follow its repository to {new}: "
                f"{path} is not a record of a package: {error}.",
                "Repair that file, then repeat this command. What is done stays done.",
            ) from error
        if moved:
            yield path, json.dumps({**record, **moved}, indent=2)


def request_alone(prefix: Path, channels: Iterable[str]) -> Iterator[tuple[Path, str]]:
    """Yield the history of an environment with its new text, if requests there name a channel of
    `channels`: the packages of these are requested without it.

    conda writes such requests for each package that it installs without a solver, as into a clone,
    and does not find them in a folder that has moved; 24.7 calls the folder by its last name.

    Raises:
        OSError, ValueError: The history cannot be read.
    """
    path = prefix / "conda-meta" / "history"
    current, channels = installed(prefix), tuple(channels)
    specs = {name: str(spec) for name, spec in requested(prefix).items()}
    urls = {name: str(current[name].get("url") or "") for name in specs}
    alone = [
        str(PackageSpec(spec).unqualified)
        if any(_below(urls[name], channel) is not None for channel in channels)
        else spec
        for name, spec in specs.items()
    ]
    if alone != [*specs.values()]:
        yield path, f"{read_text(path, LARGEST_RECORD)}# update specs: {alone}\n"


def _below(url: str, channel: str) -> str | None:
    """Return the part of a URL after the channel's; None if it is not the channel's.

    conda records URLs with or without escapes, depending on its version and its solver, and with
    `<TOKEN>` in the place of a token.
    """
    if not is_folder(channel) and not is_folder(url) and "://" in url:
        url = public(url)
    for form in (channel, unquote(channel)):
        if f"{url}/".startswith(f"{form}/"):
            return url[len(form) :]
    return None
