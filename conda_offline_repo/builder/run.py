"""What the builds of one command share: their credentials, and what is known of files."""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING

from conda import CondaError
from conda.base.context import context
from conda.models.channel import Channel
from requests.utils import get_netrc_auth

from .._conda import overrides
from ..redaction import Secrets, found_in
from .archives.local import LocalArchives
from .release.html.overview import Overview

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import Any

    from .options import Options
    from .request.request import Request


class Run:
    """What the builds of one command share.

    Attributes:
        secrets: The credentials of all of them: none may leave in the repository of any.
        archives: What is known of archives.
        overview: The page that lists the labels.
        searched: By the secrets that were searched for, the digests of the archives that do not
            hold any.

    Args:
        root: The folder above the repositories.
        builds: What is to be built.
    """

    def __init__(self, root: Path, builds: Sequence[Options]) -> None:
        self.secrets = credentials(*builds)
        self.archives = LocalArchives(root.absolute())
        self.overview = Overview(root.absolute(), self.secrets)
        self.searched: defaultdict[frozenset[str], set[str]] = defaultdict(set)
        self._began = time.time()
        self._builds = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Build one label: indexes that conda has read for another are not asked for again."""
        self._builds += 1
        if self._builds == 1:
            yield
            return
        with overrides.settings(local_repodata_ttl=overrides.fresh_since(self._began)):
            yield


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


def credentials_of(request: Request, known: Secrets) -> Secrets:
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
