"""A folder on a web server, read as one on a disk."""

from __future__ import annotations

import errno
import random
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context

from conda_offline_repo.files.hashing import (
    exists,
    hash_bytes,
    hash_file,
    open_regular,
    read_regular,
)
from conda_offline_repo.files.web import WebFolder
from conda_offline_repo.files.workers import run_all
from dev.upstream.server import ChannelServer
from tests.support.inside import inside
from tests.support.logins import Login, plugged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.inside import Inside

CONTENT = random.Random(3).randbytes(700_000)


@pytest.fixture
def me(tmp_path: Path) -> Iterator[Inside]:
    with inside(tmp_path / "me") as me:
        yield me


@pytest.fixture
def server(me: Inside, tmp_path: Path) -> Iterator[ChannelServer]:
    folder = tmp_path / "served" / "repo"
    (folder / "noarch").mkdir(parents=True)
    (folder / "noarch" / "big").write_bytes(CONTENT)
    (folder / "empty").write_bytes(b"")
    closed = {"closed": ("maria", "pa55:word")}
    private = {"private": "tk-1234567890"}
    for name in ("closed", "private"):
        (folder.parent / name).mkdir()
        (folder.parent / name / "file").write_bytes(b"content")
    with ChannelServer(folder.parent, basic=closed, private=private) as server:
        yield server


@pytest.fixture
def folder(server: ChannelServer) -> WebFolder:
    return WebFolder.at(f"{server.url}/repo")


def test_file_is_read_whole_and_from_where_it_is_sought(folder: WebFolder) -> None:
    big = folder / "noarch" / "big"
    assert read_regular(big, len(CONTENT)) == CONTENT
    assert hash_file(big).sha256 == hash_bytes(CONTENT).sha256
    assert hash_file(folder / "empty").size == 0
    for start in (0, 1, 300_000, len(CONTENT)):
        with open_regular(big) as file:
            file.seek(start)
            assert file.read() == CONTENT[start:]


def test_caches_on_the_way_have_to_ask(server: ChannelServer, folder: WebFolder) -> None:
    read_regular(folder / "noarch" / "big", len(CONTENT))
    (request,) = server.requests
    assert request.headers["cache-control"] == "no-cache"
    assert request.headers["accept-encoding"] == "identity"


def test_what_is_larger_than_expected_is_not_read_to_its_end(
    server: ChannelServer, folder: WebFolder
) -> None:
    server.fault("big", "endless")
    with pytest.raises(OSError, match="larger than 1000 bytes") as caught:
        read_regular(folder / "noarch" / "big", 1000)
    assert caught.value.errno == errno.EINVAL
    hash_file(folder / "noarch" / "big", limit=1000)
    assert all(request.sent_bytes < 100_000_000 for request in server.requests)


@pytest.mark.parametrize("status", [404, 410])
def test_what_a_server_does_not_have(server: ChannelServer, folder: WebFolder, status: int) -> None:
    server.fault("big", "status", status=status)
    with pytest.raises(FileNotFoundError):
        read_regular(folder / "noarch" / "big", 1000)
    assert not exists(folder / "noarch" / "big")
    assert exists(folder / "empty")


@pytest.mark.parametrize("status", [401, 403])
def test_what_a_server_refuses(server: ChannelServer, folder: WebFolder, status: int) -> None:
    server.fault("big", "status", status=status)
    with pytest.raises(PermissionError, match=f"HTTP {status}") as caught:
        hash_file(folder / "noarch" / "big")
    assert caught.value.filename == f"{folder.url}/noarch/big"
    assert len(server.requests) == 1


@pytest.mark.parametrize("kind", ["short", "reset"])
def test_broken_connection_is_resumed(server: ChannelServer, folder: WebFolder, kind: str) -> None:
    server.fault("big", kind, times=2)
    assert hash_file(folder / "noarch" / "big").sha256 == hash_bytes(CONTENT).sha256
    first, second, third = server.requests
    assert first.range_start is None
    assert second.range_start
    assert third.range_start
    assert third.range_start > second.range_start


def test_silent_server_is_not_waited_for(server: ChannelServer, folder: WebFolder) -> None:
    server.fault("big", "stall", times=1)
    assert hash_file(folder / "noarch" / "big").sha256 == hash_bytes(CONTENT).sha256
    assert len(server.requests) == 2


def test_manifest_is_not_put_together_from_two(server: ChannelServer, folder: WebFolder) -> None:
    server.fault("big", "short", times=1)
    assert read_regular(folder / "noarch" / "big", len(CONTENT)) == CONTENT
    assert [request.range_start for request in server.requests] == [None, None]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_busy_server_is_asked_again_as_often_as_conda_is_set_to(
    server: ChannelServer, folder: WebFolder, status: int
) -> None:
    server.fault("big", "status", status=status, retry_after="0")
    with pytest.raises(OSError, match=f"answers with HTTP {status}") as caught:
        hash_file(folder / "noarch" / "big")
    assert caught.value.errno == errno.EIO
    assert len(server.requests) == 1 + context.remote_max_retries


