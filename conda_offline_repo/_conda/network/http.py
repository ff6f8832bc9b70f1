"""The answer of a server to one request for a file, read with distrust.

Redirects are followed here, each as a request of its own: conda's session would follow one to a
file of this machine, and take along what only the first server may see. Headers are what anybody
may have written.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from conda.base.context import context
from requests import Request, Response, Session
from requests.utils import requote_uri
from urllib3 import HTTPResponse

from ...urls import NETWORK, file_path, public, same_server
from .pools import Answer, Pools, RedirectedError
from .retries import DownloadFailedError, TryAgainError
from .sessions import settings_of, without_retries

MOST_REDIRECTS = 10
ONLINE = "Leave out --offline, or conda's setting `offline`."
#: For redirects that lead nowhere.
OF_SERVER = "Tell who runs the server."
#: Bytes a second, on the average of as long a time as conda waits for a server that is silent. Five
#: downloads over a modem are faster; who keeps a connection open for its own sake is not.
LEAST_RATE = 100
#: Bytes between two looks at the size and at whether the build was given up.
CHUNK = 1 << 16
#: RFC 9110 has nothing but these digits in numbers; `str.isdigit` also takes others, like `²`.
NUMBER = re.compile(r"[0-9]{1,18}")


def ask(
    url: str,
    start: int,
    pools: Pools,
    more: Mapping[str, str] | None = None,
    channel: str = "",
) -> Response | Answer:
    """Ask for a file; redirects are followed, on the network alone.

    Args:
        url: With the credentials of its channel, which no other server is sent.
        start: The first byte to send.
        pools: Connections of the command, to be used where possible.
        more: Headers of the request.
        channel: The channel whose login is used; without it, that in which conda sees the file.

    Returns:
        An answer to close, whatever its status.

    Raises:
        DownloadFailedError: It is redirected off the network, or without end; or conda is offline.
        RequestException: The server cannot be reached.
    """
    path = Path(file_path(url)) if url.startswith("file:") else None
    if path and path.exists() and not path.is_file():  # a pipe or a device may never end
        raise DownloadFailedError("it is not a file in its channel")
    if pools.offline and urlsplit(url).scheme in NETWORK:  # conda's session would crash
        raise DownloadFailedError("it is not on this machine, and conda is offline", ONLINE)
    headers = {"Accept-Encoding": "identity", **(more or {})}
    if start:
        headers["Range"] = f"bytes={start}-"
    for _ in range(MOST_REDIRECTS):
        try:
            return pools.ask(url, headers, channel) or _ask(url, headers, channel, pools)
        except RedirectedError as redirect:
            url = _redirected(url, str(redirect))
            channel = channel if channel and same_server(channel, url) else ""
    reason = f"the server redirects it more than {MOST_REDIRECTS} times"
    raise DownloadFailedError(reason, OF_SERVER)


def _ask(url: str, headers: Mapping[str, str], channel: str, pools: Pools) -> Response:
    session, settings = _session(url, channel, pools)
    patience = (context.remote_connect_timeout_secs, context.remote_read_timeout_secs)
    request = Request("GET", url, headers, hooks={"response": _stop_at_redirect})
    return session.send(session.prepare_request(request), timeout=patience, **settings)


def _stop_at_redirect(response: Response, **_: object) -> None:
    # with `allow_redirects=False`, requests would still read the body and look into the address
    if response.is_redirect:
        response.close()
        raise RedirectedError(response.headers["location"])


#: Sessions and settings by folder; conda, too, keeps its sessions by thread.
_by_thread = threading.local()


def _session(url: str, channel: str, pools: Pools) -> tuple[Session, Mapping[str, Any]]:
    """Return a session, and proxies and certificates by conda's settings and the environment.

    They are worked out once a folder, which takes as long as a small file.
    """
    sessions: dict[str, tuple[Session, Mapping[str, Any]]] = vars(_by_thread)
    folder = f"{channel}/noarch" if channel else url.rpartition("/")[0]
    if folder not in sessions:
        session = without_retries(folder if channel else url)
        # conda's keep no more than ten connections
        session.adapters = {k: pools.own(adapter) for k, adapter in session.adapters.items()}
        sessions[folder] = session, settings_of(session, url)
    return sessions[folder]


def _redirected(url: str, location: str) -> str:
    """Return where a redirect leads; a login goes on to the same server only."""
    try:
        # http.client takes the bytes of a header for Latin-1
        target = urljoin(url, requote_uri(location.encode("latin-1").decode()))
        parts = urlsplit(target)
        same = same_server(url, target)
    except ValueError:
        raise DownloadFailedError(
            "the server redirects it to something that is not an address", OF_SERVER
        ) from None
    if parts.scheme not in NETWORK or not parts.hostname:
        raise DownloadFailedError(
            f"the server redirects it to {public(target)}, which is refused: "
            "a channel of the network has its packages on the network",
            OF_SERVER,
        )
    login = urlsplit(url).netloc.rpartition("@")[0]
    if same and login and "@" not in parts.netloc:
        return parts._replace(netloc=f"{login}@{parts.netloc}").geturl()
    return target


def content_length(response: Response | Answer) -> int | None:
    """Return the bytes of the body as its header states them, or None."""
    # conda's adapter for local files has numbers, not texts, in its headers
    match = NUMBER.fullmatch(str(response.headers.get("Content-Length")).strip())
    return int(match[0]) if match else None


def chunks(response: Response | Answer) -> Iterator[bytes]:
    """Yield the body as it arrives.

    Raises:
        TryAgainError: It arrives so slowly that it may never end.
        RequestException, urllib3's HTTPError: It breaks off.
    """
    raw = response.raw
    # not of a server, or urllib3 before 2.1
    if isinstance(response, Response) and not (
        isinstance(raw, HTTPResponse) and hasattr(raw, "read1")
    ):
        yield from response.iter_content(CHUNK)
        return
    since, arrived = time.monotonic(), 0
    decode = "Content-Encoding" in raw.headers  # decoding nothing would copy all
    # `read` would not return before all that it was asked for is there
    while chunk := raw.read1(CHUNK, decode_content=decode):
        arrived += len(chunk)
        passed = time.monotonic() - since
        if passed >= context.remote_read_timeout_secs:
            if arrived < LEAST_RATE * passed:
                raise TryAgainError(f"only {arrived} bytes arrived in {passed:.0f} s")
            since, arrived = since + passed, 0
        yield chunk
        del chunk  # or many threads would have two each
