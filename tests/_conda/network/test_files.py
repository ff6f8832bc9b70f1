"""How long a file of a busy server is asked for again: as long as others of it come meanwhile."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo._conda.network.answers import Served, Server, ServerError
from conda_offline_repo._conda.network.files import _Tries
from conda_offline_repo._conda.network.retries import BusyError, TryAgainError
from tests.support.inside import inside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

URL = "https://h.example/bank"
BUSY = BusyError("the server answers with HTTP 503")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with inside(tmp_path / "me", CONDA_REMOTE_MAX_RETRIES="0"):
        yield Served(f"{URL}/file", URL, Server())


def others(served: Served) -> None:
    """Two other files are refused, and one comes."""
    host = served.server.host
    for _ in range(2):
        host.busy(host.state)
    host.good()


def test_server_that_sends_others_is_asked_again(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _Tries(served) as tries:
        others(served)
        monkeypatch.setattr(time, "sleep", lambda _: others(served))
        for _ in range(3):
            tries.wait(BUSY)
        monkeypatch.setattr(time, "sleep", lambda _: None)
        tries.wait(BUSY)
        with pytest.raises(ServerError, match="503"):
            tries.wait(BUSY)
    assert served.server.host.running == 0


def test_broken_connection_is_about_this_file(served: Served) -> None:
    with _Tries(served) as tries:
        others(served)
        with pytest.raises(ServerError, match="was cut"):
            tries.wait(TryAgainError("the connection was cut"))
