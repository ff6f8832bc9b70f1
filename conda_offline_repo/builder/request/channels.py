"""The channels of a build: named, configured or remembered, with the publisher's label channel."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from conda.common.path import is_path
from conda.models.channel import Channel

from ..._conda.features import channel_lists
from ...exceptions import InvalidRequestError
from ...repository.locate import absolute
from ...repository.names import misread_problem
from ...urls import channel_url, file_url, is_local, local_path, public, typed

#: A variable of the environment, which conda leaves as it is where it is not set.
VARIABLE = re.compile(r"\$(?:\w+|\{\w+\})", re.ASCII)


@dataclass(frozen=True)
class ChannelSource:
    """A channel of a request: its URL without secrets, and the channel with them."""

    url: str
    channel: Channel = field(repr=False, compare=False)


def sources(
    named: Iterable[str],
    remembered: Iterable[str] | None,
    *,
    label: str,
    label_channel: bool,
    publisher_named: bool = False,
    token: str | None = None,
    known: Iterable[str] = (),
    others: Iterable[str] = (),
    platforms: Iterable[str] = (),
) -> tuple[tuple[ChannelSource, ...], ChannelSource | None, str]:
    """Return the channels of a build in order, which of them is the label channel, and the URL of
    the publisher's channel; empty if none was named as such.

    Args:
        named: conda's channels, named and configured, highest priority first.
        remembered: Those of the last build; None if others are named, or there was none.
        label_channel: Whether the publisher's label channel goes first.
        publisher_named: Whether the first channel was named as the publisher's, now or before.
        token: Opens the publisher's channel and its label channels, and no others.
        known: Channels whose credentials may be used.
        others: The channels of archives that are named exactly, and those that packages are named
            with; they come last.
        platforms: Those of the request.

    Raises:
        InvalidRequestError: There is no channel, one is invalid, or their order cannot be meant.
    """
    known, names = tuple(_flat(known)), tuple(named if remembered is None else remembered)
    channels, others = list(_flat(names)), tuple(others)
    for name in (*names, *others):
        _check_read(name, {*platforms, "noarch"})
    others = [_with_known_credentials(channel, known) for channel in _flat(others)]
    if remembered is not None:
        channels = [_with_known_credentials(channel, known) for channel in channels]
    if not channels:
        label_channel, publisher_named, channels = False, False, others
    if not channels:
        raise InvalidRequestError(
            "No channel is named or configured.", "Name the publisher's channel with -c."
        )
    suffix = f"/label/{label}"
    publisher = channel_url(channels[0]).removesuffix(suffix)
    if label_channel and remembered is None:
        channels = _with_label_channel(channels, suffix)
    elif remembered is not None and not label_channel:
        channels = [channel for channel in channels if channel_url(channel) != publisher + suffix]
        if not channels:
            raise InvalidRequestError(
                "Without the label channel there is no channel left.",
                f"Name the publisher's channel: -c {publisher}.",
            )
    by_url: dict[str, ChannelSource] = {}
    for channel in (*channels, *others):
        url = channel_url(channel)
        if token and publisher_named and is_of(publisher, url):
            channel = _channel_like(channel, token=token)
        by_url.setdefault(url, ChannelSource(url, channel))
    _check_allowed(by_url)
    unique = tuple(by_url.values())
    is_label = label_channel and unique[0].url.endswith(suffix)
    return unique, unique[0] if is_label else None, publisher if publisher_named else ""


def is_of(publisher: str, url: str) -> bool:
    """Return whether a channel is the publisher's own, or one of its label channels."""
    return url == publisher or url.startswith(f"{publisher}/label/")


def _check_allowed(urls: Iterable[str]) -> None:
    """Check channels against those that conda's configuration denies, and that it allows alone.

    conda itself checks only the channels of its configuration and of the command line.

    Raises:
        InvalidRequestError: One must not be used.
    """
    denied, allowed = map(flat, channel_lists())
    for url in urls:
        if url in denied:
            problem = "is denied by conda's setting denylist_channels"
        elif allowed and url not in allowed:
            problem = "is not among those of conda's setting allowlist_channels"
        else:
            continue
        raise InvalidRequestError(
            f"The channel {url} {problem}.",
            "Name a channel that is allowed, or ask whoever configures conda on this machine: "
            "`conda config --show-sources` tells which file says so.",
        )


