"""Why a channel cannot be read, in our words: conda's own may hold the token."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from conda import CondaError
from conda.base.context import context
from conda.models.channel import Channel
from requests.exceptions import RequestException

from ..._conda import conda_errors, overrides
from ..._conda.sessions import network_only
from ...settings import TOKEN_VARIABLE
from ...urls import is_local, public
from ..exceptions import ChannelUnavailableError
from ..request.channels import ChannelSource
from ..warnings import BuildWarning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..request.request import Request

log = logging.getLogger(__name__)
GIVE_TOKEN = (
    f"give its token with --token or {TOKEN_VARIABLE}; a token is never remembered, each build "
    "needs it."
)
OWNER = "Tell the owner of the channel. The repository is as it was before."
CLEAN = (
    "Run `conda clean --index-cache` and try again. If that does not help, tell the owner of the "
    "channel. The repository is as it was before."
)


@contextmanager
def explained(request: Request, source: ChannelSource | None = None) -> Iterator[None]:
    """Say in our words why a channel cannot be read; conda's own may hold the token.

    Args:
        request: What is being built.
        source: The channel that is read, if it is known beforehand.

    Raises:
        ChannelUnavailableError: In place of conda's errors of these kinds.
        IndexCacheError: conda cannot use its cache of indexes.
    """
    try:
        with (
            overrides.settings(allow_non_channel_urls=False),
            network_only(_channels(request), (*request.platforms, "noarch")),
        ):
            yield
    except conda_errors.UNAVAILABLE as error:
        unread = source or _source_at(conda_errors.address(error), request)
        raise _unavailable(unread, request, conda_errors.status_code(error)) from None
    except RequestException as error:  # also of the server's answer, where it is about a shard
        log.debug("unreachable channel", exc_info=error)
        answer = error.response
        url, status = (answer.url, answer.status_code) if answer is not None else ("", None)
        unread = source or (_source_at(url, request) if url else request.sources[0])
        raise _unavailable(unread, request, status) from None
    except Exception as error:
        urls = [source.url] if source else [source.url for source in request.sources]
        cache_error = conda_errors.index_cache_error(error)
        problem = _problem(error, local=any(map(is_local, urls)))
        if not (cache_error or problem):
            raise
        log.debug("unreadable index", exc_info=error)
        raise cache_error or ChannelUnavailableError(" or ".join(urls), *problem) from None


def _problem(error: Exception, *, local: bool) -> tuple[str, ...]:
    """Return what is wrong with a channel and what to do; nothing if something else is wrong."""
    if conda_errors.refuses_base_url(error):
        return "has an index with an info.base_url that conda does not take.", OWNER
    if isinstance(error, CondaError):
        return ()
    if isinstance(error, OSError) and error.filename and local:
        hint = "Solve that problem, then run the same command again."
        return f"cannot be read: {error.filename}: {error.strerror}.", hint
    if isinstance(error, UnicodeEncodeError):
        reason = f"cannot be read by the solver {context.solver}: the path has letters that are not"
        hint = "Rename the folder, or choose another solver with --solver."
        return f"{reason} ASCII beside a space.", hint
    if isinstance(error, conda_errors.MALFORMED):
        return f"has an index that cannot be read ({type(error).__name__}).", CLEAN
    return ()


def _channels(request: Request) -> Iterator[Channel]:
    """Yield the channels that a request can lead to: its own, and those that its packages name."""
    for source in request.sources:
        yield source.channel
    for package in request.packages:
        if named := package.match.get_raw_value("channel"):
            yield Channel(named)


def _source_at(url: str, request: Request) -> ChannelSource:
    url = public(url)
    for source in request.sources:
        if f"{url}/".startswith(f"{source.url}/"):
            return source
    return ChannelSource(url, Channel(url))


def _unavailable(
    source: ChannelSource, request: Request, status: int | None
) -> ChannelUnavailableError:
    """Return the error for a channel that answers with an HTTP status, or not at all (None)."""
    is_label = source == request.label_source
    opened = "token" if source.channel.token else "login" if source.channel.auth else None
    private = GIVE_TOKEN
    if opened:
        private = f"the {opened} is wrong, has expired, or has no right to this channel."
    if status in (401, 403):
        reason = f"cannot be opened (HTTP {status})."
        hints = [f"It is private: {private}"]
    elif status == 404:
        closed = f"the {opened} does not open it" if opened else "is private and needs a token"
        reason = f"does not exist, or {closed} (404)."
        absent = (
            _if_absent(source, request) if is_label else ["If it does not exist: check its name."]
        )
        hints = [f"If it is private: {private}", *absent]
    elif status:
        reason = f"answers with HTTP {status}."
        hints = ["The server has a problem: try again, and if it stays, tell its owner."]
    else:
        reason = "cannot be reached."
        hints = ["Check the address, the network and the proxy settings, then try again."]
        hints += ["conda is set to be offline."] if context.offline else []
    return ChannelUnavailableError(
        f"{source.url} ({'label channel' if is_label else 'channel'})", reason, *hints
    )


def from_cache(request: Request) -> tuple[BuildWarning, ...]:
    """Return the warning for a build that is offline, and would ask servers otherwise."""
    remote = [source.url for source in request.sources if not is_local(source.url)]
    if not context.offline or not remote:
        return ()
    text = (
        f"conda is offline: nothing newer than its cached index of {', '.join(remote)} is in this "
        "release. If that is not meant, leave --offline out, or deactivate the environment whose "
        "configuration says so."
    )
    return (BuildWarning("offline", text),)


def _if_absent(source: ChannelSource, request: Request) -> Iterator[str]:
    """Yield what to do about a label channel that may not exist at all."""
    publisher, _, label = source.url.rpartition("/label/")
    yield (
        f"If it does not exist: check --label {label}, or give --no-label-channel if this "
        "publisher has no label channels."
    )
    above, is_label, other = publisher.rpartition("/label/")
    urls = [source.url for source in request.sources]
    others = [url for url in urls if not f"{url}/".startswith(f"{publisher}/")]
    if is_label:
        yield (
            f"{publisher} is the channel of the label {other!r} itself; the publisher is probably "
            f"-c {above}."
        )
    elif others:
        yield (
            f"{publisher} is taken for the publisher because it is the first channel. If that is "
            f"wrong, name the publisher first, for example -c {others[0]} -c {publisher}."
        )
