"""A server that does not bear as much as is asked of it, such as nginx with `limit_conn`."""

from __future__ import annotations

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from conda.base.context import reset_context

from conda_offline_repo._conda.features import DOWNLOADS
from conda_offline_repo._conda.network.hosts import FIRST
from conda_offline_repo.builder.archives.local import LocalArchives
from conda_offline_repo.builder.exceptions import DownloadError
from conda_offline_repo.builder.upstream.entry import Entry
from conda_offline_repo.progress import Unwatched
from tests.support.collected import collect
from tests.support.inside import inside
from tests.support.running import PATIENCE
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Server(ThreadingHTTPServer):
    """Answers two requests at a time, and all others with a status.

    Attributes:
        refused: the paths of these.
        crowded: set with the first of them, or when so many are `expected`; nobody is answered
            before.
        most: how many were being answered at once.
    """

    request_queue_size = 128
    status, expected = 503, 0

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
        self.slots, self.crowded = threading.Semaphore(2), threading.Event()
        self.refused: list[str] = []
        self.lock, self.running, self.most = threading.Lock(), 0, 0
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def count(self, more: int) -> None:
        with self.lock:
            self.running += more
            self.most = max(self.most, self.running)
            if self.running == self.expected:
                self.crowded.set()


class Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        if self.server.slots.acquire(blocking=False):
            self.server.count(1)
            self.server.crowded.wait(PATIENCE)
            self.server.count(-1)
            super().do_GET()
            self.server.slots.release()
            return
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.refused.append(self.path)
        self.server.crowded.set()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def channel(tmp_path: Path) -> TinyChannel:
    channel = TinyChannel(tmp_path / "served")
    for number in range(60):
        channel.add(f"p{number:02}")
    return channel


@pytest.fixture
def server(channel: TinyChannel, tmp_path: Path) -> Iterator[Server]:
    with inside(tmp_path / "me"), Server(channel.folder) as server:
        yield server
        server.shutdown()


def fetch(server: Server, channel: TinyChannel, folder: Path) -> None:
    url = f"http://127.0.0.1:{server.server_port}"
    entries = [
        Entry(p.subdir, p.file, p.record, f"{url}/{p.at}", f"{url}/{p.at}")
        for p in channel.packages.values()
    ]
    places = folder / "bank", folder / "staging"
    archives = collect(entries, *places, Unwatched(), LocalArchives(folder), lambda _: None)
    assert {archive.name: archive.path.read_bytes() for archive in archives} == {
        p.at: p.path.read_bytes() for p in channel.packages.values()
    }


@pytest.mark.parametrize("status", [429, 503])
def test_all_archives_come_from_a_server_that_bears_less(
    server: Server, channel: TinyChannel, tmp_path: Path, status: int
) -> None:
    """Each may be refused oftener than a broken answer is tried again; nobody waits at all here."""
    server.status = status
    fetch(server, channel, tmp_path)
    assert server.refused


@pytest.mark.parametrize(("setting", "expected"), [(None, FIRST), (2, 2)])
def test_many_come_at_once_or_as_many_as_the_user_says(
    server: Server,
    channel: TinyChannel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    setting: int | None,
    expected: int,
) -> None:
    if setting:
        monkeypatch.setenv("CONDA_FETCH_THREADS", str(setting))
        reset_context()
    server.slots, server.expected = threading.Semaphore(100), expected
    fetch(server, channel, tmp_path)
    assert server.crowded.is_set(), "so many never came at once"
    assert server.most <= (setting or DOWNLOADS)


def test_server_that_answers_nobody_any_more_is_given_up(
    server: Server, channel: TinyChannel, tmp_path: Path
) -> None:
    server.slots = threading.Semaphore(0)
    with pytest.raises(DownloadError, match="60 packages could not be downloaded"):
        fetch(server, channel, tmp_path)
    assert len(server.refused) <= FIRST * 4, "those that had not begun were asked for"
