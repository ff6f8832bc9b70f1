"""How long a busy server is asked for a file again: as long as others of it come meanwhile."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo._conda.network.files import Served, Server, ServerError, content
from conda_offline_repo._conda.network.hosts import GONE, Host
from conda_offline_repo._conda.network.retries import (
    BusyError,
    DownloadFailedError,
    Tries,
    TryAgainError,
)
from tests.support.inside import inside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUSY = BusyError("the server answers with HTTP 503")


@pytest.fixture(autouse=True)
def no_retries(tmp_path: Path) -> Iterator[None]:
    with inside(tmp_path / "me", CONDA_REMOTE_MAX_RETRIES="0"):
        yield


def others(host: Host) -> None:
    """Two other files are refused, and one comes."""
    for _ in range(2):
        host.busy(host.state)
    host.good()


class Meanwhile(threading.Event):
    """An event that is never waited for; others are sent in that time, as often as it is said."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host, self.times = host, 0

    def wait(self, timeout: float | None = None) -> bool:
        if self.times:
            others(self.host)
        self.times -= 1
        return False


def test_server_that_sends_others_is_asked_again() -> None:
    host = Host(10)
    meanwhile = Meanwhile(host)
    tries = Tries(host, meanwhile)
    others(host)
    meanwhile.times = 3
    for _ in range(4):
        tries.wait(BUSY)
    with pytest.raises(DownloadFailedError, match="503"):
        tries.wait(BUSY)
    assert meanwhile.times == -1


def test_broken_connection_is_about_this_file() -> None:
    host = Host(10)
    tries = Tries(host, Meanwhile(host))
    others(host)
    with pytest.raises(DownloadFailedError, match="was cut"):
        tries.wait(TryAgainError("the connection was cut"))


def test_server_that_sends_nothing_is_soon_given_up() -> None:
    """Nothing listens there."""
    served = Served("http://127.0.0.1:9/bank/file", "http://127.0.0.1:9/bank", Server())
    host = served.server.host
    for _ in range(GONE):
        with pytest.raises(ServerError, match="refuses connections"):
            content(served, 100)
    with pytest.raises(ServerError, match="did not send those before"):
        content(served, 100)
    assert host.running == 0
