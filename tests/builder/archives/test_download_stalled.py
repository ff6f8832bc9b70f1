"""Servers that keep a build waiting, and a user who does not want to wait."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.archives import download as downloads
from conda_offline_repo.builder.exceptions import DownloadError
from conda_offline_repo.files.atomic import partial
from conda_offline_repo.repository.publication.staging import staging_folder
from dev.upstream.server import ChannelServer
from tests.support.inside import WITHOUT_SIZES, inside
from tests.support.running import PATIENCE
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.inside import Inside
    from tests.support.running import Conda

#: Seconds that a read may take in the runs that are interrupted: far more than they are given.
FOREVER = "600"


@pytest.fixture
def channel(tmp_path: Path) -> TinyChannel:
    """`big` of 2 MB, which no digest or size is stated of, and `small`."""
    channel = TinyChannel(tmp_path / "served" / "public")
    channel.add("big", files={"share/big.bin": os.urandom(2_000_000)})
    channel.add("small")
    channel.write()
    return channel


@pytest.fixture
def server(channel: TinyChannel) -> Iterator[ChannelServer]:
    with ChannelServer(channel.folder.parent) as server:
        yield server


@pytest.fixture
def me(tmp_path: Path) -> Iterator[Inside]:
    with inside(tmp_path / "me", CONDA_REMOTE_MAX_RETRIES="1") as me:
        yield me


def unvouched(channel: TinyChannel) -> None:
    record = channel.packages["noarch/big-1.0-0.conda"].record
    for key in ("md5", "sha256", "size"):
        record.pop(key)
    channel.write()


def build(me: Inside, server: ChannelServer, *packages: str) -> None:
    channels = (f"{server.url}/public",)
    me.build(me.options(*packages, channels=channels, customer_solvers=WITHOUT_SIZES))


@pytest.mark.parametrize("vouched", [True, False], ids=["size stated", "no size"])
def test_one_byte_after_the_other_is_not_waited_for(
    me: Inside, server: ChannelServer, channel: TinyChannel, vouched: bool
) -> None:
    """Each comes within the time that conda waits for one, and there is no end of them."""
    if not vouched:
        unvouched(channel)
    server.fault("big-1.0-0.conda", "drip", seconds=0.1)
    with pytest.raises(DownloadError, match=r"big-1\.0-0\.conda: only \d+ bytes arrived in \d+ s"):
        build(me, server, "big", "small")
    assert len([r for r in server.requests if r.path.endswith("big-1.0-0.conda")]) == 2


def test_what_is_slow_is_waited_for(me: Inside, server: ChannelServer) -> None:
    server.fault("big-1.0-0.conda", "slow", seconds=0.01)
    build(me, server, "big")


def test_endless_answer_is_stopped_where_no_size_is_stated(
    me: Inside, server: ChannelServer, channel: TinyChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    unvouched(channel)
    monkeypatch.setattr(downloads, "LARGEST_UNSTATED", 3_000_000)
    server.fault("big-1.0-0.conda", "endless")
    with pytest.raises(DownloadError, match="more than 3000000 bytes, and the index states no si"):
        build(me, server, "big")
    (get,) = [r for r in server.requests if r.path.endswith("big-1.0-0.conda")]
    assert get.sent_bytes < 40_000_000
    kept = list(me.root.rglob("big*"))
    assert sum(path.stat().st_size for path in kept) == 0


def test_too_much_is_refused_when_it_is_announced(
    me: Inside, server: ChannelServer, channel: TinyChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    unvouched(channel)
    monkeypatch.setattr(downloads, "LARGEST_UNSTATED", 1_000_000)
    with pytest.raises(DownloadError, match="more than 1000000 bytes, and the index states no si"):
        build(me, server, "big")
    assert not [path for path in me.root.rglob("big*") if path.stat().st_size]


def test_halves_of_two_uploads_are_not_put_together_where_no_digest_tells(
    me: Inside, server: ChannelServer, channel: TinyChannel
) -> None:
    unvouched(channel)
    big = channel.packages["noarch/big-1.0-0.conda"]
    server.fault(big.file, "reset")
    with pytest.raises(DownloadError, match="was cut after"):
        build(me, server, "big")
    server.clear_faults()
    server.clear()
    build(me, server, "big")
    assert [r.range_start for r in server.requests if r.path.endswith(big.file)] == [None]
    assert (me.root / "bank" / big.at).read_bytes() == big.path.read_bytes()


def start(conda: Conda, server: ChannelServer, root: Path) -> subprocess.Popen[str]:
    command = ["offline-repo", "build", "--label", "bank", "--no-label-channel", "--root", root]
    command += ["-c", f"{server.url}/public", "--override-channels", "big", "small"]
    return subprocess.Popen(
        [sys.executable, "-m", "conda", *map(str, command)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=conda.work,
        encoding="utf-8",
        env={**conda.variables, "CONDA_REMOTE_READ_TIMEOUT_SECS": FOREVER},
    )


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came so far"
        time.sleep(0.05)


@pytest.mark.parametrize("kind", ["stall", "drip"])
def test_interruption_ends_a_stalled_download_at_once(
    conda: Conda, server: ChannelServer, root: Path, kind: str
) -> None:
    server.fault("big-1.0-0.conda", kind, seconds=float(FOREVER))
    running = start(conda, server, root)
    staging = staging_folder(root / "bank") / "noarch"

    def arriving() -> bool:
        # what drips is still in the buffer
        sizes = [path.stat().st_size for path in staging.glob("big*")]
        return any(sizes) or (kind == "drip" and len(sizes) > 0)

    wait_for(lambda: (staging / "small-1.0-0.conda").exists() and arriving())
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=PATIENCE)  # a small part of what the server is silent
    assert running.returncode == 1, err
    assert "Traceback" not in out + err
    assert "unexpected error" not in (out + err).lower()
    assert not (root / "bank").exists()
    assert partial(staging / "big-1.0-0.conda").exists(), "what had arrived was thrown away"

    server.clear_faults()
    server.clear()
    finished = start(conda, server, root)
    out, err = finished.communicate(timeout=PATIENCE)
    assert finished.returncode == 0, err
    assert sorted(path.name for path in root.iterdir()) == ["bank", "index.html"]
    asked = [r for r in server.requests if r.path.endswith(".conda")]
    assert [r.path for r in asked] == ["/public/noarch/big-1.0-0.conda"]
    assert kind == "drip" or asked[0].range_start
