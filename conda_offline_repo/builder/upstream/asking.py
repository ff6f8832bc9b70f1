"""All indexes that a build needs, asked for at once, before it needs the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from conda.base.context import context

from ..._conda import index_requests
from ..._conda.solver import reads_shards, takes_for_one
from ...exceptions import OfflineRepoError
from ...files.workers import run_all
from ...urls import is_local
from .ages import Ages
from .unavailable import explained

if TYPE_CHECKING:
    from ..request.channels import ChannelSource
    from ..request.request import Request


def ask_for_indexes(request: Request) -> None:
    """Ask for all indexes that a request is solved from, at once; see `ask_at_once`."""
    solving = any(not environment.exact for environment in request.environments)
    sources = request.sources if solving else filter(None, (request.label_source,))
    subdirs = (*request.platforms, "noarch")
    # views are made of shards, whatever the solver reads
    of_views = bool(Ages(request)) or takes_for_one([source.channel for source in request.sources])
    sharded = not solving or of_views or reads_shards()
    ask_at_once(request, dict.fromkeys(sources, subdirs), sharded=sharded)


def ask_at_once(
    request: Request, wanted: Mapping[ChannelSource, Sequence[str]], *, sharded: bool = True
) -> None:
    """Bring conda's cached indexes of these subdirs of channels up to date, all at once.

    What is wrong with an index is left to those who read it.

    Args:
        sharded: Whether shards will be read, where a channel has them, and not `repodata.json`.

    Raises:
        ChannelUnavailableError: A channel cannot be read; the first of them.
    """
    urls = [
        url
        for source, subdirs in wanted.items()
        if subdirs
        for url in source.channel.urls(with_credentials=True, subdirs=subdirs)
        if not is_local(url)
    ]
    if context.offline or not urls:
        return

    problems: dict[str, Exception] = {}

    def ask(url: str) -> None:
        try:
            index_requests.ask(url, sharded=sharded)
        except Exception as error:  # what conda and requests raise has no base
            problems[url] = error

    try:
        with explained(request):
            run_all(ask, urls, context.repodata_threads)
            for url in filter(problems.__contains__, urls):
                raise problems[url]
    except Exception as error:
        if isinstance(error, OfflineRepoError):
            raise
