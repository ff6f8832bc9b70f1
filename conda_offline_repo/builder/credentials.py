"""The credentials that a build can come to use, so that none leaves in a repository or a text."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.request import getproxies

from conda import CondaError
from conda.base.context import context
from conda.models.channel import Channel
from requests.utils import get_netrc_auth

from ..redaction import Secrets, secrets_in
from .pypi.index_settings import index_settings
from .request.inputs.pip_line import urls_in

if TYPE_CHECKING:
    from .options import Options
    from .request.request import Request


def credentials(*builds: Options) -> Secrets:
    """Return every credential that builds with these options can come to use.

    They stand in the token option, in the URLs of channels, of the channel alias, of proxies and of
    pip's indexes and wheels, also in the settings of uv and pip, and in the user's netrc file for
    the hosts of the channels and of these.
    """
    channels = dict.fromkeys(channel for options in builds for channel in options.channels)
    texts = list(map(str, filter(None, (*channels, *context.proxy_servers.values()))))
    for channel in (*channels, context.channel_alias):
        with suppress(ValueError, CondaError):  # not a channel, which is said elsewhere
            texts += filter(None, Channel(channel).urls(True, ("noarch",)))
    for options in builds:
        lines = [*options.pip, *(line for spec in options.environments for line in spec.pip)]
        texts += [url for line in lines for url in urls_in(line)]
    settings = index_settings(())
    texts += [*settings.urls, *settings.variables.values(), *getproxies().values()]
    return secrets_in((), tokens=[options.token for options in builds]) | credentials_at(texts)


def credentials_of(request: Request, known: Secrets) -> Secrets:
    """Return the known credentials, and those that came with a request's files: in the URLs of
    channels, of archives and wheels that are named exactly, and of pip's indexes and wheels; and in
    the user's netrc file for these.
    """
    urls = [url for source in request.sources for url in source.channel.urls(True, ("noarch",))]
    of_pip: list[str] = []
    for environment in request.environments:
        urls += [archive.url for archives in environment.exact.values() for archive in archives]
        of_pip += [wheel.url for wheels in environment.wheels.values() for wheel in wheels]
        of_pip += [url for line in environment.pip.options for url in urls_in(line)]
        of_pip += environment.pip.urls.values()
    return known | secrets_in(urls) | credentials_at(of_pip)


def credentials_at(urls: Iterable[str]) -> Secrets:
    """Return the credentials in URLs, and those that the user's netrc file has for them."""
    texts = [*dict.fromkeys(urls)]
    logins = []
    for text in texts:
        with suppress(ValueError):  # not a URL
            logins.append(get_netrc_auth(text))
    return secrets_in(texts, logins=filter(None, logins))
