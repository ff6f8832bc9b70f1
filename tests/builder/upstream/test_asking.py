"""A build asks for all indexes at once, and for each of them once."""

from __future__ import annotations

import json
import threading
from collections import Counter
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from conda.base.context import reset_context
from conda.models.channel import Channel

from conda_offline_repo._conda import index_requests, indexes
from dev.upstream.server import ChannelServer
from tests.support import sharded
from tests.support.running import PATIENCE
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conda_offline_repo.builder.options import Options
    from dev.upstream.server import Request
    from tests.support.inside import Inside

PLATFORMS = ("linux-64", "win-64")
SUBDIRS = (*PLATFORMS, "noarch")
WHOLE = ("repodata.json", "repodata.json.zst")


@contextmanager
def gathering(folder: Path, number: int, *names: str) -> Iterator[str]:
    """Serve the channels in a folder, files of these names so many at once and no fewer."""
    barrier = threading.Barrier(number)

    class Handler(SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path.endswith(names):
                barrier.wait(PATIENCE)  # an error of it ends the connection
            super().do_GET()

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 2 * number

    with Server(("127.0.0.1", 0), partial(Handler, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def channels(tmp_path: Path) -> tuple[TinyChannel, TinyChannel]:
    folder = tmp_path / "served"
    public, other = TinyChannel(folder / "public"), TinyChannel(folder / "other")
    public.add("app", depends=["lib", "plat"])
    other.add("lib")
    for subdir in PLATFORMS:
        public.add("plat", subdir=subdir)
        other.add("unused", subdir=subdir)
    public.write()
    other.write()
    return public, other


@pytest.fixture
def server(channels: tuple[TinyChannel, TinyChannel]) -> Iterator[ChannelServer]:
    with ChannelServer(channels[0].folder.parent) as server:
        yield server


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch, me: Inside) -> Inside:
    """Asks nobody again who does not answer at once."""
    monkeypatch.setenv("CONDA_REMOTE_READ_TIMEOUT_SECS", f"{2 * PATIENCE}")
    reset_context()
    return me


def options(me: Inside, url: str) -> Options:
    return me.options("app", channels=(f"{url}/public", f"{url}/other"), platforms=PLATFORMS)


def asked(server: ChannelServer, since: int = 0) -> list[Request]:
    return [r for r in server.requests[since:] if not r.path.endswith((".conda", ".tar.bz2"))]


def test_each_index_once(me: Inside, server: ChannelServer) -> None:
    me.build(options(me, server.url))
    first = asked(server)
    assert {*Counter(r.path for r in first).values()} == {1}
    whole = {r.path for r in first if r.status == 200}
    assert whole == {f"/{c}/{s}/repodata.json" for c in ("public", "other") for s in SUBDIRS}
    before = len(server.requests)
    me.build(options(me, server.url))
    again = asked(server, before)
    assert {r.path for r in again} <= {r.path for r in first}
    assert {*Counter(r.path for r in again).values()} == {1}
    assert {r.path for r in again if r.status == 304} == whole
    assert not [r for r in again if r.path.endswith(sharded.INDEX)], "known to be absent"


def test_each_sharded_index_once(
    me: Inside, channels: tuple[TinyChannel, TinyChannel], server: ChannelServer
) -> None:
    """And nothing else of a channel that has shards, but the shards."""
    sharded.shard(channels[0])
    for _ in range(2):
        before = len(server.requests)
        me.build(options(me, server.url))
        paths = [r.path for r in asked(server, before)]
        assert {*Counter(paths).values()} == {1}
        public = [path for path in paths if path.startswith("/public/")]
        assert bool([p for p in public if p.endswith(WHOLE)]) is not sharded.solved_from()
        assert bool([p for p in public if p.endswith(sharded.INDEX)]) is sharded.solved_from()


@pytest.mark.skipif(not sharded.SHARDS, reason="this conda reads no shards")
def test_views_are_made_of_shards(me: Inside, tmp_path: Path) -> None:
    """Also for the classic solver, which does not read them, and takes these channels for one."""
    me.configure(solver="classic")
    for place, name in (("one", "app"), ("two", "lib")):
        channel = TinyChannel(tmp_path / "served" / place / "main")
        channel.add(name, depends=["lib"] if name == "app" else [])
        channel.write()
        sharded.shard(channel)
    served = tmp_path / "served"
    with ChannelServer(served / "one") as first, ChannelServer(served / "two") as second:
        me.build(me.options("app", channels=(f"{first.url}/main", f"{second.url}/main")))
        for server in (first, second):
            paths = [r.path for r in asked(server)]
            assert not [path for path in paths if path.endswith(WHOLE)]
            assert {*Counter(paths).values()} == {1}


@pytest.mark.parametrize("name", ["repodata.json", "repodata.json.zst"])
def test_all_at_once(patient: Inside, channels: tuple[TinyChannel, TinyChannel], name: str) -> None:
    with gathering(channels[0].folder.parent, 2 * len(SUBDIRS), f"/{name}") as url:
        patient.build(options(patient, url))


@pytest.mark.skipif(not sharded.SHARDS, reason="this conda reads no shards")
def test_shards_at_once(
    patient: Inside, channels: tuple[TinyChannel, TinyChannel], caplog: pytest.LogCaptureFixture
) -> None:
    """More than the 10 that are conda's default, and connections are kept for them."""
    channel, names = channels[0], [f"p{number:02}" for number in range(15)]
    for name in names:
        channel.add(name)
    channel.add("all", depends=names)
    channel.write()
    sharded.shard(channel)
    files = [sharded.file_of(channel.folder / "noarch", name) for name in names]
    with gathering(channel.folder.parent, len(names), *files) as url:
        if sharded.solved_from():
            patient.build(patient.options("all", channels=(f"{url}/public",)))
    assert "pool is full" not in caplog.text


def test_new_index_right_after_a_build(
    me: Inside, channels: tuple[TinyChannel, TinyChannel], server: ChannelServer
) -> None:
    for version in ("2.0", "3.0"):
        channels[0].add("app", version, depends=["lib", "plat"])
        channels[0].write()
        outcome = me.build(options(me, server.url))
        for archives in outcome.manifest.solutions.values():
            assert f"noarch/app-{version}-0.conda" in archives


@pytest.mark.skipif(not sharded.SHARDS, reason="this conda reads no shards")
@pytest.mark.parametrize("status", [404, 500])
def test_question_for_shards_makes_no_index_new(
    me: Inside, channels: tuple[TinyChannel, TinyChannel], server: ChannelServer, status: int
) -> None:
    """conda 26.7 takes an index that it has for new when it was told that there are no shards."""
    me.configure(local_repodata_ttl=1)
    url = f"{server.url}/public/noarch"
    cache = indexes.repodata_fetch(Channel(url)).repo_cache
    server.fault(sharded.INDEX, "status", status=status)
    index_requests.ask(url, sharded=False)
    state = json.loads(cache.cache_path_state.read_bytes())
    old = {"refresh_ns": 1, "cache_control": "max-age=60"}  # as another conda has left it
    cache.cache_path_state.write_text(json.dumps({**state, **old}))
    before = len(server.requests)
    index_requests.ask(url, sharded=True)
    assert [r.status for r in server.requests[before:] if r.path.endswith("repodata.json")] == [304]