def test_server_that_knows_no_ranges(server: ChannelServer, tmp_path: Path) -> None:
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "served"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as simple:
        threading.Thread(target=simple.serve_forever, args=(0.01,), daemon=True).start()
        place = WebFolder.at(f"http://127.0.0.1:{simple.server_address[1]}/repo")
        with open_regular(place / "noarch" / "big") as file:
            file.seek(10)
            assert file.read() == CONTENT[10:]
        simple.shutdown()


def test_no_more_at_once_than_conda_is_set_to(
    me: Inside, server: ChannelServer, folder: WebFolder
) -> None:
    """And whoever has failed, or was given up, takes no turn away."""
    me.configure(fetch_threads=1)
    place = WebFolder.at(folder.url)
    server.fault("big", "status", status=404, times=1)
    server.fault("big", "status", status=503, times=1)
    with pytest.raises(FileNotFoundError):
        hash_file(place / "noarch" / "big")
    with open_regular(place / "noarch" / "big") as file:
        assert file.read(10) == CONTENT[:10]
    assert place.at_once == 1
    reading = threading.Semaphore(1)

    def read(name: str) -> bool:
        with open_regular(place / name) as file:
            file.read(1)
            alone = reading.acquire(blocking=False)
            file.read()
            reading.release()
        return alone

    assert all(run_all(read, ["noarch/big"] * 8, 4))


def test_other_range_than_requested(server: ChannelServer, folder: WebFolder) -> None:
    server.fault("big", "odd", headers={"Content-Range": "bytes 9-11/20"})
    with open_regular(folder / "noarch" / "big") as file:
        file.seek(10)
        with pytest.raises(OSError, match="another part of it than requested"):
            file.read()


def test_server_that_is_not_there(server: ChannelServer, folder: WebFolder) -> None:
    server.stop()
    with pytest.raises(OSError, match="refuses connections") as caught:
        read_regular(folder / "noarch" / "big", 1000)
    assert caught.value.errno == errno.EIO


@pytest.mark.parametrize("name", ["closed", "private"])
def test_login_in_a_url_works_and_is_never_shown(server: ChannelServer, name: str) -> None:
    host = server.url.removeprefix("http://")
    login = {
        "closed": f"http://maria:pa55%3Aword@{host}/closed",
        "private": f"http://{host}/t/tk-1234567890/private",
    }
    file = WebFolder.at(login[name]) / "file"
    assert read_regular(file, 100) == b"content"
    for shown in (str(file), repr(file), file.url, str(file.parent)):
        assert "pa55" not in shown
        assert "tk-1" not in shown
    assert str(file) == f"{server.url}/{name}/file"
    with pytest.raises(OSError, match="the server") as caught:
        read_regular(WebFolder.at(f"{server.url}/{name}") / "file", 100)
    assert isinstance(caught.value, (PermissionError, FileNotFoundError))


def test_login_of_netrc(
    server: ChannelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login maria password pa55:word\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert read_regular(WebFolder.at(f"{server.url}/closed") / "file", 100) == b"content"


def test_login_of_a_plugin_is_for_all_files_of_a_channel(
    me: Inside, server: ChannelServer, folder: WebFolder
) -> None:
    """conda's setting names the channel; a file right in it is in no channel that conda knows."""
    me.configure(channel_settings=[{"channel": folder.url, "auth": "signing"}])
    with plugged(Login()):
        place = WebFolder.at(folder.url)
        hash_file(place / "noarch" / "big")
        assert exists(place / "empty")
    urls = [f"{server.url}{request.path}" for request in server.requests]
    assert [r.headers.get("x-signature") for r in server.requests] == [url[::-1] for url in urls]


def test_plugin_for_a_login_that_is_not_installed(
    me: Inside, server: ChannelServer, folder: WebFolder
) -> None:
    me.configure(channel_settings=[{"channel": folder.url, "auth": "company-login"}])
    server.fault("big", "status", status=401)
    with pytest.raises(PermissionError) as caught:
        hash_file(folder / "noarch" / "big")
    assert "company-login" in vars(caught.value)["hint"]


def test_login_goes_to_no_other_server(server: ChannelServer, tmp_path: Path) -> None:
    host = server.url.removeprefix("http://")
    with ChannelServer(tmp_path / "served") as other:
        server.fault("file", "status", status=302, headers={"Location": f"{other.url}/repo/empty"})
        file = WebFolder.at(f"http://maria:pa55%3Aword@{host}/closed") / "file"
        assert read_regular(file, 100) == b""
        (request,) = other.requests
    assert "authorization" not in request.headers


def test_redirect_off_the_network_is_refused(server: ChannelServer, folder: WebFolder) -> None:
    server.fault("big", "status", status=302, headers={"Location": "file:///etc/hostname"})
    with pytest.raises(OSError, match="redirects it to file"):
        read_regular(folder / "noarch" / "big", 1000)
