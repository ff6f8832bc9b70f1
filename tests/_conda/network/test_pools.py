"""Shared connections: what servers are asked for is what conda's session would ask for."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from contextlib import closing
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from conda import plugins
from conda.base.context import context

from conda_offline_repo._conda.network import http
from conda_offline_repo._conda.network.connections import unreached
from conda_offline_repo._conda.network.http import ask, chunks
from conda_offline_repo._conda.network.pools import Pools
from conda_offline_repo._conda.network.sessions import asking_nobody
from conda_offline_repo.builder.archives.local import LocalArchives
from conda_offline_repo.builder.upstream.entry import Entry
from conda_offline_repo.progress import Unwatched
from dev.upstream.server import ChannelServer
from tests.support.collected import collect
from tests.support.inside import forget, inside
from tests.support.logins import Login, plugged
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dev.upstream.server import Request
    from tests.support.inside import Inside

LOGIN = ("engineer", "pa:ss@wo/rd")
ENCODED = "engineer:pa%3Ass%40wo%2Frd"
TOKEN = "tk-pooled-53cret"


@pytest.fixture
def me(tmp_path: Path) -> Iterator[Inside]:
    none = {"CONDA_REMOTE_MAX_RETRIES": "0", "REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": ""}
    with inside(tmp_path / "me", **none) as me:
        yield me


@pytest.fixture
def channel(tmp_path: Path) -> TinyChannel:
    channel = TinyChannel(tmp_path / "served" / "public")
    for number in range(12):
        channel.add(f"p{number:02}")
    channel.write()
    return channel


@pytest.fixture
def server(me: Inside, channel: TinyChannel) -> Iterator[ChannelServer]:
    with ChannelServer(channel.folder.parent) as server:
        yield server


@pytest.fixture
def pools(me: Inside) -> Iterator[Pools]:
    with Pools(4) as pools:
        yield pools


class Unpooled(Pools):
    """Leaves each request to conda's session."""

    def ask(self, *_: object) -> None:
        return None


def body(url: str, pools: Pools, start: int = 0) -> bytes:
    vars(http._by_thread).clear()  # the settings of another test
    with closing(ask(url, start, pools)) as response:
        return b"".join(chunks(response))


def files(channel: TinyChannel) -> list[str]:
    return sorted(package.at for package in channel.packages.values())


def seen(requests: tuple[Request, ...]) -> list[tuple[str, dict[str, str]]]:
    return [(request.path, request.headers) for request in requests]


@pytest.mark.parametrize("way", ["plain", "plugin", "signed addresses"])
def test_threads_share_a_few_connections(
    channel: TinyChannel, server: ChannelServer, me: Inside, tmp_path: Path, way: str
) -> None:
    """Also to where a server sends them, as anaconda.org does, and with a login of a plugin."""
    me.configure(fetch_threads=3)
    url = f"{server.url}/public"
    entries = [
        Entry(p.subdir, p.file, p.record, f"{url}/{p.at}", f"{url}/{p.at}")
        for p in channel.packages.values()
    ]
    if way == "plugin":
        settings = [{"channel": f"{server.url}/*", "auth": "signing"}]
        me.configure(fetch_threads=3, channel_settings=settings)
    elif way == "signed addresses":
        for entry in entries:
            there = f"{server.url}/t/x/public/{entry.name}?id={entry.file}&expires=12%2F30"
            server.fault(
                f"c/{entry.name}", "status", status=302, headers={"Location": there}, times=1
            )
    places = tmp_path / "bank", tmp_path / "staging"
    with plugged(Login()):
        collect(entries, *places, Unwatched(), LocalArchives(tmp_path), lambda _: None)
    assert [r.status for r in server.requests].count(200) == len(entries)
    assert len(server.requests) == len(entries) * (1 + (way == "signed addresses"))
    assert len({request.connection for request in server.requests}) <= 3
    assert all("x-signature" in r.headers for r in server.requests) == (way == "plugin")


@pytest.mark.parametrize("status", [302, 404, 429, 503])
def test_connection_is_kept_after_an_answer_without_a_file(
    channel: TinyChannel, server: ChannelServer, pools: Pools, status: int
) -> None:
    first, second, *_ = files(channel)
    where = {"Location": f"/public/{second}"} if status == 302 else {}
    server.fault(first, "status", status=status, headers=where)
    for file in (first, second):
        body(f"{server.url}/public/{file}", pools)
    assert len(server.requests) == 2 + (status == 302)
    assert len({request.connection for request in server.requests}) == 1


@pytest.mark.parametrize("way", ["", "token", "login", "netrc"])
def test_requests_are_those_of_the_session(
    channel: TinyChannel, me: Inside, pools: Pools, way: str
) -> None:
    root = channel.folder.parent
    protect = {"basic": {"public": LOGIN}} if way in ("login", "netrc") else {}
    with ChannelServer(root, **protect) as server:  # type: ignore[arg-type]
        url = f"{server.url}/public"
        if way == "token":
            url = f"{server.url}/t/{TOKEN}/public"
        elif way == "login":
            url = f"{server.url.replace('//', f'//{ENCODED}@')}/public"
        elif way == "netrc":
            netrc = me.conda.home / ".netrc"
            netrc.write_text(f'machine 127.0.0.1 login {LOGIN[0]} password "{LOGIN[1]}"\n')
            netrc.chmod(0o600)
        asked = []
        for pooled in (pools, Unpooled(4)):
            server.clear()
            for file in files(channel):
                assert body(f"{url}/{file}", pooled) == (channel.folder / file).read_bytes()
                body(f"{url}/{file}", pooled, 5)
            asked.append(seen(server.requests))
        assert asked[0] == asked[1]
        assert pools.ask(f"{url}/{files(channel)[0]}", {}) is not None


