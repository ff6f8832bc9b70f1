"""Keep a server from sending conda to an index that is no server's.

conda reads indexes through sessions that follow redirects to `file:` as to any other address. The
sessions are conda's own, one for each address, so they are told here, and for as long as it lasts,
to refuse these; whoever asks, in whatever thread, gets the same session for the same address.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from conda.gateways.connection.session import get_session

from ..urls import NETWORK, public
from .exceptions import RefusedAddressError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from conda.models.channel import Channel
    from requests import Response

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
        reason = "its index is not on the network" if scheme else "it is no address"
        raise RefusedAddressError(public(response.url), shown, reason)
