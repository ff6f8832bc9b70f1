"""What the tags of a wheel (PEP 425, PEP 600) ask of a machine and its Python, in conda's words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.utils import parse_wheel_filename

if TYPE_CHECKING:
    from packaging.tags import Tag

    from ..wheel import Target

#: The versions of glibc that manylinux had names for before it had their numbers.
MANYLINUX = {"1": (2, 5), "2010": (2, 12), "2014": (2, 17)}


@dataclass(frozen=True)
class Bounds:
    """What the tags of a wheel ask for.

    Attributes:
        pythons: The Pythons that they admit.
        abi: The binary interface of Python, such as `cp312`; empty if they name none.
        anywhere: Whether they admit every platform.
        system: The match specification of a virtual package; may be empty.
    """

    pythons: SpecifierSet
    abi: str
    anywhere: bool
    system: str


def bounds_of(file: str, target: Target) -> Bounds | None:
    """Return what the tags of a wheel that fit a target ask for, or None if none does."""
    rank = {tag: index for index, tag in enumerate(target.tags)}
    fitting = sorted((t for t in parse_wheel_filename(file)[3] if t in rank), key=rank.__getitem__)
    if not fitting:
        return None
    best = fitting[0]
    name, least = min(map(_system, (tag.platform for tag in fitting)), key=itemgetter(1))
    system = f"{name} >={'.'.join(map(str, least))}" if least else name
    abi = best.abi if best.abi not in ("none", "abi3", "abi3t") else ""
    anywhere = (best.abi, best.platform) == ("none", "any")
    return Bounds(_pythons(best), abi, anywhere, system)


def minor_only(minor: str) -> SpecifierSet:
    """Return the Pythons of a minor version, such as `3.12`."""
    major, number = map(int, minor.split("."))
    return SpecifierSet(f">={minor},<{major}.{number + 1}")


def free_threaded_abi(target: Target) -> str:
    """Return the binary interface of a target's free-threaded Python, or nothing."""
    return next((tag.abi for tag in target.tags if re.fullmatch(r"cp\d+t", tag.abi)), "")


def _pythons(tag: Tag) -> SpecifierSet:
    match = re.fullmatch(r"(cp|py)(\d)(\d+)", tag.interpreter)
    if match is None:
        return SpecifierSet()
    minor = f"{match[2]}.{match[3]}"
    if match[1] == "py" or tag.abi.startswith("abi3"):
        return SpecifierSet(f">={minor}")
    return minor_only(minor)


def _system(platform: str) -> tuple[str, tuple[int, ...]]:
    """Return what a platform tag asks for: a virtual package and its least version, if any."""
    if match := re.match(r"manylinux(1|2010|2014)_", platform):
        return "__glibc", MANYLINUX[match[1]]
    if match := re.match(r"(manylinux|macosx)_(\d+)_(\d+)_", platform):
        return ("__osx" if match[1] == "macosx" else "__glibc"), (int(match[2]), int(match[3]))
    return ("__win" if platform.startswith("win") else ""), ()
