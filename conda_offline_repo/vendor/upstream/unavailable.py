"""Why a channel cannot be read, in our words: conda's own may hold the token."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from conda import CondaError
from conda.base.context import context
from conda.exceptions import ChannelError, CondaHTTPError, UnavailableInvalidChannel
from conda.models.channel import Channel
from conda.models.match_spec import MatchSpec
from requests.exceptions import RequestException

from ... import _compat
from ...urls import public
from ..exceptions import ChannelUnavailableError
from ..request import Source
from .redirects import network_only

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..request import Request

#: How conda and the solvers say that an index is not what an index is.
UNREADABLE = (
    AssertionError,
    AttributeError,
    ChannelError,
    KeyError,
    RecursionError,
    TypeError,
    ValueError,
)

log = logging.getLogger(__name__)


@contextmanager
def explained(request: Request, source: Source | None = None) -> Iterator[None]:
    """Say in our words why a channel cannot be read; conda's own may hold the token.

    Args:
        request: What is being built.
        source: The channel that is read, if it is known beforehand.

    Raises:
        ChannelUnavailableError: In place of conda's errors of these kinds.
    """
    try:
        with (
            _compat.settings(allow_non_channel_urls=False),
            network_only(_channels(request), (*request.platforms, "noarch")),
        ):
            yield
    except (CondaHTTPError, UnavailableInvalidChannel) as error:
        found = source or _source_of(error, request)
        raise unavailable(found, request, _compat.status_code(error)) from None
    except RequestException as error:
        log.debug("unreachable channel", exc_info=error)
        raise unavailable(source or request.sources[0], request, None) from None
    except UNREADABLE as error:
        if isinstance(error, CondaError) and type(error) is not ChannelError:
            raise
        log.debug("unreadable index", exc_info=error)
        urls = [source.url] if source else [one.url for one in request.sources]
        raise ChannelUnavailableError(
            " or ".join(urls),
            "has an index with an info.base_url that conda does not take."
            if isinstance(error, ChannelError)
            else f"has an index that cannot be read ({type(error).__name__}).",
            "Tell the owner of the channel. The repository is as it was before.",
        ) from None


def _channels(request: Request) -> Iterator[Channel]:
    """The channels that a request can lead to: its own, and those that its packages name."""
    for source in request.sources:
        yield source.channel
    for package in request.packages:
        named = MatchSpec(package).get_raw_value("channel")
        if named is not None:
            yield Channel(named)


def _source_of(error: CondaError, request: Request) -> Source:
    address = error._kwargs.get("url") or error._kwargs.get("channel_url") or ""
    url = public(address)
    return next(
        (source for source in request.sources if f"{url}/".startswith(f"{source.url}/")),
        Source(url, Channel(url)),
    )


def unavailable(source: Source, request: Request, status: int | None) -> ChannelUnavailableError:
    """The error for a channel that answers with an HTTP status, or not at all (None)."""
    is_label = source == request.label_source
    what = "label channel" if is_label else "channel"
    with_token = bool(source.channel.token)
    if status in (401, 403):
        reason = f"does not open (HTTP {status})."
        hint = (
            "The token is wrong, has expired, or has no right to this channel."
            if with_token
            else "Give its token with --token or CONDA_OFFLINE_REPO_TOKEN."
        )
    elif status == 404:
        reason = f"does not exist{', or the token does not open it' if with_token else ''} (404)."
        hint = (
            f"Check --label {request.label} and the token, or give --no-label-channel "
            "if this publisher has no label channels."
            if is_label
            else "Check its name; a private channel needs --token."
        )
    elif status:
        reason = f"answers with HTTP {status}."
        hint = "The server has a problem: try again, and if it stays, tell its owner."
    else:
        reason = "cannot be reached."
        offline = " conda is set to be offline." if context.offline else ""
        hint = f"Check the address, the network and the proxy settings, then try again.{offline}"
    return ChannelUnavailableError(f"{source.url} ({what})", reason, hint)
