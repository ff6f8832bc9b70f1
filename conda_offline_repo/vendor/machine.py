"""The customer's machine, as far as a solve has to know it: its virtual packages."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from ..exceptions import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Iterable

VIRTUAL_PACKAGE_FORM = "NAME=VERSION[=BUILD], for example __glibc=2.17, or NAME= to take it away"
VIRTUAL_PACKAGE_VALUE = re.compile(r"[0-9][A-Za-z0-9_.!+]*(?:=[A-Za-z0-9_.+]+)?", re.ASCII)
#: The lowest microarchitecture of a platform, in the words of archspec.
ARCHSPEC = MappingProxyType(
    {
        "64": "x86_64",
        "32": "x86",
        "aarch64": "aarch64",
        "arm64": "aarch64",
        "armv6l": "arm",
        "armv7l": "arm",
        "ppc64": "ppc64",
        "ppc64le": "ppc64le",
        "riscv64": "riscv64",
        "s390x": "s390x",
    }
)
#: Virtual packages of a modest customer machine, by the first part of the platform.
SYSTEM = MappingProxyType(
    {
        "linux": {"__unix": "0", "__linux": "4.18", "__glibc": "2.28"},
        "osx": {"__unix": "0", "__osx": "13.0"},
        "win": {"__win": "10"},
    }
)
#: Virtual packages that exist on the systems of one kind only.
SYSTEM_OF = MappingProxyType(
    {"__linux": "linux", "__glibc": "linux", "__musl": "linux", "__osx": "osx", "__win": "win"}
)


def parse_virtual_package(text: str) -> tuple[str, str]:
    """The name and the value of a virtual package as the user states it.

    Raises:
        InvalidRequestError: It is not stated as it should be.
    """
    name, separator, value = text.partition("=")
    name = name if name.startswith("__") else f"__{name}"
    if not separator or len(name) < 3 or not name[2:].replace("_", "").isalnum():
        raise InvalidRequestError(
            f"{text!r} is not a virtual package.", f"Write {VIRTUAL_PACKAGE_FORM}."
        )
    if value and not VIRTUAL_PACKAGE_VALUE.fullmatch(value):
        raise InvalidRequestError(
            f"{text!r} states no version that conda knows.", f"Write {VIRTUAL_PACKAGE_FORM}."
        )
    return name, value


def assumed(platform: str, stated: Iterable[str]) -> dict[str, str]:
    """The virtual packages of a modest machine, changed by what the user states of it.

    Args:
        platform: The conda subdir of the machine.
        stated: `NAME=VERSION[=BUILD]`, or `NAME=` for what it has not. Those that do not exist on
            such a platform are for the other platforms of the request.

    Returns:
        By name: `VERSION` or `VERSION=BUILD`.

    Raises:
        InvalidRequestError: One is not a virtual package.
    """
    system, _, machine = platform.partition("-")
    found = dict(SYSTEM.get(system, {"__unix": "0"}))
    if machine in ARCHSPEC:
        # every Apple machine of this platform has an M1 or newer
        found["__archspec"] = "1=m1" if platform == "osx-arm64" else f"1={ARCHSPEC[machine]}"
    for text in stated:
        name, value = parse_virtual_package(text)
        if SYSTEM_OF.get(name, system) != system:
            continue
        if value:
            found[name] = value
        else:
            found.pop(name, None)
    return found
