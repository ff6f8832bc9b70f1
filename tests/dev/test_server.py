"""The channel server that the other tests and the demonstration stand on."""

from __future__ import annotations

import http.client
import socket
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from dev.upstream.server import ChannelServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ARCHIVE = bytes(range(256)) * 1000
FILE = "/public/noarch/six-1.0-0.conda"
SECRET = "/prometeia/noarch/repodata.json"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "channels"
    for channel in ("public", "prometeia"):
        (root / channel / "noarch").mkdir(parents=True)
    (root / FILE[1:]).write_bytes(ARCHIVE)
    (root / SECRET[1:]).write_text("{}")
    (tmp_path / "outside").write_text("not for you")
    return root


@pytest.fixture
def server(root: Path) -> Iterator[ChannelServer]:
    with ChannelServer(root, private={"prometeia": "s3cret"}) as server:
        yield server


def connect(server: ChannelServer) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)


def ask(
    server: ChannelServer, path: str, method: str = "GET", **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = connect(server)
    try:
        connection.request(method, path, headers={k.replace("_", "-"): headers[k] for k in headers})
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


def test_serves_and_records(server: ChannelServer) -> None:
    answer, body = ask(server, FILE, User_Agent="conda")
    assert (answer.status, body) == (200, ARCHIVE)
    answer, body = ask(server, FILE, "HEAD")
    assert (answer.status, body, answer.getheader("Content-Length")) == (200, b"", "256000")
    assert ask(server, "/public/noarch/none.conda")[0].status == 404

    got, head, missing = server.requests
    assert (got.method, got.path, got.status, got.sent_bytes) == ("GET", FILE, 200, len(ARCHIVE))
    assert got.headers["user-agent"] == "conda"
    assert (head.method, head.status, head.sent_bytes) == ("HEAD", 200, 0)
    assert (missing.status, missing.range_start) == (404, None)
    assert server.packages() == [FILE]
    server.clear()
    assert server.requests == ()


def test_keeps_a_connection_alive(server: ChannelServer) -> None:
    connection = connect(server)
    for path, status in ((FILE, 200), ("/none", 404), (SECRET, 404), (FILE, 200)):
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status
        assert not answer.will_close
    connection.close()


def test_token_opens_its_channel_alone(server: ChannelServer) -> None:
    assert ask(server, f"/t/s3cret{SECRET}")[1] == b"{}"
    assert ask(server, f"/t/wrong{SECRET}")[0].status == 404
    assert ask(server, SECRET)[0].status == 404
    assert ask(server, f"/t/any{FILE}")[1] == ARCHIVE
    assert server.packages() == [f"/t/any{FILE}"]


@pytest.mark.parametrize("refusal", [401, 403])
def test_refuses_as_told(root: Path, refusal: int) -> None:
    with ChannelServer(root, private={"prometeia": "s3cret"}, refusal=refusal) as server:
        assert ask(server, f"/t/wrong{SECRET}")[0].status == refusal
        assert server.requests[0].status == refusal


def test_basic_authentication(root: Path) -> None:
    with ChannelServer(root, basic={"prometeia": ("user", "pass")}) as server:
        good = "Basic " + b64encode(b"user:pass").decode()
        assert ask(server, SECRET)[0].status == 401
        assert ask(server, SECRET, Authorization="Basic no")[0].status == 401
        assert ask(server, SECRET, Authorization=good)[1] == b"{}"
        assert ask(server, FILE)[0].status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/../outside",
        "/public/../../outside",
        "/public/%2e%2e/%2e%2e/outside",
        "/t/any/..%2foutside",
        "/public/..\\..\\outside",
        "/public/%00",
        "/public",
        "/t/s3cret",
        "/",
    ],
)
def test_shows_nothing_else(server: ChannelServer, path: str) -> None:
    assert ask(server, path)[0].status == 404