def expanded(text: str) -> str:
    """Return a text of a file with the variables of the environment filled in.

    Raises:
        ValueError: One is not set.
    """
    if unset := [name for name in VARIABLE.findall(text) if name.strip("${}") not in os.environ]:
        raise ValueError(f"a variable is not set in the environment: {', '.join(unset)}")
    return os.path.expandvars(text)


def flat(channels: Iterable[str]) -> tuple[str, ...]:
    """Return the URLs, without credentials, of the channels that names stand for.

    Raises:
        InvalidRequestError: One is not a channel.
    """
    return tuple(map(channel_url, _flat(channels)))


def _with_label_channel(channels: list[Channel], suffix: str) -> list[Channel]:
    """Return the channels after the label channel of the first, unless that is one itself."""
    first, *others = channels
    publisher = channel_url(first)
    if publisher.endswith(suffix):
        return channels
    for url in map(channel_url, others):
        if url.endswith(suffix) and url != publisher + suffix:
            raise InvalidRequestError(
                f"{url} is a label channel, but {publisher} is named first, as the publisher.",
                f"Name the publisher first: -c {url.removesuffix(suffix)} -c {publisher}. "
                "Or take the channels as they are, in this order: --no-label-channel.",
            )
    label = _channel_like(first, name=f"{first.name}{suffix}".lstrip("/"))
    # of a folder, conda takes the last part alone for the name, and goes by it
    return [Channel(label.base_url) if label.scheme == "file" else label, *channels]


def _flat(channels: Iterable[str]) -> Iterator[Channel]:
    """Yield the channels that names stand for: for one name several, as for `defaults`."""
    for name in channels:
        if not is_local(name) and (unset := VARIABLE.findall(name)):
            raise InvalidRequestError(
                f"A channel is named with a variable that is not set: {', '.join(unset)}.",
                "Set the variable in the environment, or write what it stands for.",
            )
        try:
            urls = Channel(typed(name)).urls(with_credentials=True, subdirs=("noarch",))
        except ValueError as error:
            raise InvalidRequestError(
                f"{name!r} is not a channel: {error}.",
                "Give a channel's name, its URL or the path of its folder.",
            ) from None
        for url in urls:
            yield Channel(url.rpartition("/")[0])


def _check_read(name: str, subdirs: Iterable[str]) -> None:
    """Check that conda finds these subdirs of a channel, as named.

    Raises:
        InvalidRequestError: It looks for them somewhere else.
    """
    form = typed(name)
    if is_path(form):
        form = file_url(absolute(Path(form).expanduser()))
    urls = (form,) if "://" in form else Channel(form).base_urls
    for url in map(public, filter(None, urls)):
        folder, platform = local_path(url), Channel(url).platform or ""
        # a platform at the end only restricts a channel, unless the folder is a channel itself
        if platform and not (folder and (folder / "noarch").is_dir()):
            url = re.sub(rf"/{platform}$", "", url, flags=re.IGNORECASE)
        if problem := misread_problem(url, subdirs):
            advice = "Ask its owner for another address, or name a folder with a copy of it."
            if folder:
                advice = (
                    "Rename the folder, or name the channel by a path that does not lead through "
                    "it, such as that of a link."
                )
            raise InvalidRequestError(
                f"conda cannot read the channel {folder or url}: {problem}.", advice
            )


def _channel_like(channel: Channel, **changes: str) -> Channel:
    fields = ("scheme", "auth", "location", "token", "name")
    return Channel(**{**{field: getattr(channel, field) for field in fields}, **changes})


def _with_known_credentials(channel: Channel, known: Iterable[Channel]) -> Channel:
    """Return the channel with the credentials of the known one that it is or lies below."""
    if channel.auth or channel.token:
        return channel
    for other in known:
        below = f"{channel_url(channel)}/".startswith(f"{channel_url(other)}/")
        if below and (other.auth or other.token):
            return _channel_like(channel, auth=other.auth, token=other.token)
    return channel
