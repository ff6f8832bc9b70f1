"""The customer's machine, as far as a solve has to know it: its virtual packages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from archspec.cpu import TARGETS
from conda.base.context import context

from ...exceptions import InvalidRequestError
from ...repository.names import check_platform

if TYPE_CHECKING:
    from ...repository.remembered import Remembered
    from ..options import Options
    from .inputs.pinned import Environment

VIRTUAL_PACKAGE_NAME = re.compile(r"__[a-z0-9_]*[a-z0-9][a-z0-9_]*", re.ASCII)
VIRTUAL_PACKAGE_VALUE = re.compile(r"[0-9][A-Za-z0-9_.!+]*(?:=[A-Za-z0-9_.+]+)?", re.ASCII)
#: The lowest microarchitecture of a platform, in the words of archspec.
ARCHSPEC = {
    **{"64": "x86_64", "32": "x86", "arm64": "aarch64", "armv6l": "arm", "armv7l": "arm"},
    **{name: name for name in ("aarch64", "ppc64", "ppc64le", "riscv64", "s390x")},
}
#: Virtual packages of a modest customer machine, by the first part of the platform.
SYSTEM = {
    "linux": {"__unix": "0", "__linux": "4.18", "__glibc": "2.28"},
    "osx": {"__unix": "0", "__osx": "13.0"},
    "win": {"__win": "10"},
}
#: The platforms of the virtual packages that do not exist everywhere, or the first parts of these.
PLACES = {
    "__cuda": ("linux", "osx-64", "win"),
    **dict.fromkeys(("__glibc", "__linux", "__musl"), ("linux",)),
    "__osx": ("osx",),
    "__unix": ("emscripten", "freebsd", "linux", "osx", "wasi", "zos"),
    "__win": ("win",),
}
#: The virtual packages that some conda, or another client of its channels, has.
KNOWN = (*PLACES, "__archspec", "__conda", "__cuda_arch", "__eglibc", "__freebsd", "__rocm")


@dataclass(frozen=True)
class VirtualPackageOverride:
    """What was typed of a virtual package: for which platform, None for each that can have it, its
    name, and `VERSION` or `VERSION=BUILD`, empty where the machine has no such package.
    """

    text: str
    platform: str | None
    name: str
    value: str


def parse_virtual_package(text: str) -> VirtualPackageOverride:
    """Parse `[PLATFORM:]NAME=VERSION[=BUILD]` or `[PLATFORM:]NAME=`.

    Raises:
        InvalidRequestError: The text has another form, or no machine of the platform has that, or
            its name is nearly that of a virtual package, and of none.
    """
    target, separator, value = text.partition("=")
    platform, colon, name = target.rpartition(":")
    name = name.lower() if name.startswith("__") else f"__{name.lower()}"
    is_package = separator and VIRTUAL_PACKAGE_NAME.fullmatch(name)
    if not is_package or (value and not VIRTUAL_PACKAGE_VALUE.fullmatch(value)):
        problem = "has no version that conda knows" if is_package else "is not a virtual package"
        raise InvalidRequestError(
            f"{text!r} {problem}.",
            "Write [PLATFORM:]NAME=VERSION[=BUILD], for example __glibc=2.17 or "
            "linux-64:__glibc=2.17, or [PLATFORM:]NAME= to take it away.",
        )
    if value:
        _check_known(name)
    if colon:
        check_platform(platform)
        if value and not can_be(platform, name, value):
            raise InvalidRequestError(
                f"{text!r} cannot be: no machine of {platform} has it.",
                "Name the platform of the machine that has it, or leave this out.",
            )
    return VirtualPackageOverride(text, platform if colon else None, name, value)


def machines(
    platforms: Iterable[str], remembered: Mapping[str, Mapping[str, str]], texts: Iterable[str]
) -> dict[str, dict[str, str]]:
    """Return the virtual packages of the machines that a request is for, in the form of
    `remembered`.

    A machine is as remembered, else a modest one, changed by the overrides: first by those for all
    platforms, as far as a machine of this one can have them, then by those for this one. Of two for
    the same the last counts. Other platforms stay as they are remembered, for the build that they
    come back with.

    Args:
        platforms: Of the request.
        remembered: By platform, by name: `VERSION` or `VERSION=BUILD`.
        texts: The overrides; see `parse_virtual_package`.

    Raises:
        InvalidRequestError: An override, or a remembered one, as others may have changed the
            manifest, is not a virtual package, or is for a platform that is not asked for.
    """
    platforms = tuple(platforms)
    overrides = sorted(map(parse_virtual_package, texts), key=lambda o: o.platform is not None)
    gone = {override.name for override in overrides if not override.value}
    for name in gone.difference(*remembered.values()):
        _check_known(name)
    for platform, machine in remembered.items():
        check_platform(platform)
        for name in machine.keys() - gone:
            parse_virtual_package(f"{name}={machine[name]}")
    for override in overrides:
        if override.platform not in (None, *platforms):
            raise InvalidRequestError(
                f"{override.text!r} is for a platform that this build is not for.",
                f"The platforms are: {', '.join(platforms)}. Add another with --platform.",
            )
    known = {platform: dict(machine) for platform, machine in remembered.items()}
    for platform in platforms:
        machine = known.setdefault(platform, _modest(platform))
        for override in (o for o in overrides if o.platform in (None, platform)):
            if not override.value:
                machine.pop(override.name, None)
            elif can_be(platform, override.name, override.value):
                machine[override.name] = override.value
    return known


def platforms_of(
    options: Options, wanted: tuple[Environment, ...], before: Remembered
) -> tuple[str, ...]:
    """Return the platforms of a request, sorted; each of them has something to install.

    Those that are named go before those that an environment.yml states, and these before those of
    the last build.
    """
    stated = tuple(platform for env in wanted for platform in env.platforms)
    named = options.platforms or stated or before.platforms
    listed = {platform for env in wanted for platform in (*env.exact, *env.foreign)} - {"noarch"}
    solved = any("noarch" in env.exact or not (env.exact or env.foreign) for env in wanted)
    if not named:
        named = tuple(listed) if listed and not solved else (options.native_platform,)
    for platform in named:
        check_platform(platform)
        if not solved and platform not in listed:
            raise InvalidRequestError(
                f"There is nothing to install for {platform}: archives are named exactly, for "
                f"{', '.join(sorted(listed))}.",
                "Name a platform that the list or lock file is for, or add one for this platform.",
            )
    return tuple(sorted(set(named)))


def as_conda_has(machine: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return the version and build of a machine's virtual packages, as conda has them."""
    parts = {name: value.partition("=") for name, value in machine.items()}
    return {name: (version, build or "0") for name, (version, _, build) in parts.items()}


