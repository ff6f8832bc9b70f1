"""How a request differs from that of the last build."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...repository.names import PLUGIN_PACKAGE
from ...urls import public

if TYPE_CHECKING:
    from ...repository.manifest import Remembered


#: How environments are shown that name no packages.
ALL = "all that the label channel publishes"
EXACT = "exact archives"


@dataclass(frozen=True)
class RequestChange:
    """A part of the request that is another than in the last build.

    Attributes:
        what: `packages` or `environments`, `channels`, `platforms`, `virtual_packages`, `plugin`,
            or `keep`.
        before: As it was. No packages stand for all that the label channel publishes. Of virtual
            packages just those that differ, each as `PLATFORM:NAME=VERSION[=BUILD]`. The plugin by
            the name of its package.
        after: As it is now, in the same form.
    """

    what: str
    before: tuple[str, ...]
    after: tuple[str, ...]


def changes(before: Remembered, after: Remembered) -> tuple[RequestChange, ...]:
    """Return all that differs between two requests."""
    had, has = _virtual_packages(before), _virtual_packages(after)
    if any(one.environments or one.exact for one in (before, after)):
        packages = ("environments", (_environments(before), _environments(after)))
    else:
        packages = ("packages", (before.packages, after.packages))
    pairs = {
        packages[0]: packages[1],
        "channels": (_channels(before), _channels(after)),
        "platforms": (before.platforms, after.platforms),
        "virtual_packages": (
            tuple(one for one in had if one not in has),
            tuple(one for one in has if one not in had),
        ),
        "plugin": (_plugin(before), _plugin(after)),
        "keep": ((str(before.keep),), (str(after.keep),)),
    }
    return tuple(RequestChange(what, *pair) for what, pair in pairs.items() if pair[0] != pair[1])


def _environments(request: Remembered) -> tuple[str, ...]:
    """Return what each environment is for, as a person would write it down."""
    wanted = request.environments or {"": request.packages}
    texts = (
        (name, EXACT if name in request.exact else " ".join(packages) or ALL)
        for name, packages in sorted(wanted.items())
    )
    return tuple(f"{name}: {text}" if name else text for name, text in texts)


def _channels(request: Remembered) -> tuple[str, ...]:
    """Return the channels, without secrets also where somebody has put some into a manifest."""
    return tuple(map(_channel, request.channels))


def _channel(url: str) -> str:
    try:
        return public(url)
    except ValueError:
        return "what is no URL"


def _plugin(request: Remembered) -> tuple[str, ...]:
    return (PLUGIN_PACKAGE,) if request.plugin else ()


def _virtual_packages(request: Remembered) -> tuple[str, ...]:
    return tuple(
        f"{platform}:{name}={value}"
        for platform, machine in sorted(request.virtual_packages.items())
        for name, value in sorted(machine.items())
    )
