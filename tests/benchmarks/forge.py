"""Channels with an index of conda-forge's size, in each form that conda reads.

The records of the real upstream, whose archives they have, are multiplied: each package stands for
others of the same needs under other names, and each archive for older builds, until there are as
many as conda-forge lists for one platform. Nobody asks for these, so they have no archives.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import defaultdict
from typing import TYPE_CHECKING

import zstandard

from tests.benchmarks.upstream import REAL, REAL_REQUEST, Upstream, have, real
from tests.support.sharded import INDEX, packed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Any

    Entries = dict[str, dict[str, Any]]

FORGE = "forge"
#: The channel's name, and what it serves beside `repodata.json`.
FORMS = {FORGE: "", f"{FORGE}-zst": "zst", f"{FORGE}-sharded": "shards"}
#: Archives of one platform and noarch.
LISTED = 611_000
#: As many names for each real package, and as many builds of each archive as are then needed.
NAMES = 12


def make(name: str, folder: Path, say: Callable[[str], None]) -> Upstream:
    """Make the channel of this name in a folder that is not there."""
    origin = have(REAL, folder.parent, real, say)
    builds = LISTED // NAMES // origin.listed + 1
    listed = 0
    for subdir in sorted(path.name for path in origin.folder.iterdir() if path.name[0] != "."):
        shutil.copytree(origin.folder / subdir, folder / subdir, copy_function=os.link)
        index = folder / subdir / "repodata.json"
        repodata = json.loads(index.read_bytes())
        index.unlink()  # what is written there must not reach the other channel
        for section in ("packages", "packages.conda"):
            repodata[section] = dict(_multiplied(repodata[section], builds))
            listed += len(repodata[section])
        text = json.dumps(repodata, separators=(",", ":"))
        index.write_text(text)
        if FORMS[name] == "zst":
            index.with_name("repodata.json.zst").write_bytes(zstandard.compress(text.encode()))
        if FORMS[name] == "shards":
            _shard(repodata, folder / subdir)
    return Upstream(name, folder, REAL_REQUEST, listed, None, None, None)


def _multiplied(entries: Entries, builds: int) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from entries.items()
    for file, entry in entries.items():
        ending = ".conda" if file.endswith(".conda") else ".tar.bz2"
        for number in range(1, NAMES * builds):
            copy, build = number % NAMES, number // NAMES
            name = f"{entry['name']}-{copy}" if copy else entry["name"]
            string = f"{build}_{entry['build']}" if build else entry["build"]
            other = f"{name}-{entry['version']}-{string}"
            # a solver prefers what was built last
            older = max(0, entry["build_number"] - build)
            digest = hashlib.sha256(other.encode()).hexdigest()
            yield (
                f"{other}{ending}",
                {
                    **entry,
                    "name": name,
                    "build": string,
                    "build_number": older,
                    "sha256": digest,
                    "md5": digest[:32],
                    "timestamp": entry.get("timestamp", 1_500_000_000_000) - build,
                },
            )


def _shard(repodata: dict[str, Any], folder: Path) -> None:
    """Write the shards of a subdir, and their index (CEP 16)."""
    shards: dict[str, dict[str, Entries]] = defaultdict(
        lambda: {"packages": {}, "packages.conda": {}}
    )
    for section in ("packages", "packages.conda"):
        for file, entry in repodata[section].items():
            digests = {key: bytes.fromhex(entry[key]) for key in ("sha256", "md5")}
            shards[entry["name"]][section][file] = {**entry, **digests}
    digests = {}
    for name, shard in shards.items():
        content = packed(shard)
        digests[name] = hashlib.sha256(content).digest()
        (folder / f"{digests[name].hex()}.msgpack.zst").write_bytes(content)
    info = {"subdir": folder.name, "base_url": "", "shards_base_url": ""}
    (folder / INDEX).write_bytes(packed({"info": info, "version": 1, "shards": digests}))
