"""conda's sessions: what a server may send them to, and who tries again.

conda reads indexes through sessions that follow redirects to `file:` as to any other address. The
sessions are conda's own, one for each address, so while an index is read they have one more of the
hooks that requests has for this, which refuses such redirects; whoever asks, in whatever thread,
gets the same session for the same address. It ends with a conda that refuses them itself, which is
to be proposed. For downloads a session is copied, and conda's own stays as it is.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from conda.gateways.connection import Retry
from conda.gateways.connection.session import get_session

from ..urls import NETWORK, public
from .exceptions import RefusedAddressError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from conda.models.channel import Channel
    from requests import Response, Session

#: What conda asks a subdir for, besides its own address.
SHARDS = "repodata_shards.msgpack.zst"


@contextmanager
def network_only(channels: Iterable[Channel], subdirs: tuple[str, ...]) -> Iterator[None]:
    """While this lasts, a redirect of one of these channels leads to the network or to an error.

    Raises:
        RefusedAddressError: From within what reads an index.
    """
    addresses = []
    for channel in channels:
        urls = channel.urls(with_credentials=True, subdirs=subdirs)
        addresses += [*urls, *(f"{url}/{SHARDS}" for url in urls), channel.base_url]
    hooked = []
    try:
        for session in {id(s): s for s in map(get_session, filter(None, addresses))}.values():
            session.hooks["response"].append(_check)
            hooked.append(session)
        yield
    finally:
        for session in hooked:
            session.hooks["response"].remove(_check)


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


def without_retries(url: str) -> Session:
    """Return conda's session for an address, in a copy that leaves it to the caller to try again.

    Logins, cookies, proxies, certificates and connections are shared with conda's own session.
    """
    session = _copied(get_session(url))
    session.adapters = {
        prefix: _without_retries(adapter) for prefix, adapter in session.adapters.items()
    }
    return session


def _without_retries(adapter: Any) -> Any:
    if not hasattr(adapter, "max_retries"):
        return adapter
    adapter = _copied(adapter)
    adapter.max_retries = Retry(0, read=False)
    return adapter


def _copied(original: Any) -> Any:
    # `copy.copy` leaves out what conda adds to requests' adapters, and opens new connections
    copied = object.__new__(type(original))
    vars(copied).update(vars(original))
    return copied
