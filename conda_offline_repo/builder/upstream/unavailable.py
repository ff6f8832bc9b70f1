"""Why a channel cannot be read, in our words: conda's own may hold the token."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from conda import CondaError
from conda.base.context import context
from conda.models.channel import Channel
from requests.exceptions import RequestException

from ..._conda import errors, overrides
from ..._conda.sessions import network_only
from ...settings import TOKEN_VARIABLE
from ...urls import is_local, public
from ..exceptions import ChannelUnavailableError
from ..request.channels import ChannelSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..request.request import Request

log = logging.getLogger(__name__)
GIVE_TOKEN = (
    f"give its token with --token or {TOKEN_VARIABLE}; a token is never remembered, each build "
    "needs it."
)
WRONG_TOKEN = "the {} is wrong, has expired, or has no right to this channel."
OWNER = "Tell the owner of the channel. The repository is as it was before."
CLEAN = (
    "Run `conda clean --index-cache` and try again. If that does not help, tell the owner of the "
    "channel. The repository is as it was before."
)
AGAIN = "Put the cause right, then run the same command again."
RENAME = "Rename the folder, or choose another solver with --solver."


@contextmanager
def explained(request: Request, source: ChannelSource | None = None) -> Iterator[None]:
    """Say in our words why a channel cannot be read; conda's own may hold the token.

    Args:
        request: What is being built.
        source: The channel that is read, if it is known beforehand.

    Raises:
        ChannelUnavailableError: In place of conda's errors of these kinds.
        IndexCacheError: It is conda's cache of indexes that cannot be used.
    """
    try:
        with (
            overrides.settings(allow_non_channel_urls=False),
            network_only(_channels(request), (*request.platforms, "noarch")),
        ):
            yield
    except errors.UNAVAILABLE as error:
        unread = source or _source_of(error, request)
        raise unavailable(unread, request, errors.status_code(error)) from None
    except RequestException as error:
        log.debug("unreachable channel", exc_info=error)
        raise unavailable(source or request.sources[0], request, None) from None
    except Exception as error:
        urls = [source.url] if source else [source.url for source in request.sources]
        cache_error = errors.index_cache_error(error)
        problem = _problem(error, local=any(map(is_local, urls)))
        if not (cache_error or problem):
            raise
        log.debug("unreadable index", exc_info=error)
        raise cache_error or ChannelUnavailableError(" or ".join(urls), *problem) from None


def _problem(error: Exception, *, local: bool) -> tuple[str, ...]:
    """Return what is wrong with a channel and what to do; nothing if something else is wrong.

    Args:
        error: What its reader raised.
        local: Whether it may be a folder of this machine.
    """
    if errors.refuses_base_url(error):
        return "has an index with an info.base_url that conda does not take.", OWNER
    if isinstance(error, CondaError):
        return ()
    if isinstance(error, OSError) and error.filename and local:
        return f"cannot be read: {error.filename}: {error.strerror}.", AGAIN
    if isinstance(error, UnicodeEncodeError):
        reason = f"cannot be read by the solver {context.solver}: the path has letters that are not"
        return f"{reason} ASCII beside a space.", RENAME
    if isinstance(error, errors.MALFORMED):
        reason = f"has an index that cannot be read ({type(error).__name__})."
        return reason, CLEAN
    return ()


def _channels(request: Request) -> Iterator[Channel]:
    """Yield the channels that a request can lead to: its own, and those that its packages name."""
    for source in request.sources:
        yield source.channel
    for package in request.packages:
        named = package.match.get_raw_value("channel")
        if named is not None:
            yield Channel(named)


def _source_of(error: CondaError, request: Request) -> ChannelSource:
    url = public(errors.address(error))
    return next(
        (source for source in request.sources if f"{url}/".startswith(f"{source.url}/")),
        ChannelSource(url, Channel(url)),
    )


def unavailable(
    source: ChannelSource, request: Request, status: int | None
) -> ChannelUnavailableError:
    """Return the error for a channel that answers with an HTTP status, or not at all (None)."""
    what = "label channel" if source == request.label_source else "channel"
    opened = "token" if source.channel.token else "login" if source.channel.auth else None
    private = WRONG_TOKEN.format(opened) if opened else GIVE_TOKEN
    if status in (401, 403):
        reason = f"does not open (HTTP {status})."
        hints = [f"It is private: {private}"]
    elif status == 404:
        reason = (
            f"does not exist, or the {opened} does not open it (404)."
            if opened
            else "does not exist, or is private and shown to nobody without a token (404)."
        )
        hints = [f"If it is private: {private}", *_if_absent(source, request)]
    elif status:
        reason = f"answers with HTTP {status}."
        hints = ["The server has a problem: try again, and if it stays, tell its owner."]
    else:
        reason = "cannot be reached."
        hints = ["Check the address, the network and the proxy settings, then try again."]
        hints += ["conda is set to be offline."] if context.offline else []
    return ChannelUnavailableError(f"{source.url} ({what})", reason, *hints)


def from_cache(request: Request) -> tuple[str, ...]:
    """Return what to say of a build that asks no server; nothing if it may, or has none to ask."""
    remote = [source.url for source in request.sources if not is_local(source.url)]
    if not context.offline or not remote:
        return ()
    text = (
        f"conda is offline: nothing newer than its cached index of {', '.join(remote)} is in this "
        "release. If that is not meant, leave --offline out, or deactivate the environment whose "
        "configuration says so."
    )
    return (text,)


def _if_absent(source: ChannelSource, request: Request) -> list[str]:
    """Return what to do about a channel that may not exist at all."""
    if source != request.label_source:
        return ["If there is no such channel: check its name."]
    publisher, _, label = source.url.rpartition("/label/")
    absent = (
        f"If there is no such channel: check --label {label}, or give --no-label-channel if this "
        "publisher has no label channels."
    )
    above, is_label, other = publisher.rpartition("/label/")
    others = [one.url for one in request.sources if not f"{one.url}/".startswith(f"{publisher}/")]
    if is_label:
        order = (
            f"{publisher} is the channel of the label {other!r} itself; the publisher is probably "
            f"-c {above}."
        )
    elif others:
        order = (
            f"{publisher} is taken for the publisher because it is the first channel. If another "
            f"one is, name that first, for example -c {others[0]} -c {publisher}."
        )
    else:
        return [absent]
    return [absent, order]