@pytest.mark.parametrize(
    "file",
    ["a-1!2.0-0.conda", "a-1%212.0-0.conda", "a-1+b-0.conda", "a b.conda", "ä.conda", "a?b=c%20d"],
)
def test_odd_names_are_asked_for_as_by_the_session(
    server: ChannelServer, pools: Pools, file: str
) -> None:
    url = f"{server.url}/public/noarch"
    for pooled in (pools, Unpooled(4)):
        body(f"{url}/p00-1.0-0.conda", pooled)
        body(f"{url}/{file}", pooled)
    paths = [request.path for request in server.requests]
    assert paths[:2] == paths[2:]


def test_login_of_a_plugin_signs_each_request(
    channel: TinyChannel, server: ChannelServer, me: Inside, pools: Pools
) -> None:
    me.configure(channel_settings=[{"channel": f"{server.url}/*", "auth": "signing"}])
    urls = [f"{server.url}/public/{file}" for file in files(channel)]
    with plugged(Login()):
        for url in urls:
            body(url, pools)
    assert [r.headers["x-signature"] for r in server.requests] == [url[::-1] for url in urls]


@pytest.mark.skipif(
    not hasattr(context.plugin_manager.hook, "conda_request_headers"),
    reason="plugins of this conda have no headers for requests",
)
def test_headers_of_a_plugin_are_those_of_each_request(
    channel: TinyChannel, server: ChannelServer, pools: Pools
) -> None:
    from conda.plugins.types import CondaRequestHeader

    class Headers:
        @plugins.hookimpl  # type: ignore[untyped-decorator]
        def conda_request_headers(self, host: str, path: str) -> Iterator[CondaRequestHeader]:
            yield CondaRequestHeader(name="X-Path", value=path)

    with plugged(Headers()):
        for file in files(channel):
            body(f"{server.url}/public/{file}", pools)
    assert [request.headers["x-path"] for request in server.requests] == [
        request.path for request in server.requests
    ]


def test_cookie_is_sent_back(channel: TinyChannel, server: ChannelServer, pools: Pools) -> None:
    first, second, third, *_ = files(channel)
    cookie = {"Set-Cookie": "seen=yes; Path=/public", "Content-Type": "x"}
    server.fault(first, "odd", headers=cookie)
    server.fault(third, "status", status=404)
    for path in (first, second, third):
        body(f"{server.url}/public/{path}", pools)
    body(f"{server.url}/elsewhere", pools)
    cookies = [request.headers.get("cookie") for request in server.requests]
    assert cookies == [None, "seen=yes", "seen=yes", None]


class Proxy(SimpleHTTPRequestHandler):
    """Answers for every host with the files of a folder, if it is shown a login."""

    def do_GET(self) -> None:
        if self.headers["Proxy-Authorization"] is None:
            self.send_error(407)
            return
        self.path = self.path.removeprefix("http://repo.example.com")
        super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize("login", ["", "anna:s3cret@"])
def test_proxy(me: Inside, channel: TinyChannel, login: str) -> None:
    def handler(*args: object) -> Proxy:
        return Proxy(*args, directory=str(channel.folder.parent))  # type: ignore[arg-type]

    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as proxy, asking_nobody():
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        me.configure(proxy_servers={"http": f"http://{login}127.0.0.1:{proxy.server_port}"})
        forget()
        reasons = []
        for pooled in (Pools(2), Unpooled(2)):
            for file in files(channel)[:2]:
                try:
                    arrived = body(f"http://repo.example.com/public/{file}", pooled)
                except OSError as error:
                    reasons.append(unreached(error))
                else:
                    assert arrived == (channel.folder / file).read_bytes()
        proxy.shutdown()
    assert len(reasons) == (0 if login else 4)
    assert len({*reasons[::2]}) <= 1


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes the certificate")
def test_certificates(me: Inside, channel: TinyChannel, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=a -addext subjectAltName=IP:127.0.0.1"
    )
    ends = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *ends], check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    with ChannelServer(channel.folder.parent) as server:
        server._server.socket = tls.wrap_socket(server._server.socket, server_side=True)
        url = f"{server.url.replace('http:', 'https:')}/public"
        file = files(channel)[0]
        reasons = set()
        for setting in (True, str(certificate), False):
            me.configure(ssl_verify=setting)
            forget()
            for pooled in (Pools(2), Unpooled(2)):
                try:
                    arrived = body(f"{url}/{file}", pooled)
                except OSError as error:
                    reasons.add(unreached(error))
                    assert setting is True
                else:
                    assert arrived == (channel.folder / file).read_bytes()
                    assert setting is not True
                assert all(pooled._folders.values())
        (failure,) = reasons
        assert failure
        assert "certificate is not accepted" in failure.reason


def test_server_that_cannot_be_reached_is_told_as_by_the_session(
    server: ChannelServer, pools: Pools
) -> None:
    url = f"{server.url}/public/noarch/p00-1.0-0.conda"
    server.stop()
    failures = set()
    for pooled in (pools, Unpooled(4)):
        with pytest.raises(OSError) as caught:  # noqa: PT011
            body(url, pooled)
        failures.add(unreached(caught.value))
    (failure,) = failures
    assert failure
    assert failure.url == url
