"""conda's sessions: their redirects, retries, logins and proxies.

The sessions in which conda reads indexes follow redirects to `file:`. conda has one session for
each address in all threads; while an index is read, a response hook refuses such redirects. This
ends with a conda that refuses them itself, which is to be proposed. For downloads a session is
copied, and conda's own stays unchanged.

conda asks on the terminal for the login of a proxy that wants one, and crashes without a terminal.
During a build, `asking_nobody` replaces what asks. This ends with a conda that can be told not to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from fnmatch import fnmatch
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from conda.base.context import context
from conda.gateways.connection import Retry
from conda.gateways.connection.session import CondaHttpAuth, CondaSession, get_session
from conda.models.channel import Channel
from requests.adapters import HTTPAdapter
from requests.exceptions import ProxyError

from ...urls import NETWORK, public
from ..exceptions import RefusedAddressError

if TYPE_CHECKING:
    from requests import Response, Session

#: What conda requests of a subdir, besides its address.
SHARDS = "repodata_shards.msgpack.zst"

#: The status with which a proxy wants a login, and what conda does about it.
LOGIN_WANTED = HTTPStatus.PROXY_AUTHENTICATION_REQUIRED
ASK_FOR_LOGIN = CondaHttpAuth.handle_407


@contextmanager
def network_only(channels: Iterable[Channel], subdirs: tuple[str, ...]) -> Iterator[None]:
    """Refuse redirects of these channels that do not lead to the network, while the context lasts.

    Raises:
        RefusedAddressError: In the code that reads an index.
    """
    addresses = []
    for channel in channels:
        urls = channel.urls(with_credentials=True, subdirs=subdirs)
        addresses += [*urls, *(f"{url}/{SHARDS}" for url in urls), channel.base_url]
    sessions = {id(session): session for session in map(get_session, filter(None, addresses))}
    for session in sessions.values():
        session.hooks["response"].append(_check)
        _make_room(session, context.repodata_threads or 0)
    try:
        yield
    finally:
        for session in sessions.values():
            session.hooks["response"].remove(_check)


def _make_room(session: Session, connections: int) -> None:
    """Let a session keep so many connections to a server; requests keeps 10."""
    for adapter in session.adapters.values():
        if isinstance(adapter, HTTPAdapter) and adapter._pool_maxsize < connections:
            adapter.init_poolmanager(connections, connections)


def _check(response: Response, **_: Any) -> None:
    if not response.is_redirect:
        return
    try:
        target = urljoin(response.url, response.headers["location"])
        scheme, shown = urlsplit(target).scheme, public(target)
    except ValueError:
        scheme, shown = "", "somewhere"
    if scheme not in NETWORK:
        reason = "its index is not on the network" if scheme else "it is not an address"
        raise RefusedAddressError(public(response.url), shown, reason)


@contextmanager
def asking_nobody() -> Iterator[None]:
    """Raise requests' error for a proxy that wants a login, instead of asking for it."""
    CondaHttpAuth.handle_407 = staticmethod(_refuse)
    try:
        yield
    finally:
        CondaHttpAuth.handle_407 = staticmethod(ASK_FOR_LOGIN)


def _refuse(response: Response, **_: Any) -> None:
    if response.status_code == LOGIN_WANTED:
        response.close()
        # as urllib3 says it of a proxy that makes no tunnel
        text = f"Tunnel connection failed: {LOGIN_WANTED.value} {LOGIN_WANTED.phrase}"
        raise ProxyError(text, request=response.request)


def with_login(url: str, channel: str) -> str:
    """Return the URL of a file of a channel with the login that conda is configured to know for it
    by `custom_channels` or `channel_alias`; the same if it knows none, or the URL has one.
    """
    if not url.startswith(f"{channel}/") or public(channel) != channel:
        return url
    known = Channel(channel).urls(with_credentials=True, subdirs=("noarch",))[0].rpartition("/")[0]
    return f"{known}{url[len(channel) :]}" if public(known) == channel else url


def missing_login(url: str) -> str:
    """Return the name of the plugin that conda is set to log in to a subdir with (setting
    `channel_settings`), if it is not installed: conda says nothing then. Empty otherwise.
    """
    name, address, handler = Channel.from_url(url).canonical_name, urlsplit(url), ""
    for settings in context.channel_settings:
        stated = str(settings.get("channel") or "")
        pattern = urlsplit(stated)
        fits = pattern.scheme == address.scheme and fnmatch(
            address.netloc + address.path, pattern.netloc + pattern.path
        )
        if stated == name or fits:
            handler = str(settings.get("auth") or "").strip()
    return handler if handler and not context.plugin_manager.get_auth_handler(handler) else ""


def status_of(url: str) -> int:
    """Return the HTTP status that a server answers with; 0 if it cannot be asked."""
    patience = (context.remote_connect_timeout_secs, context.remote_read_timeout_secs)
    with suppress(Exception):
        response = get_session(url).get(url, stream=True, allow_redirects=False, timeout=patience)
        with response:
            return int(response.status_code)
    return 0


def settings_of(session: Session, url: str) -> Mapping[str, Any]:
    """Return the proxies and certificates of a session for a URL, with those of the variables."""
    proxies = dict(session.proxies)  # requests adds those of the variables
    settings: Mapping[str, Any] = session.merge_environment_settings(url, proxies, True, None, None)
    return settings


def sessions_for(urls: Iterable[str]) -> dict[str, Session]:
    """Return conda's sessions of this thread, among them those for these addresses."""
    for url in urls:
        get_session(url)
    CondaSession()
    sessions: dict[str, Session] = CondaSession._thread_local.sessions
    return sessions


def share(sessions: dict[str, Session]) -> None:
    """Let this thread have conda's sessions of another. Its own would be as conda's settings are
    when it first asks a server, which a proof may have changed.
    """
    CondaSession._thread_local.sessions = sessions


def without_retries(url: str) -> Session:
    """Return a copy of conda's session for an address, which does not retry.

    Logins, cookies, proxies, certificates and connections are shared with conda's own session.
    """
    session = copied(get_session(url))
    session.adapters = {prefix: copied(adapter) for prefix, adapter in session.adapters.items()}
    for adapter in session.adapters.values():
        if hasattr(adapter, "max_retries"):
            adapter.max_retries = Retry(0, read=False)
    return session


def copied(original: Any) -> Any:
    """Return a copy of a session or an adapter, which shares all that it has."""
    # `copy.copy` drops what conda adds to requests' adapters, and opens new connections
    copied = object.__new__(type(original))
    vars(copied).update(vars(original))
    return copied