def test_entity_tag(server: ChannelServer) -> None:
    tag = ask(server, FILE)[0].getheader("ETag")
    assert tag
    answer, body = ask(server, FILE, If_None_Match=tag)
    assert (answer.status, body) == (304, b"")
    assert ask(server, FILE, If_None_Match='"other"')[0].status == 200


def test_range(server: ChannelServer) -> None:
    answer, body = ask(server, FILE, Range="bytes=255990-")
    assert (answer.status, body) == (206, ARCHIVE[255990:])
    assert answer.getheader("Content-Range") == "bytes 255990-255999/256000"
    assert server.requests[-1].range_start == 255990
    assert server.packages() == [FILE]
    assert ask(server, FILE, Range="bytes=256000-")[0].status == 416
    assert ask(server, FILE, Range="bytes=10-", If_Range='"other"')[0].status == 200


def test_status_fault_for_a_while(server: ChannelServer) -> None:
    server.fault(".conda", "status", times=1, status=429, retry_after="1")
    server.fault(".conda", "status", times=1)
    assert ask(server, FILE, "HEAD")[0].status == 200
    answer, _ = ask(server, FILE)
    assert (answer.status, answer.getheader("Retry-After")) == (429, "1")
    answer, _ = ask(server, FILE)
    assert (answer.status, answer.getheader("Retry-After")) == (503, None)
    assert ask(server, FILE)[1] == ARCHIVE


def test_faults_do_not_open_channels(server: ChannelServer) -> None:
    server.fault("repodata.json", "status", times=1, status=500)
    assert ask(server, SECRET)[0].status == 404
    assert ask(server, f"/t/s3cret{SECRET}")[0].status == 500


def test_short(server: ChannelServer) -> None:
    server.fault(".conda", "short", times=1)
    with pytest.raises(http.client.IncompleteRead) as caught:
        ask(server, FILE)
    assert caught.value.partial == ARCHIVE[:128000]
    assert ask(server, FILE, Range="bytes=128000-")[1] == ARCHIVE[128000:]


def test_cut(server: ChannelServer) -> None:
    server.fault(".conda", "cut")
    answer, body = ask(server, FILE)
    assert (body, answer.getheader("Content-Length")) == (ARCHIVE[:128000], "128000")
    assert server.requests[0].sent_bytes == 128000


def test_wrong(server: ChannelServer) -> None:
    server.fault(".conda", "wrong")
    _, body = ask(server, FILE)
    assert len(body) == len(ARCHIVE)
    assert [i for i, byte in enumerate(body) if byte != ARCHIVE[i]] == [128000]
    server.clear_faults()
    assert ask(server, FILE)[1] == ARCHIVE


def test_endless(server: ChannelServer) -> None:
    server.fault(".conda", "endless")
    connection = connect(server)
    connection.request("GET", FILE)
    answer = connection.getresponse()
    assert answer.length is None
    assert answer.read(500_000) == ARCHIVE + bytes(244_000)
    answer.close()
    connection.close()


def test_stall(server: ChannelServer) -> None:
    server.fault(".conda", "stall")
    connection = connect(server)
    connection.request("GET", FILE)
    answer = connection.getresponse()
    assert answer.read(128000) == ARCHIVE[:128000]
    server.stop()
    with pytest.raises(http.client.IncompleteRead):
        answer.read()
    connection.close()


def test_reset(server: ChannelServer) -> None:
    server.fault(".conda", "reset")
    with pytest.raises(ConnectionResetError):
        ask(server, FILE)


def test_slow(server: ChannelServer) -> None:
    server.fault(".conda", "slow", seconds=0.001)
    assert ask(server, FILE)[1] == ARCHIVE


def test_unknown_fault(server: ChannelServer) -> None:
    with pytest.raises(ValueError, match="no fault 'tired'"):
        server.fault("", "tired")


def test_stop_ends_connections(server: ChannelServer) -> None:
    connection = connect(server)
    connection.request("GET", FILE)
    connection.getresponse().read()
    server.stop()
    assert connection.sock.recv(1) == b""
    connection.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 0))
