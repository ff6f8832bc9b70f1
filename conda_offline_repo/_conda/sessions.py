"""conda's sessions: their redirects and retries.

The sessions in which conda reads indexes follow redirects to `file:`. conda has one session for
each address in all threads; while an index is read, a response hook refuses such redirects. This
ends with a conda that refuses them itself, which is to be proposed. For downloads a session is
copied, and conda's own stays unchanged.
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

#: What conda requests of a subdir, besides its address.
SHARDS = "repodata_shards.msgpack.zst"


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
    try:
        yield
    finally:
        for session in sessions.values():
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
    """Return a copy of conda's session for an address, which does not retry.

    Logins, cookies, proxies, certificates and connections are shared with conda's own session.
    """
    session = _copied(get_session(url))
    session.adapters = {prefix: _copied(each) for prefix, each in session.adapters.items()}
    for adapter in session.adapters.values():
        if hasattr(adapter, "max_retries"):
            adapter.max_retries = Retry(0, read=False)
    return session


def _copied(original: Any) -> Any:
    # `copy.copy` drops what conda adds to requests' adapters, and opens new connections
    copied = object.__new__(type(original))
    vars(copied).update(vars(original))
    return copied