def _check_known(name: str) -> None:
    """Raise an InvalidRequestError for a name that is nearly that of a virtual package; others may
    be those of a plugin that this machine's conda does not have.
    """
    word = name.removeprefix("__")
    near = get_close_matches(word, [known.removeprefix("__") for known in KNOWN], 1)
    if name in KNOWN or not near:
        return
    hooks = context.plugin_manager.get_hook_results("virtual_packages")
    if word not in [package.name for package in hooks]:
        raise InvalidRequestError(
            f"No conda knows the virtual package {name}. Near to it is __{near[0]}.",
            f"Write __{near[0]}. If the last build remembers {name}, take it away: "
            f"--virtual-package {name}=",
        )


def _modest(platform: str) -> dict[str, str]:
    system, _, machine = platform.partition("-")
    modest = dict(SYSTEM.get(system, {"__unix": "0"}))
    if machine in ARCHSPEC:
        # every Apple machine of this platform has an M1 or newer
        modest["__archspec"] = "1=m1" if platform == "osx-arm64" else f"1={ARCHSPEC[machine]}"
    return modest


def can_be(platform: str, name: str, value: str = "") -> bool:
    """Return whether a machine of this platform can have a virtual package, of this value if one is
    given.
    """
    system, _, machine = platform.partition("-")
    if name == "__archspec":
        lowest = TARGETS.get(ARCHSPEC.get(machine, ""))
        target = TARGETS.get(value.partition("=")[2])
        return not lowest or not target or lowest.family.name == target.family.name
    return not {system, platform}.isdisjoint(PLACES.get(name, (system,)))
