"""What conda's cached indexes say of a package, without a question to anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conda_offline_repo._conda.index_requests import cached_versions
from dev.upstream.server import ChannelServer
from tests.support.inside import inside
from tests.support.sharded import SHARDS, shard, solved_from
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("sharded", [False, True])
def test_what_a_build_has_left(tmp_path: Path, sharded: bool) -> None:
    if sharded and not SHARDS:
        pytest.skip("this conda reads no shards")
    channel = TinyChannel(tmp_path / "served" / "main")
    channel.add("app", "1.0", depends=["lib", "lib-more", "lib.c"])
    channel.add("lib", "1!1.0_1", format="tar.bz2")
    channel.add("lib", "2.0+x", build="h0_1", number=1)
    channel.add("lib-more", "3.0")
    channel.add("lib.c", "4.0")
    channel.write()
    if sharded:
        shard(channel)
    names = ("lib", "lib.c", "absent")
    with ChannelServer(tmp_path / "served") as server, inside(tmp_path / "me") as me:
        url = f"{server.url}/main"
        assert cached_versions(f"{url}/noarch", names) is None
        me.build(me.options("app", channels=(url,)))
        asked = len(server.requests)
        before = {path: path.read_bytes() for path in state(tmp_path)}
        versions = cached_versions(f"{url}/noarch", names)
        assert cached_versions(f"{url}/linux-64", names) == {}
        assert len(server.requests) == asked
        assert {path: path.read_bytes() for path in state(tmp_path)} == before
        shards = [path for path in before if path.name.endswith(".msgpack.zst")]
        assert bool(shards) == (sharded and solved_from())
    assert versions == {"lib": {"1!1.0_1", "2.0+x"}, "lib.c": {"4.0"}}


def state(folder: Path) -> list[Path]:
    """conda's cache of indexes, without the databases of shards."""
    paths = (path for path in folder.rglob("pkgs/cache/*") if path.is_file())
    return [path for path in paths if ".db" not in path.name]
