"""The credentials that a build can come to use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda import CondaError
from conda.base.context import context
from conda.models.channel import Channel
from requests.utils import get_netrc_auth

from ..redaction import Secrets, found_in

if TYPE_CHECKING:
    from typing import Any

    from .options import Options
    from .request.request import Request


def credentials(*builds: Options) -> Secrets:
    """Return every credential that builds with these options can come to use.

    They stand in the token option, in the URLs of channels, of the channel alias and of proxies,
    and in the user's netrc file for the hosts of the channels.
    """
    channels = dict.fromkeys(channel for options in builds for channel in options.channels)
    urls = [*channels, *context.proxy_servers.values()]
    urls += [url for name in (*channels, context.channel_alias) for url in _urls(name)]
    texts = [str(url) for url in urls if url]
    logins = [login for url in texts for login in _netrc_logins(url)]
    return found_in(texts, tokens=[options.token for options in builds], logins=logins)


def of_request(request: Request, known: Secrets) -> Secrets:
    """Return the known credentials, and those that came with a request's files.

    They stand in the URLs of channels and of archives that are named exactly.
    """
    urls = [url for source in request.sources for url in source.channel.urls(True, ("noarch",))]
    urls += [
        archive.url
        for environment in request.environments
        for archives in environment.exact.values()
        for archive in archives
    ]
    found = found_in(urls)
    return Secrets(known.values | found.values, known.logins | found.logins)


def _urls(channel: Any) -> list[str]:
    """Return what a channel's name stands for, with credentials; nothing if it is no channel."""
    try:
        return list(Channel(channel).urls(True, ("noarch",)))
    except (ValueError, CondaError):
        return []


def _netrc_logins(url: str) -> list[tuple[str, str]]:
    try:
        login = get_netrc_auth(url)
    except ValueError:
        return []
    return [login] if login else []
