"""Which channels a request has: those that are named, of its files, remembered or configured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...exceptions import InvalidRequestError
from ..warnings import BuildWarning
from .channels import ChannelSource, flat, sources

if TYPE_CHECKING:
    from ...repository.manifest import Manifest
    from ..options import Options
    from .inputs.pinned import Environment


def sources_of(
    options: Options,
    wanted: tuple[Environment, ...],
    platforms: tuple[str, ...],
    last: Manifest | None,
) -> tuple[tuple[ChannelSource, ...], ChannelSource | None, str]:
    """Return the channels of a request, which of them is the label channel, and the publisher's.

    Channels that are named go before those of files, and the configured ones come last, if anything
    to solve has no others. Where all is named exactly, the configured ones do not matter. Channels
    that packages are named with are asked as well, as in conda.
    """
    named, from_files = options.channels, options.environments
    remembered = last.request.channels if last and not options.channels_named else None
    solved = [env for env in wanted if not env.exact]
    if any(env.channels or env.no_defaults for env in solved):
        of_files = [channel for env in solved for channel in env.channels]
        configured = options.configured if any(map(_needs_configured, solved)) else ()
        by_option = (channel for channel in named if channel not in options.configured)
        named, remembered = (*by_option, *of_files, *configured), None
    elif from_files and not options.channels_named and not solved:
        named, remembered = (), None
    files = _without_channels(wanted)
    if files and not (named or remembered):
        raise InvalidRequestError(
            f"{files} names no channel, and none is named or configured.",
            "Name the publisher's channel with -c. An environment.yml has `channels:` for it, a "
            "list of `conda list --export` has no place for it.",
        )
    exact = [archive for env in wanted for pins in env.exact.values() for archive in pins]
    specs = (spec for env in wanted for spec in env.packages)
    qualified = (spec.match.get_raw_value("channel") for spec in specs)
    return sources(
        named,
        remembered,
        label=options.label,
        label_channel=options.label_channel,
        publisher_named=options.channels_named
        or (last is not None and remembered is not None and last.request.publisher_named),
        token=options.token,
        known=options.channels,
        platforms=platforms,
        others=(
            *dict.fromkeys(pin.url.rsplit("/", 2)[0] for pin in exact if from_files),
            *(str(channel) for channel in qualified if channel),
        ),
    )


def added(
    options: Options, wanted: tuple[Environment, ...], last: Manifest | None
) -> Iterator[BuildWarning]:
    """Yield a warning if the configured channels are used for a file that names none."""
    files = _without_channels(wanted)
    if files and options.configured and (options.channels_named or not last):
        text = (
            f"{files} names no channel, so the configured ones are used: "
            f"{', '.join(flat(options.configured))}."
        )
        yield BuildWarning("added-channels", text)


def _without_channels(wanted: tuple[Environment, ...]) -> str:
    """Return the files that name no channels and need some, as a list for people."""
    return ", ".join(str(env.file) for env in wanted if env.file and _needs_configured(env))


def _needs_configured(environment: Environment) -> bool:
    """Return whether an environment has no channels of its own, and needs some."""
    return not (environment.channels or environment.no_defaults or environment.exact)
