"""Connections to servers that all threads of a command share, and keep.

conda has a session for each thread, which connects for itself, reads the certificates of all
authorities for each connection, and works out each request anew; for a small file, that is most of
the work. Here, conda's session prepares one request a folder; for the other files of the folder it
is sent again with their names, over urllib3's pool, which is what requests does in the end.
"""

from __future__ import annotations

import re
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.gateways.connection.session import CondaHttpAuth
from requests import ConnectionError as RequestsConnectionError
from requests import Request, RequestException
from requests.adapters import HTTPAdapter
from requests.cookies import extract_cookies_to_jar, get_cookie_header
from requests.models import REDIRECT_STATI
from urllib3 import HTTPResponse, Retry, Timeout
from urllib3.exceptions import HTTPError
from urllib3.util.ssl_ import create_urllib3_context

from .sessions import LOGIN_WANTED, copied, settings_of, without_retries

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Any

    from requests import PreparedRequest, Session
    from urllib3 import BaseHTTPResponse, HTTPConnectionPool

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
class _Route:
    """What the requests for the files of a folder have in common.

    Attributes:
        folder: The path that the server, or a proxy, is asked for, without the file.
        prepared: A request for one of the files, as conda's session has prepared it.
    """

    pool: HTTPConnectionPool
    folder: str
    headers: Mapping[str, str]
    prepared: PreparedRequest


class Pools:
    """Connections for one command; a context, at whose end they are closed.

    Args:
        connections: How many to keep for each server.
    """

    def __init__(self, connections: int) -> None:
        self._connections = connections
        self._lock = threading.Lock()
        self._routes: dict[str, _Route | None] = {}
        self._session: Session | None = None
        self._adapters: dict[str, HTTPAdapter] = {}
        self._patience = Timeout(
            connect=context.remote_connect_timeout_secs, read=context.remote_read_timeout_secs
        )

    def __enter__(self) -> Pools:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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
        folder, _, file = url.rpartition("/")
        if not PLAIN.fullmatch(file):
            return None
        with self._lock:  # the first makes the way for all
            if folder not in self._routes:
                self._routes[folder] = self._route(url, channel)
            route = self._routes[folder]
        return self._ask(route, file, headers) if route else None

    def _ask(self, route: _Route, file: str, more: Mapping[str, str]) -> Answer | None:
        assert self._session is not None
        prepared, headers, cookies = (
            route.prepared,
            {**route.headers, **more},
            self._session.cookies,
        )
        url = f"{(prepared.url or '').rpartition('/')[0]}/{file}"
        if cookies:
            prepared = prepared.copy()
            prepared.url = url
            if cookie := get_cookie_header(cookies, prepared):
                headers["Cookie"] = cookie
        try:
            raw = route.pool.urlopen(
                "GET",
                f"{route.folder}/{file}",
                headers=headers,
                retries=Retry(0, read=False),
                redirect=False,
                assert_same_host=False,
                timeout=self._patience,
                preload_content=False,
                decode_content=False,
            )
        except HTTPError as error:  # with the address, as requests does
            prepared = prepared.copy()
            prepared.url = url
            raise RequestsConnectionError(error, request=prepared) from error
        answer = Answer(url, raw.status, raw.headers, raw)
        if raw.status not in (200, 206):
            _spare(raw)
        if raw.status == LOGIN_WANTED:  # conda's session knows what to say
            answer.close()
            return None
        if raw.status in REDIRECT_STATI and (location := raw.headers.get("location")):
            answer.close()
            raise RedirectedError(location)
        if "set-cookie" in raw.headers:
            extract_cookies_to_jar(cookies, prepared, raw)
        return answer

    def _route(self, url: str, channel: str) -> _Route | None:
        """Return the way to the files beside a URL; None where requests may differ in more than
        the name of the file, or do not go over urllib3's pools.
        """
        session = without_retries(f"{channel}/noarch" if channel else url)
        if not _is_plain(session) or not hasattr(HTTPResponse, "read1"):  # urllib3 before 2.1
            return None
        self._session = session = self._session or session
        adapter = self._adapter(session, url)
        if adapter is None:
            return None
        settings = settings_of(session, url)
        prepared = session.prepare_request(Request("GET", url))
        verify, cert, proxies = settings["verify"], settings["cert"], settings["proxies"]
        with suppress(RequestException, HTTPError, OSError, ValueError):  # conda's session says it
            pool = adapter.get_connection_with_tls_context(prepared, verify, proxies, cert)
            adapter.cert_verify(pool, str(prepared.url), verify, cert)
            _share_authorities(pool)
            target = adapter.request_url(prepared, proxies)
            folder, _, file = target.rpartition("/")
            if file == url.rpartition("/")[2]:
                headers = {k: str(v) for k, v in prepared.headers.items() if k.lower() != "cookie"}
                return _Route(pool, folder, headers, prepared)
        return None

    def _adapter(self, session: Session, url: str) -> HTTPAdapter | None:
        """Return the session's adapter, with pools of our own; None if it has none with pools."""
        original = session.get_adapter(url)
        own = isinstance(original, HTTPAdapter) and type(original).send is HTTPAdapter.send
        # requests before 2.32
        if not own or not hasattr(HTTPAdapter, "get_connection_with_tls_context"):
            return None
        scheme = url.partition(":")[0].lower()
        if scheme not in self._adapters:
            adapter = copied(original)
            adapter.proxy_manager = {}
            adapter.init_poolmanager(self._connections, self._connections)
            self._adapters[scheme] = adapter
        return self._adapters[scheme]


def _is_plain(session: Session) -> bool:
    """Return whether a session prepares all requests for a folder alike: a login of a plugin may
    sign each of them, and a plugin may have headers for each.
    """
    hook = getattr(context.plugin_manager.hook, "conda_request_headers", None)
    of_plugins = bool(hook and hook.get_hookimpls())
    return (
        type(session.auth) is CondaHttpAuth and not of_plugins and not any(session.hooks.values())
    )


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
