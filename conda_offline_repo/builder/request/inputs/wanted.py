"""What is wanted of an environment, in the form that all inputs are brought to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class PinnedArchive:
    """An archive that is named exactly.

    Attributes:
        url: Where it lies; it may hold credentials.
        sha256: Lower-case hexadecimal, if it is stated.
        md5: The same.
    """

    url: str = field(repr=False)
    sha256: str | None = None
    md5: str | None = None


@dataclass(frozen=True)
class Environment:
    """An environment: packages that are to be solved for, or archives that are named exactly.

    Attributes:
        name: Its name in a file that has several; else empty.
        packages: MatchSpecs.
        exact: By platform, the archives; `noarch` for a list that fits every platform.
        channels: Those that the file names, highest priority first.
    """

    name: str = ""
    packages: tuple[str, ...] = ()
    exact: Mapping[str, tuple[PinnedArchive, ...]] = field(default_factory=dict)
    channels: tuple[str, ...] = field(default=(), repr=False)
