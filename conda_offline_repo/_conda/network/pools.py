"""Connections to servers that all threads of a command share, and keep.

conda has a session for each thread, which connects for itself, reads the certificates of all
authorities for each connection, and works out each request anew; for a small file, that is most of
the work. Here, conda's session prepares one request a folder; for the other files of the folder it
is sent again with their names, over urllib3's pool, which is what requests does in the end.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from conda.base.context import context
from conda.gateways.connection.session import CondaHttpAuth
from requests import ConnectionError as RequestsConnectionError
from requests import PreparedRequest, Request, RequestException, Session
from requests.adapters import HTTPAdapter
from requests.cookies import extract_cookies_to_jar, get_cookie_header
from requests.models import REDIRECT_STATI
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPResponse, Retry, Timeout
from urllib3.exceptions import HTTPError
from urllib3.util.ssl_ import create_urllib3_context

from .sessions import LOGIN_WANTED, copied, settings_of, without_retries

#: What requests sends as it is in the last part of an address.
PLAIN = re.compile(r"[A-Za-z0-9._~+!-]+")
#: Bytes of an answer that nobody reads, which are taken off its connection at once.
SCRAP = 1 << 16


class RedirectedError(Exception):
    """An answer that is the address of another; the text is that address."""


@dataclass(frozen=True)
class Answer:
    """The answer of a server, like that of requests.

    Attributes:
        url: What was asked for, maybe with credentials.
        raw: The body that is still to be read.
    """

    url: str
    status_code: int
    headers: Mapping[str, str]
    raw: BaseHTTPResponse

    def close(self) -> None:
        """Close the connection, unless all was read; then it is kept."""
        self.raw.close()
        self.raw.release_conn()


@dataclass(frozen=True)
class _Request:
    """A request as conda's session has prepared it.

    Attributes:
        target: What the server, or a proxy, is asked for.
        headers: All but cookies.
    """

    pool: HTTPConnectionPool
    url: str
    target: str
    headers: Mapping[str, str]
    prepared: PreparedRequest

    def of(self, file: str) -> _Request:
        """Return the same for another file of the folder."""
        url, target = (text.rpartition("/")[0] for text in (self.url, self.target))
        return replace(self, url=f"{url}/{file}", target=f"{target}/{file}")

    def whole(self) -> PreparedRequest:
        """Return it as requests has it."""
        prepared = self.prepared.copy()
        prepared.url = self.url
        return prepared


class Pools:
    """Connections for one command; a context, at whose end they are closed.

    Attributes:
        offline: Whether conda is offline; of a proof that goes on meanwhile, it always is.

    Args:
        connections: How many to keep for each server.
    """

    def __init__(self, connections: int) -> None:
        self.offline = bool(context.offline)
        self._connections = connections
        self._lock = threading.RLock()
        self._folders: dict[str, _Request | None] = {}
        self._pools: dict[str, HTTPConnectionPool] = {}
        self._session: Session | None = None
        self._adapters: dict[object, HTTPAdapter] = {}
        self._patience = Timeout(
            connect=context.remote_connect_timeout_secs, read=context.remote_read_timeout_secs
        )

    def __enter__(self) -> Pools:
        return self

    def __exit__(self, *_: object) -> None:
        for adapter in self._adapters.values():
            adapter.close()

    def ask(self, url: str, headers: Mapping[str, str], channel: str = "") -> Answer | None:
        """Ask for a file; a channel is as for `http.ask`.

        Returns:
            An answer to close, whatever its status; None where conda's session has to ask itself.

        Raises:
            RedirectedError: The server sends an address in its place.
            RequestException: The server cannot be reached.
        """
        with self._lock:  # the first prepares it for all
            request = self._request(url, channel)
        return self._ask(request, headers) if request else None

    def own(self, original: Any) -> Any:
        """Return an adapter of a session with pools of our own; the same if it has none."""
        if not isinstance(original, HTTPAdapter):
            return original
        with self._lock:
            pools = original.poolmanager
            if pools not in self._adapters:
                adapter = copied(original)
                adapter.proxy_manager = {}
                adapter.init_poolmanager(self._connections, self._connections)
                self._adapters[pools] = adapter
            return self._adapters[pools]

    def _request(self, url: str, channel: str) -> _Request | None:
        folder, _, file = url.rpartition("/")
        if not PLAIN.fullmatch(file):
            return self._prepared(url, channel)
        if folder not in self._folders:
            request = self._prepared(url, channel)
            alike = request and request.target.rpartition("/")[2] == file
            self._folders[folder] = request if alike else None
        first = self._folders[folder]
        return first and first.of(file)

    def _ask(self, request: _Request, more: Mapping[str, str]) -> Answer | None:
        assert self._session is not None
        headers, cookies = {**request.headers, **more}, self._session.cookies
        if cookies and (cookie := get_cookie_header(cookies, request.whole())):
            headers["Cookie"] = cookie
        try:
            raw = request.pool.urlopen(
                "GET",
                request.target,
                headers=headers,
                retries=Retry(0, read=False),
                redirect=False,
                assert_same_host=False,
                timeout=self._patience,
                preload_content=False,
                decode_content=False,
            )
        except HTTPError as error:  # with the address, as requests does
            raise RequestsConnectionError(error, request=request.whole()) from error
        answer = Answer(request.url, raw.status, raw.headers, raw)
        if raw.status not in (200, 206):
            _spare(raw)
        if raw.status == LOGIN_WANTED:  # conda's session knows what to say
            answer.close()
            return None
        if raw.status in REDIRECT_STATI and (location := raw.headers.get("location")):
            answer.close()
            raise RedirectedError(location)
        if "set-cookie" in raw.headers:
            extract_cookies_to_jar(cookies, request.whole(), raw)
        return answer

    def _prepared(self, url: str, channel: str) -> _Request | None:
        """Return a request; None where requests for a folder may differ in more than the name of
        the file, or do not go over urllib3's pools.
        """
        session = without_retries(f"{channel}/noarch" if channel else url)
        if not _is_plain(session) or not _is_usual(session.get_adapter(url)):
            return None
        self._session = session = self._session or session
        adapter = self.own(session.get_adapter(url))
        prepared = session.prepare_request(Request("GET", url))
        parts = urlsplit(url)
        server = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        with suppress(RequestException, HTTPError, OSError, ValueError):  # conda's session says it
            settings = settings_of(session, url)
            verify, cert, proxies = settings["verify"], settings["cert"], settings["proxies"]
            if server not in self._pools:
                pool = adapter.get_connection_with_tls_context(prepared, verify, proxies, cert)
                adapter.cert_verify(pool, prepared.url, verify, cert)
                _share_authorities(pool)
                self._pools[server] = pool
            target = adapter.request_url(prepared, proxies)
            headers = {k: str(v) for k, v in prepared.headers.items() if k.lower() != "cookie"}
            return _Request(self._pools[server], str(prepared.url), target, headers, prepared)
        return None


def _is_usual(adapter: object) -> bool:
    """Return whether an adapter is as requests has it since 2.32, with a urllib3 since 2.1."""
    new = hasattr(adapter, "get_connection_with_tls_context") and hasattr(HTTPResponse, "read1")
    return new and isinstance(adapter, HTTPAdapter) and type(adapter).send is HTTPAdapter.send


def _is_plain(session: Session) -> bool:
    """Return whether a session prepares all requests for a folder alike: a login of a plugin may
    sign each of them, and a plugin may have headers for each.
    """
    hook = getattr(context.plugin_manager.hook, "conda_request_headers", None)
    if hook and hook.get_hookimpls():
        return False
    return type(session.auth) is CondaHttpAuth and not any(session.hooks.values())


def _share_authorities(pool: Any) -> None:
    """Let a pool read the certificates of authorities once, and not for each connection."""
    files = getattr(pool, "ca_certs", None), getattr(pool, "ca_cert_dir", None)
    through = getattr(pool.proxy, "scheme", None)
    if any(files) and through in (None, "http") and not pool.conn_kw.get("ssl_context"):
        tls = create_urllib3_context()
        tls.load_verify_locations(*files)
        pool.conn_kw["ssl_context"] = tls
        pool.ca_certs = pool.ca_cert_dir = None


def _spare(raw: BaseHTTPResponse) -> None:
    """Read a short body that nobody wants, so that its connection can be kept."""
    with suppress(HTTPError, OSError, ValueError):
        if 0 <= int(raw.headers.get("Content-Length", "-1")) <= SCRAP and raw.read1(SCRAP):
            raw.read1(SCRAP)
