"""A channel that cannot be read: the true cause, and the advice that fits, with every conda."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest
import zstandard
from conda.base.context import reset_context
from conda.gateways.connection.session import CondaHttpAuth
from requests import exceptions as requested
from urllib3 import exceptions as urllib3

from conda_offline_repo._conda.network.connections import unreached
from conda_offline_repo.builder.exceptions import (
    ChannelRefusedError,
    ChannelUnavailableError,
    DownloadError,
)
from dev.upstream.server import ChannelServer
from tests.support.inside import forget, inside
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from tests.support.inside import Inside
    from tests.support.running import Conda

PAGE = b"\n<!DOCTYPE html><html><body>Please log in.</body></html>"
TOKEN = "--token"
#: Where no proxy leads to; nobody has it (RFC 2606).
FAR = "repo.example.com"
QUICK = {"CONDA_REMOTE_MAX_RETRIES": "0", "REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": ""}


@pytest.fixture
def me(tmp_path: Path) -> Iterator[Inside]:
    with inside(tmp_path / "me", **QUICK) as me:
        yield me


@pytest.fixture
def channel(tmp_path: Path) -> TinyChannel:
    channel = TinyChannel(tmp_path / "served" / "public")
    channel.add("app", subdir="linux-64", depends=["lib"])
    channel.add("lib")
    channel.write()
    return channel


@pytest.fixture
def server(channel: TinyChannel) -> Iterator[ChannelServer]:
    with ChannelServer(channel.folder.parent) as server:
        yield server


@pytest.fixture
def closed() -> Iterator[str]:
    """Where nobody listens, and nobody else can."""
    with socket.socket() as mine:
        mine.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{mine.getsockname()[1]}"


class Answering(BaseHTTPRequestHandler):
    """Gives every request the same answer; None closes the connection."""

    protocol_version = "HTTP/1.1"
    answer: tuple[int, dict[str, str], bytes] | None

    def do_GET(self) -> None:
        if self.answer is None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        status, headers, body = self.answer
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_CONNECT = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def answering(
    status: int | None,
    body: bytes = b"",
    tls: ssl.SSLContext | None = None,
    handler: type[Answering] = Answering,
) -> Iterator[str]:
    """Where every request is answered so; closed without an answer for no status."""
    headers = {"Proxy-Authenticate": "Basic"} if status == 407 else {}
    answer = None if status is None else (status, headers, body)
    handler = type("Handler", (handler,), {"answer": answer})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def unavailable(me: Inside, url: str) -> str:
    with pytest.raises(ChannelUnavailableError) as caught:
        me.build(me.options("app", channels=(url,)))
    return str(caught.value)


@pytest.mark.parametrize(
    ("status", "texts", "token"),
    [
        (401, ("cannot be opened (HTTP 401)",), True),
        (403, ("cannot be opened (HTTP 403)",), True),
        (404, ("does not exist, or is private",), True),
        (410, ("does not exist any more (HTTP 410)",), False),
        (429, ("too many requests", "again later"), False),
        (451, ("answers with HTTP 451, not with its index",), False),
        (502, ("answers with HTTP 502", "again later"), False),
    ],
)
def test_status(
    me: Inside, server: ChannelServer, status: int, texts: tuple[str, ...], token: bool
) -> None:
    for name in ("repodata.json", "repodata.json.zst", ".msgpack.zst"):
        server.fault(name, "status", status=status)
    told = unavailable(me, f"{server.url}/public")
    assert not [text for text in texts if text not in told]
    assert (TOKEN in told) == token


@pytest.mark.parametrize("status", [403, 500])
def test_status_of_one_subdir(me: Inside, server: ChannelServer, status: int) -> None:
    """Older conda takes a refused index for an empty one, and no package would have the name."""
    server.fault("linux-64/repodata.json", "status", status=status)
    assert f"HTTP {status}" in unavailable(me, f"{server.url}/public")


def test_server_without_noarch(me: Inside, server: ChannelServer, channel: TinyChannel) -> None:
    shutil.rmtree(channel.folder / "noarch")
    told = unavailable(me, f"{server.url}/public")
    assert "has linux-64/repodata.json, but no noarch/repodata.json (404)" in told
    assert TOKEN not in told


@pytest.mark.parametrize("problem", ["absent", "file", "empty", "noarch", "index", "one", "flat"])
def test_folder(me: Inside, channel: TinyChannel, tmp_path: Path, problem: str) -> None:
    """What the messages propose is done, and the build succeeds."""
    folder = channel.folder
    if problem == "absent":
        folder = tmp_path / "elsewhere"
    elif problem == "file":
        folder = tmp_path / "channel"
        folder.write_text("")
    elif problem == "empty":
        folder = tmp_path
    elif problem == "noarch":
        channel.remove(channel.packages["noarch/lib-1.0-0.conda"])
        channel.add("app", subdir="linux-64")
        channel.write()
        shutil.rmtree(folder / "noarch")
    elif problem == "flat":
        folder = tmp_path / "flat"
        folder.mkdir()
        for package in channel.packages.values():
            shutil.copy(package.path, folder)
    else:
        for path in folder.rglob("repodata.json"):
            if problem == "index" or path.parent.name == "linux-64":
                path.unlink()
    told = unavailable(me, folder.as_uri())
    texts = {
        "absent": "does not exist.",
        "file": "is a file, not a folder.",
        "empty": "it has neither noarch/repodata.json nor packages",
        "noarch": "has linux-64/repodata.json, but no noarch/repodata.json",
        "index": "has packages, but no index of them (repodata.json)",
        "one": "has packages, but no index of them (linux-64/repodata.json)",
        "flat": "has packages, but no index.",
    }
    assert f"The channel {folder.as_uri()}" in told
    assert texts[problem] in told
    assert TOKEN not in told
    if problem == "noarch":
        path = folder / "noarch" / "repodata.json"
        assert f"Make the file {path} with the content {{}}." in told
        path.parent.mkdir()
        path.write_text("{}")
    elif problem == "index":
        assert f"Make it: conda index {folder} (" in told
        me.conda.run("index", folder)
    else:
        return
    me.build(me.options("app", channels=(folder.as_uri(),)))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (PAGE, "has a web page in the place of linux-64/repodata.json"),
        (b"", "linux-64/repodata.json: it is empty"),
        (b'{"packages.conda": {"a', "linux-64/repodata.json: it ends too early"),
        (b"[]", "linux-64/repodata.json: Expected `object`"),
        (bytes(range(256)), "has an index that cannot be read: linux-64/repodata.json: "),
        (b'{"error": "gone"}', "has no index: linux-64/repodata.json has other keys, error."),
    ],
    ids=["page", "empty", "cut", "list", "bytes", "other"],
)
@pytest.mark.parametrize("where", ["server", "folder"])
def test_something_else_in_the_place_of_an_index(
    me: Inside, channel: TinyChannel, server: ChannelServer, content: bytes, reason: str, where: str
) -> None:
    (channel.folder / "linux-64" / "repodata.json").write_bytes(content)
    local = where == "folder"
    told = unavailable(me, channel.folder.as_uri() if local else f"{server.url}/public")
    assert reason in told
    assert ("log in with a browser" in told) == (content == PAGE and not local)
    assert ("conda clean --index-cache" in told) == (not local)


def test_compressed_index_that_is_cut(
    me: Inside, channel: TinyChannel, server: ChannelServer
) -> None:
    path = channel.folder / "linux-64" / "repodata.json"
    content = zstandard.ZstdCompressor().compress(path.read_bytes())
    path.with_suffix(".json.zst").write_bytes(content[: len(content) // 2])
    told = unavailable(me, f"{server.url}/public")
    assert "has an index that cannot be read: linux-64/repodata.json" in told


def test_portal_of_the_network(me: Inside, server: ChannelServer) -> None:
    with answering(200, PAGE) as portal:
        for name in ("repodata.json", ".zst"):
            server.fault(name, "status", status=302, headers={"Location": f"http://{portal}/in"})
        told = unavailable(me, f"{server.url}/public")
    assert f"The channel {server.url}/public has a web page in the place of" in told


def test_offline_without_a_cached_index(me: Inside, server: ChannelServer) -> None:
    me.configure(offline=True)
    told = unavailable(me, f"{server.url}/public")
    assert "in conda's cache, and conda is offline" in told
    assert not server.requests


@pytest.mark.parametrize("answer", ["401", "404", "page"])
def test_login_plugin_that_is_not_installed(me: Inside, server: ChannelServer, answer: str) -> None:
    url = f"{server.url}/public"
    me.configure(channel_settings=[{"channel": f"{server.url}/*", "auth": "company-login"}])
    if answer == "page":
        server.fault("repodata.json", "status", status=302, headers={"Location": "/public/page"})
        (server._root / "public" / "page").write_bytes(PAGE)
    else:
        for name in ("repodata.json", ".zst"):
            server.fault(name, "status", status=int(answer))
    told = unavailable(me, url)
    assert "the plugin 'company-login' (setting channel_settings), which is not installed" in told
    assert TOKEN not in told


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("status", "text"),
    [(407, "wants a login (HTTP 407)"), (403, "403"), (502, "502"), (None, "cut")],
)
def test_proxy(me: Inside, scheme: str, status: int | None, text: str) -> None:
    with answering(status) as proxy:
        me.configure(proxy_servers={scheme: f"http://{proxy}"})
        told = unavailable(me, f"{scheme}://{FAR}/public")
    assert f"The channel {scheme}://{FAR}/public" in told
    assert text in told
    # a tunnel that is cut looks like the server's own fault
    assert (f"proxy http://{proxy}" in told) == ((status, scheme) != (None, "https"))
    assert ("USER:PASSWORD" in told) == (status == 407)


def test_login_that_a_proxy_does_not_accept(me: Inside) -> None:
    with answering(407) as proxy:
        me.configure(proxy_servers={"http": f"http://anna:s3cret@{proxy}"})
        told = unavailable(me, f"http://{FAR}/public")
    assert f"the proxy http://{proxy} does not accept its login (HTTP 407)" in told
    assert "s3cret" not in told


def test_login_for_a_proxy_as_the_message_proposes(me: Inside, channel: TinyChannel) -> None:
    class Proxy(Answering):
        def do_GET(self) -> None:
            path = channel.folder.parent / self.path.removeprefix(f"http://{FAR}/")
            content = path.read_bytes() if path.is_file() else b""
            self.answer = (200 if content else 404, {}, content)
            if self.headers["Proxy-Authorization"] is None:
                self.answer = (407, {"Proxy-Authenticate": "Basic"}, b"")
            super().do_GET()

    with answering(407, handler=Proxy) as proxy:
        me.configure(proxy_servers={"http": f"http://{proxy}"})
        assert "http://USER:PASSWORD@HOST:PORT" in unavailable(me, f"http://{FAR}/public")
        setting = ("proxy_servers.http", f"http://anna:s3cret@{proxy}")
        me.conda.run("config", "--file", me.conda.home / ".condarc", "--set", *setting)
        reset_context()
        forget()
        me.build(me.options("app", channels=(f"http://{FAR}/public",)))


def test_proxy_that_is_down(me: Inside, closed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = closed
    monkeypatch.setenv("http_proxy", f"http://{proxy}")
    told = unavailable(me, f"http://{FAR}/public")
    assert f"cannot be reached: the proxy http://{proxy} refuses connections." in told
    assert "no_proxy" in told


def test_address_of_a_proxy_that_is_none(me: Inside) -> None:
    me.configure(proxy_servers={"http": "http://anna:s3cret@[proxy:8080"})
    told = unavailable(me, f"http://{FAR}/public")
    assert "the address of the proxy http://[proxy:8080 is not valid" in told
    assert "s3cret" not in told


def test_conda_asks_again_after_the_build(me: Inside, server: ChannelServer) -> None:
    before = CondaHttpAuth.handle_407
    me.build(me.options("app", channels=(f"{server.url}/public",)))
    assert CondaHttpAuth.handle_407 is before


def test_proxy_without_a_terminal(conda: Conda, root: Path) -> None:
    with answering(407) as proxy:
        command = ("offline-repo", "build", "--label", "bank", "--root", root, "app")
        named = ("-c", f"http://{FAR}/public", "--no-label-channel", "--override-channels")
        told = conda.fail(*command, *named, "--json", http_proxy=f"http://{proxy}", **QUICK)
    assert "wants a login" in told.json["message"]


def test_server_that_does_not_answer(me: Inside, closed: str) -> None:
    with answering(None) as cutting:
        cut = unavailable(me, f"http://{cutting}/public")
    refused = unavailable(me, f"http://{closed}/public")
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        silent = unavailable(me, f"http://{address}/public")
    assert f"cannot be reached: the connection to {cutting} was cut." in cut
    assert f"cannot be reached: {closed} refuses connections." in refused
    assert f"cannot be reached: nothing arrived from {address} for 1 s." in silent


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes the certificate")
@pytest.mark.parametrize("what", ["unknown", "known", "absent", "no certificate", "no TLS"])
def test_certificates(
    me: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=a -addext subjectAltName=IP:127.0.0.1"
    )
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    if what == "known":
        me.configure(ssl_verify=str(certificate))
    elif what == "absent":
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "nowhere.pem"))
    elif what == "no certificate":
        me.configure(ssl_verify=str(key))
    with answering(410, tls=None if what == "no TLS" else tls) as address:
        told = unavailable(me, f"https://{address}/public")
    texts = {
        "unknown": ("certificate is not accepted: self", "the setting ssl_verify"),
        "known": ("does not exist any more (HTTP 410)",),
        "absent": (f"the file of certificates {tmp_path / 'nowhere.pem'}", "REQUESTS_CA_BUNDLE"),
        "no certificate": ("the file of certificates cannot be read", "ssl_verify"),
        "no TLS": ("does not speak TLS",),
    }
    assert not [text for text in texts[what] if text not in told]


def test_name_that_cannot_be_resolved() -> None:
    error = requested.ConnectionError(
        urllib3.MaxRetryError(None, "/c", urllib3.HTTPError(socket.gaierror(-2, "not known")))  # type: ignore[arg-type]
    )
    failure = unreached(error)
    assert failure
    assert failure.reason == "the name of the server cannot be resolved"
    assert unreached(OSError(28, "No space left on device", "/pkgs/cache/a.json")) is None


def test_web_page_in_the_place_of_an_archive(
    me: Inside, channel: TinyChannel, server: ChannelServer
) -> None:
    lib = channel.packages["noarch/lib-1.0-0.conda"]
    lib.path.write_bytes(PAGE)
    with pytest.raises(DownloadError) as caught:
        me.build(me.options("app", channels=(f"{server.url}/public",)))
    told = str(caught.value)
    assert f"{server.url}/public/{lib.at}: the server sends a web page in its place" in told
    assert "Run the same command again" not in told


@pytest.mark.parametrize("where", ["server", "folder"])
def test_archive_that_a_channel_does_not_have(
    me: Inside, channel: TinyChannel, server: ChannelServer, tmp_path: Path, where: str
) -> None:
    """The message names the channel, of several, and does not just propose the same again."""
    other = TinyChannel(tmp_path / "served" / "other")
    other.add("tool")
    other.write()
    channel.packages["noarch/lib-1.0-0.conda"].path.unlink()
    urls = [each.folder.as_uri() for each in (other, channel)]
    if where == "server":
        urls = [f"{server.url}/other", f"{server.url}/public"]
    with pytest.raises(DownloadError) as caught:
        me.build(me.options("app", channels=tuple(urls)))
    told = str(caught.value)
    assert f"{urls[1]}/noarch/lib-1.0-0.conda: " in told
    assert f"The index of {urls[1]} does not fit its archives" in told
    assert "what was downloaded is not downloaded again" not in told


@pytest.mark.parametrize("fault", ["wrong", "cut"])
def test_archive_that_is_not_what_the_index_says(
    me: Inside, server: ChannelServer, fault: str
) -> None:
    server.fault("lib-1.0-0.conda", fault)
    with pytest.raises(DownloadError, match="does not fit its archives") as caught:
        me.build(me.options("app", channels=(f"{server.url}/public",)))
    assert f"{server.url}/public/noarch/lib-1.0-0.conda: " in str(caught.value)


def test_archives_that_a_server_refuses(me: Inside, server: ChannelServer) -> None:
    server.fault(".conda", "status", status=403)
    with pytest.raises(ChannelRefusedError, match=TOKEN) as caught:
        me.build(me.options("app", channels=(f"{server.url}/public",)))
    assert f"{server.url}/public" in str(caught.value)
