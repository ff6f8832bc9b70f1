"""The credentials that a build can come to use, so that none leaves in a repository or a text."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from conda import CondaError
from conda.base.context import context
from conda.models.channel import Channel
from requests.utils import get_netrc_auth

from ..redaction import Secrets, secrets_in

if TYPE_CHECKING:
    from .options import Options
    from .request.request import Request


def credentials(*builds: Options) -> Secrets:
    """Return every credential that builds with these options can come to use.

    They stand in the token option, in the URLs of channels, of the channel alias and of proxies,
    and in the user's netrc file for the hosts of the channels.
    """
    channels = dict.fromkeys(channel for options in builds for channel in options.channels)
    texts = list(map(str, filter(None, (*channels, *context.proxy_servers.values()))))
    for channel in (*channels, context.channel_alias):
        with suppress(ValueError, CondaError):  # not a channel, which is said elsewhere
            texts += filter(None, Channel(channel).urls(True, ("noarch",)))
    logins = []
    for text in texts:
        with suppress(ValueError):  # not a URL
            logins.append(get_netrc_auth(text))
    tokens = [options.token for options in builds]
    return secrets_in(texts, tokens=tokens, logins=filter(None, logins))


def credentials_of(request: Request, known: Secrets) -> Secrets:
    """Return the known credentials, and those that came with a request's files: in the URLs of
    channels, and of archives that are named exactly.
    """
    urls = [url for source in request.sources for url in source.channel.urls(True, ("noarch",))]
    for environment in request.environments:
        urls += [archive.url for archives in environment.exact.values() for archive in archives]
    new = secrets_in(urls)
    return Secrets(known.values | new.values, known.logins | new.logins)
