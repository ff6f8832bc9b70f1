"""Why a channel cannot be read, in our words: conda's own may hold the token."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING

from conda import CondaError
from conda.base.context import context
from conda.common.io import dashlist
from conda.models.channel import Channel

from ..._conda import conda_errors, overrides
from ..._conda.network.connections import proxy_of, unreached
from ..._conda.network.sessions import SHARDS, missing_login, network_only, status_of
from ...exceptions import OfflineRepoError, SolverFailedError
from ...urls import is_local, public
from ..exceptions import ChannelRefusedError, ChannelUnavailableError, UnreadableIndexError
from ..request.channels import ChannelSource
from . import surroundings
from .access import how_to_open, if_absent, opener
from .index_problem import CLEAN, INDEXES, NoIndexError, folder_problem
from .repodata import check

if TYPE_CHECKING:
    from ..request.request import Request

log = logging.getLogger(__name__)
#: Where the network may answer in place of a channel.
PORTAL = (
    "If your network wants a login of its own: log in with a browser, then run `conda clean "
    "--index-cache`."
)
UNREADABLE = "one of them has something in its index that this solver cannot read:"
PROXY_ANSWERS = "It may also be the proxy {} that answers so: ask who runs it."


@contextmanager
def explained(request: Request, source: ChannelSource | None = None) -> Iterator[None]:
    """Say in our words why a channel cannot be read; conda's own may hold the token.

    Args:
        request: What is being built.
        source: The channel that is read, if it is known beforehand.

    Raises:
        ChannelUnavailableError: In place of conda's errors of these kinds.
        SolverFailedError: The solver fails, though each channel has an index that can be read.
        IndexCacheError: conda cannot use its cache of indexes.
    """
    try:
        with _reading(request):
            yield
    except Exception as error:  # conda and what it reads with have no base for what they raise
        cause: BaseException | None = error
        if isinstance(error, SolverFailedError):
            cause = error.__cause__
            if not error.has_misfits:
                channels = dashlist(source.url for source in request.sources)
                error.hints += (f"If it fails with these channels alone, {UNREADABLE}{channels}",)
        elif isinstance(error, OfflineRepoError):
            raise
        explanation = cause and _explained(cause, request, source)
        if explanation is None:
            raise
        log.debug("unreadable channel", exc_info=error)
        raise explanation from None


@contextmanager
def _reading(request: Request) -> Iterator[None]:
    channels = [source.channel for source in request.sources]
    with (
        overrides.settings(allow_non_channel_urls=False),
        network_only(channels, (*request.platforms, "noarch")),
    ):
        yield


def _explained(
    error: BaseException, request: Request, source: ChannelSource | None
) -> CondaError | None:
    """Return our error in place of conda's or a solver's; None if something else is wrong."""
    if status := conda_errors.status_code(error):
        source = source or _source_at(conda_errors.address(error), request)
        return _answered(source, request, status)
    if cache_error := conda_errors.index_cache_error(error):
        return cache_error
    failure = unreached(error)
    if failure and not source:
        source = _known_source(failure.url, request)
    sources = (source,) if source else request.sources
    channel = " or ".join(source.url for source in sources)
    if failure:
        reason = f"cannot be reached: {failure.reason}."
        return ChannelUnavailableError(channel, reason, failure.hint)
    if conda_errors.refuses_base_url(error):
        reason = "has an index with an info.base_url that conda does not take."
        return ChannelUnavailableError(channel, reason, "Tell the owner of the channel.")
    if isinstance(error, CondaError):
        return None
    if isinstance(error, OSError) and error.filename and any(is_local(s.url) for s in sources):
        reason = f"cannot be read: {error.filename}: {error.strerror}."
        hint = "Solve that problem, then run the same command again."
        return ChannelUnavailableError(channel, reason, hint)
    if isinstance(error, UnicodeEncodeError):
        reason = f"cannot be read by the solver {context.solver}: the path has letters that are not"
        hint = "Rename the folder, or choose another solver with --solver."
        return ChannelUnavailableError(channel, f"{reason} ASCII beside a space.", hint)
    if isinstance(error, NoIndexError) and source:
        return _unreadable(error, source, request)
    suspicious = conda_errors.fails_by_itself(error)
    for suspect in sources if suspicious or context.offline else ():
        try:
            with suppress(CondaError), _reading(request):
                check(suspect, (*request.platforms, "noarch"))
        except NoIndexError as problem:
            return _unreadable(problem, suspect, request)
    reason = f"has an index that cannot be read ({type(error).__name__})."
    of_index = source and conda_errors.is_malformed(error)
    return ChannelUnavailableError(channel, reason, *CLEAN) if of_index else None


def _unreadable(
    problem: NoIndexError, source: ChannelSource, request: Request
) -> UnreadableIndexError:
    hints = problem.hints or (f"If it is private: {how_to_open(source, request)}", PORTAL)
    return UnreadableIndexError(source.url, problem.reason, *hints, *surroundings.hints(request))


def _known_source(url: str, request: Request) -> ChannelSource | None:
    """Return the channel of a request that a URL lies below; None where it leads elsewhere."""
    below = f"{public(url)}/"
    return next((s for s in request.sources if below.startswith(f"{s.url}/")), None)


def _source_at(url: str, request: Request) -> ChannelSource:
    return _known_source(url, request) or ChannelSource(public(url), Channel(url))


def _answered(source: ChannelSource, request: Request, status: int) -> ChannelUnavailableError:
    """Return the error for a channel that answers with an HTTP status; folders do so, too."""
    is_label = source == request.label_source
    name = f"{source.url} ({'label channel' if is_label else 'channel'})"
    absent = if_absent(source, request) if is_label else ["If it does not exist: check its name."]
    if is_local(source.url):
        problem = folder_problem(source.url)
        hints = absent if is_label else problem.hints
        return ChannelUnavailableError(name, problem.reason, *hints, *surroundings.hints(request))
    noarch, *others = source.channel.urls(True, ("noarch", *request.platforms))
    proxy, opened = proxy_of(noarch), opener(source)
    private = f"If it is private: {how_to_open(source, request)}"
    again = "Run the same command again later. If it stays, tell the owner of the server."
    if status in (401, 403, 404) and missing_login(noarch):
        reason, hints = f"cannot be opened (HTTP {status}).", [how_to_open(source, request)]
    elif noarch.startswith("s3:") and not find_spec("boto3"):
        reason = "cannot be opened: conda needs boto3 for it, which is not installed."
        hints = ["Install it beside conda: conda install -n base boto3"]
    elif status in (401, 403):
        reason, hints = f"cannot be opened (HTTP {status}).", [private]
    elif status == 404 and (subdir := _served(others)):
        reason = (
            f"has {subdir}/repodata.json, but no noarch/repodata.json (404), which conda needs."
        )
        hints = ["Ask its owner to add one; the content {} is enough."]
    elif status == 404:
        closed = f"the {opened} does not open it" if opened else "is private and needs a token"
        reason, hints = f"does not exist, or {closed} (404).", [private, *absent]
    elif status == 410:
        reason = "does not exist any more (HTTP 410)."
        hints = ["Ask its owner, or name another channel."]
    elif status == 429:
        reason, hints = "has had too many requests from here (HTTP 429).", [again]
    elif status >= 500:
        reason, hints = f"answers with HTTP {status}: the server has a problem.", [again]
    else:
        reason = f"answers with HTTP {status}, not with its index."
        hints = ["Check its address, or ask its owner."]
    if proxy and status not in (401, 404):
        hints.append(PROXY_ANSWERS.format(proxy))
    return ChannelUnavailableError(name, reason, *hints, *surroundings.hints(request))


@contextmanager
def refusal_explained(request: Request) -> Iterator[None]:
    """Say what opens the archives of a channel whose server refuses them.

    Raises:
        ChannelRefusedError: In place of another, which does not know the request.
    """
    try:
        yield
    except ChannelRefusedError as error:
        source, proxy = _source_at(error.channel, request), proxy_of(error.channel)
        hints = [f"If it is private: {how_to_open(source, request)}"]
        if proxy:
            hints.append(PROXY_ANSWERS.format(proxy))
        raise ChannelRefusedError(error.channel, error.status, *hints) from None


def _served(urls: Iterable[str]) -> str:
    """Return the name of the first of these subdirs that has an index; empty if none has."""
    names = (*INDEXES, SHARDS)
    served = (url for url in urls if any(200 <= status_of(f"{url}/{name}") < 400 for name in names))
    return next(served, "").rpartition("/")[2]
