"""The upstreams by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.benchmarks import forge
from tests.benchmarks.upstream import CHANNELS, REAL, SMALL, have, real, several, synthetic

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.benchmarks.upstream import Upstream

#: What the names stand for that are no numbers of packages.
NAMED = {
    REAL: "the records of a channel of 2018, with small archives",
    SMALL: "a hundred packages with small archives",
    CHANNELS: "three channels, two platforms and 417 archives of 25 MB, from afar",
    forge.FORGE: "an index of conda-forge's size, as repodata.json alone",
    f"{forge.FORGE}-zst": "the same, compressed as well",
    f"{forge.FORGE}-sharded": "the same, in shards as well",
}


def prepare(name: str, folder: Path, say: Callable[[str], None]) -> Upstream:
    """Have an upstream in a folder below another, made if it is not there; see `have`.

    Raises:
        UnavailableError: The records that it is made from cannot be had.
    """
    if name in forge.FORMS:
        return have(name, folder, forge.make, say)
    return have(name, folder, {REAL: real, CHANNELS: several}.get(name, synthetic), say)
