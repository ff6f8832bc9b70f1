"""What a label asks for: options and what the last build remembers, made one checked request."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conda.models.channel import Channel

from ..exceptions import InvalidRequestError
from ..repository.names import check_label, check_platform
from ..specs import check_spec
from ..urls import channel_url, typed
from .machine import assumed, parse_virtual_package

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ..repository.manifest import Manifest

#: What conda takes for a token in a channel's URL (`conda.common.url.split_anaconda_token`).
TOKEN = re.compile(r"[A-Za-z0-9-]+", re.ASCII)


@dataclass(frozen=True)
class Options:
    """What the user typed for a build, not yet checked.

    Attributes:
        label: The customer's name.
        root: Parent of the label's folder.
        packages: MatchSpecs; empty for what the last build remembers.
        channels: conda's channels, named and configured, highest priority first.
        channels_named: Whether any were named for this build, so that none are remembered.
        label_channel: Whether the publisher's label channel goes first.
        token: The publisher's token.
        platforms: conda subdirs; empty for the remembered ones.
        native_platform: The platform for want of any other.
        virtual_packages: `NAME=VERSION[=BUILD]`; empty for the remembered ones.
    """

    label: str
    root: Path
    packages: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    channels_named: bool = False
    label_channel: bool = True
    token: str | None = field(default=None, repr=False)
    platforms: tuple[str, ...] = ()
    native_platform: str = ""
    virtual_packages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """A channel of a request: its URL without secrets, and the channel with them."""

    url: str
    channel: Channel = field(repr=False, compare=False)


@dataclass(frozen=True)
class Request:
    """What a label asks for.

    Attributes:
        label: The customer's name.
        packages: MatchSpecs, sorted; empty for all that the label channel publishes.
        sources: Channels, highest priority first.
        label_source: The label channel, if it is among the sources.
        platforms: conda subdirs, sorted.
        virtual_packages: By platform, by name: `VERSION` or `VERSION=BUILD`.
    """

    label: str
    packages: tuple[str, ...]
    sources: tuple[Source, ...]
    label_source: Source | None
    platforms: tuple[str, ...]
    virtual_packages: Mapping[str, Mapping[str, str]]


def check(options: Options) -> None:
    """Check all that can be checked without reading or asking anything.

    Raises:
        InvalidLabelError: The label cannot name a folder.
        InvalidRequestError: A package, platform or virtual package is not one.
    """
    check_label(options.label)
    if options.token and not TOKEN.fullmatch(options.token):
        raise InvalidRequestError(
            "The token has a character that conda cannot send: it knows letters, digits and '-'.",
            "Check that the token was copied whole and without quotation marks or spaces.",
        )
    for package in options.packages:
        check_spec(package)
    for platform in options.platforms:
        check_platform(platform)
    for text in options.virtual_packages:
        parse_virtual_package(text)


def resolve(options: Options, last: Manifest | None) -> Request:
    """Make the request of a build from its options and from the manifest of the last one.

    Raises:
        InvalidLabelError: The label cannot name a folder.
        InvalidRequestError: A part of the request is wrong or missing.
    """
    check(options)
    sources, label_source = _sources(options, last)
    packages = tuple(sorted(set(options.packages or (last.request.packages if last else ()))))
    if not packages and not label_source:
        raise InvalidRequestError(
            "No package is named.",
            "Name the packages to ship, or leave out --no-label-channel "
            "to ship all that the label channel publishes.",
        )
    remembered = last.request.platforms if last else ()
    platforms = tuple(sorted(set(options.platforms or remembered or (options.native_platform,))))
    for platform in platforms:
        check_platform(platform)
    machines = last.request.virtual_packages if last and not options.virtual_packages else {}
    return Request(
        label=options.label,
        packages=packages,
        sources=sources,
        label_source=label_source,
        platforms=platforms,
        virtual_packages={
            platform: dict(machines[platform])
            if platform in machines
            else assumed(platform, options.virtual_packages)
            for platform in platforms
        },
    )


def _sources(options: Options, last: Manifest | None) -> tuple[tuple[Source, ...], Source | None]:
    """The channels in order, and which of them is the label channel."""
    configured = tuple(_flat(options.channels))
    suffix = f"/label/{options.label}"
    if last and not options.channels_named:
        urls = last.request.channels
        if not options.label_channel:
            urls = tuple(url for url in urls if not url.endswith(suffix))
        channels = [_with_known_credentials(Channel(url), configured) for url in urls]
        publisher = urls[0].removesuffix(suffix) if urls else ""
    elif not configured:
        raise InvalidRequestError(
            "No channel is named or configured.", "Name the publisher's channel with -c."
        )
    else:
        channels = list(configured)
        publisher = channel_url(configured[0])
        if options.label_channel:
            first = configured[0]
            name = f"{first.name}{suffix}".lstrip("/")
            channels.insert(0, _channel_like(first, name=name))
    if options.token:
        channels = [
            _channel_like(channel, token=options.token)
            if f"{channel_url(channel)}/".startswith(f"{publisher}/")
            else channel
            for channel in channels
        ]
    sources = tuple(Source(channel_url(channel), channel) for channel in channels)
    by_url: dict[str, Source] = {}
    for source in sources:
        by_url.setdefault(source.url, source)
    unique = tuple(by_url.values())
    is_label = bool(unique) and unique[0].url.endswith(suffix) and options.label_channel
    return unique, unique[0] if is_label else None


def _flat(channels: Iterable[str]) -> Iterable[Channel]:
    """The channels that names stand for; one name may stand for several, as `defaults` does."""
    for name in channels:
        try:
            urls = Channel(typed(name)).urls(with_credentials=True, subdirs=("noarch",))
        except ValueError as error:
            raise InvalidRequestError(
                f"{name!r} is not a channel: {error}.",
                "Give a channel's name, its URL or the path of its folder.",
            ) from None
        for url in urls:
            channel = url.rpartition("/")[0]
            if channel.startswith("file:") and channel.endswith(("/t", "/%74")):
                raise InvalidRequestError(
                    f"{name!r} is a folder named 't', which conda takes for a part of a token.",
                    "Rename the folder.",
                )
            yield Channel(channel)


def _channel_like(channel: Channel, **changes: str) -> Channel:
    parts = {
        "scheme": channel.scheme,
        "auth": channel.auth,
        "location": channel.location,
        "token": channel.token,
        "name": channel.name,
    }
    return Channel(**{**parts, **changes})


def _with_known_credentials(channel: Channel, known: Iterable[Channel]) -> Channel:
    """`channel` with the credentials of the configured channel that it is or lies below."""
    for other in known:
        if f"{channel_url(channel)}/".startswith(f"{channel_url(other)}/") and (
            other.auth or other.token
        ):
            return _channel_like(channel, auth=other.auth, token=other.token)
    return channel
