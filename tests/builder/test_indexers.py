"""A channel that both indexers of today write: packages of new kinds beside plain ones."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.repository.manifest import package_name
from tests.builder.test_every_conda import by_classic, by_rattler
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.inside import Inside

#: py-rattler's threads could end a Python that takes itself down with a crash.
BY_RATTLER = """\
import asyncio, os, sys
from rattler.index import index_fs
asyncio.run(index_fs(sys.argv[1], write_shards=False, write_zst=False))
os._exit(0)
"""
INDEXERS = {
    "conda-index": ("-m", "conda_index", "--no-channeldata", "--no-current-repodata"),
    "py-rattler": ("-c", BY_RATTLER),
}
PACKAGES = ("app", "fast", "tool")


def index(folder: Path, indexer: str) -> None:
    """Index a channel's archives anew: each indexer fails over what the other has left."""
    for path in folder.glob("*/repodata.json"):
        path.unlink()
    command = [sys.executable, *INDEXERS[indexer], str(folder)]
    subprocess.run(command, check=True, capture_output=True)


@pytest.mark.parametrize("order", [("conda-index", "py-rattler"), ("py-rattler", "conda-index")])
def test_what_both_have_is_shipped(me: Inside, tmp_path: Path, order: tuple[str, str]) -> None:
    channel = TinyChannel(tmp_path / "channel")
    channel.add("lib", "1.0")
    channel.add("app", "1.0", subdir="linux-64", depends=["tool", "lib"])
    channel.add("tool", "1.0")
    channel.add("tool", "2.0", depends=['lib[when="__linux"]'])
    channel.add("fast", "1.0")
    options = me.options(*PACKAGES, channels=(channel.folder.as_uri(),))
    for indexer in order:
        index(channel.folder, indexer)
        index_file = channel.folder / "noarch" / "repodata.json"
        assert ("v3" in json.loads(index_file.read_bytes())) == (indexer == "py-rattler")
        outcome = me.build(options)
        shipped = {package_name(name): name for name in outcome.manifest.packages}
        assert shipped["tool"] == "noarch/tool-1.0-0.conda"
        assert shipped.keys() == {*PACKAGES, "lib"}
        for chosen in (by_classic, by_rattler):
            assert chosen(me.root / "bank", PACKAGES).keys() == shipped.keys()
