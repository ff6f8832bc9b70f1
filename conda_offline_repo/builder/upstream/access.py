"""What opens a channel, and what to do where it stays closed.

A token goes to the channel that was named as the publisher's, and to no other: which channel is
first in a list, a file or conda's configuration is chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..._conda.network.sessions import missing_login
from ...settings import TOKEN_VARIABLE
from ..request.channels import is_of
from ..warnings import BuildWarning

if TYPE_CHECKING:
    from ..request.channels import ChannelSource
    from ..request.request import Request

GIVE_TOKEN = (
    f"give its token with --token or {TOKEN_VARIABLE}; a token is never remembered, each build "
    "needs it."
)


def unsent_token(request: Request) -> Iterator[BuildWarning]:
    """Yield a warning if the token of a build went nowhere."""
    if request.token_given and not request.publisher:
        first = request.sources[0]
        yield BuildWarning(
            "unsent-token",
            "The token was sent to no channel, because no publisher is named. If the token is for "
            f"{_publisher(first, request)}, {_name(first, request)}.",
        )


def opener(source: ChannelSource) -> str:
    """Return which credential of ours a channel was asked with; empty for none."""
    return "token" if source.channel.token else "login" if source.channel.auth else ""


def how_to_open(source: ChannelSource, request: Request) -> str:
    """Return what to do about a channel that may be private, as the end of a sentence."""
    (noarch,) = source.channel.urls(with_credentials=True, subdirs=("noarch",))
    if plugin := missing_login(noarch):
        return (
            f"conda is set to log in to it with the plugin {plugin!r} (setting channel_settings), "
            "which is not installed. Install it beside conda, or correct the setting."
        )
    if opened := opener(source):
        return f"the {opened} is wrong, has expired, or has no right to this channel."
    if request.publisher and is_of(request.publisher, source.url):
        return GIVE_TOKEN
    if not request.token_given:
        return (
            "log in to it as for conda itself, for example in ~/.netrc. If it is the publisher's, "
            f"give its token with --token or {TOKEN_VARIABLE}, and {_name(source, request)}."
        )
    sent = (
        f"the token was sent to {request.publisher} alone, which is named as the publisher's"
        if request.publisher
        else "the token was sent to no channel, because no publisher is named"
    )
    publisher = _publisher(source, request)
    return f"{sent}. If the token is for {publisher}, {_name(source, request)}."


def if_absent(source: ChannelSource, request: Request) -> Iterator[str]:
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


def _publisher(source: ChannelSource, request: Request) -> str:
    return source.url.removesuffix(f"/label/{request.label}")


def _name(source: ChannelSource, request: Request) -> str:
    """Return how to name a channel as the publisher's, and the others of the request after it."""
    publisher, label = _publisher(source, request), request.label_source
    if request.from_file:
        plain = "" if label else ", with label_channel: false"
        return f"write {publisher} first under `channels` of offline-repo.yml{plain}"
    urls = dict.fromkeys((publisher, *(s.url for s in request.sources if s != label)))
    options = [*(f"-c {url}" for url in urls), "--override-channels"]
    options += [] if label else ["--no-label-channel"]
    return f"name it first: {' '.join(options)}"
