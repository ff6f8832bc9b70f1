"""What a label asks for: options and what the last build remembers, made one checked request."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...exceptions import InvalidRequestError
from ...repository.locate import labels_in
from ...repository.manifest import Remembered
from ...repository.names import check_label, check_platform
from ..exceptions import NothingAskedError
from . import channels
from .environments import environments
from .machine import machines

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ...repository.manifest import Manifest
    from ...specs import PackageSpec
    from ..options import Options
    from .channels import ChannelSource
    from .inputs.pinned import Environment

#: What conda takes for a token in a channel's URL (`conda.common.url.split_anaconda_token`).
TOKEN = re.compile(r"[A-Za-z0-9-]+", re.ASCII)


@dataclass(frozen=True)
class Request:
    """What a label asks for, checked.

    Attributes:
        label: The customer's name.
        environments: What is wanted, an environment each, sorted by name. One without packages and
            archives stands for all that the label channel publishes.
        sources: Channels, highest priority first.
        label_source: The label channel, if it is among the sources.
        platforms: conda subdirs, sorted.
        virtual_packages: By platform, by name: `VERSION` or `VERSION=BUILD`. Platforms that
            earlier builds were for are among them, for when they come back.
        plugin: Whether the plugin itself goes along.
        keep: How many releases are to be installable from the folder.
    """

    label: str
    environments: tuple[Environment, ...]
    sources: tuple[ChannelSource, ...]
    label_source: ChannelSource | None
    platforms: tuple[str, ...]
    virtual_packages: Mapping[str, Mapping[str, str]]
    plugin: bool = False
    keep: int = 1

    @property
    def packages(self) -> tuple[PackageSpec, ...]:
        """The packages of all environments."""
        return tuple(dict.fromkeys(spec for one in self.environments for spec in one.packages))


def repository_of(options: Options) -> Path:
    """Return the folder of a label's repository.

    Raises:
        InvalidLabelError: The label cannot name a folder.
    """
    check_label(options.label)
    return options.root.absolute() / options.label


def resolve(options: Options, last: Manifest | None) -> Request:
    """Make the request of a build from its options and from the manifest of the last one.

    Everything is checked here, and nothing of it later.

    Raises:
        NothingAskedError: Neither channels nor packages are named, and there was no build yet in
            this root, which may be the wrong one.
        InvalidRequestError: A part of the request is wrong or missing.
        OfflineRepoError: A file or an environment that is named cannot be read.
    """
    _check(options)
    named = options.packages or options.environments or options.channels_named
    if last is None and not named and not options.whole:
        raise NothingAskedError(options.label, options.root.absolute(), labels_in(options.root))
    if options.whole:
        last = None
    before = last.request if last else Remembered()
    wanted = environments(options, last)
    sources, label_source = _sources(options, wanted, last)
    if not label_source and not all(one.packages or one.exact for one in wanted):
        raise InvalidRequestError(
            "No package is named.",
            "Name the packages to ship, or leave out --no-label-channel "
            "to ship all that the label channel publishes.",
        )
    platforms = _platforms(options, wanted, before)
    return Request(
        label=options.label,
        environments=wanted,
        sources=sources,
        label_source=label_source,
        platforms=platforms,
        virtual_packages=machines(platforms, before.virtual_packages, options.virtual_packages),
        plugin=before.plugin if options.plugin is None else options.plugin,
        keep=options.keep or before.keep,
    )


def remember(request: Request) -> Remembered:
    """Return what the next build of the label remembers of a request."""
    texts = {one.name: tuple(map(str, one.packages)) for one in request.environments}
    return Remembered(
        packages=texts.get("", ()),
        channels=tuple(source.url for source in request.sources),
        platforms=request.platforms,
        virtual_packages=request.virtual_packages,
        plugin=request.plugin,
        keep=request.keep,
        environments={name: packages for name, packages in texts.items() if name},
        exact=tuple(one.name for one in request.environments if one.exact),
    )


def _check(options: Options) -> None:
    if options.token and not TOKEN.fullmatch(options.token):
        raise InvalidRequestError(
            "The token has a character that conda cannot send: it knows letters, digits and '-'.",
            "Check that the token was copied whole and without quotation marks or spaces.",
        )
    if options.keep is not None and options.keep < 1:
        raise InvalidRequestError(
            f"{options.keep} releases cannot be kept.",
            "The newest is always there: give --keep 1 for it alone, or a larger number.",
        )


def _sources(
    options: Options, wanted: tuple[Environment, ...], last: Manifest | None
) -> tuple[tuple[ChannelSource, ...], ChannelSource | None]:
    """Return the channels of a request, and which of them is the label channel.

    Channels that are named go before those that an environment.yml names, and these before the
    configured ones. Where all is named exactly, the configured ones do not matter.
    """
    named = options.channels
    of_files = tuple(channel for one in wanted if not one.exact for channel in one.channels)
    archives = channels.of_archives(wanted) if options.environments else ()
    remembered = last.request.channels if last and not options.channels_named else None
    if of_files:
        named = (*named, *of_files) if options.channels_named else (*of_files, *named)
        remembered = None
    elif options.environments and not options.channels_named and all(one.exact for one in wanted):
        named, remembered = (), None
    return channels.sources(
        named,
        remembered,
        label=options.label,
        label_channel=options.label_channel,
        token=options.token,
        known=options.channels,
        others=archives,
    )


def _platforms(
    options: Options, wanted: tuple[Environment, ...], before: Remembered
) -> tuple[str, ...]:
    """Return the platforms of a request, sorted; each of them has something to install."""
    named = options.platforms or before.platforms
    listed = {platform for one in wanted for platform in one.exact} - {"noarch"}
    solved = any(not one.exact or "noarch" in one.exact for one in wanted)
    if not named:
        named = tuple(listed) if listed and not solved else (options.native_platform,)
    for platform in named:
        check_platform(platform)
        if not solved and platform not in listed:
            raise InvalidRequestError(
                f"There is nothing to install for {platform}: what is wanted is named exactly, for "
                f"{', '.join(sorted(listed))}.",
                "Name a platform that the list or lock file is for, or add one for this platform.",
            )
    return tuple(sorted(set(named)))
