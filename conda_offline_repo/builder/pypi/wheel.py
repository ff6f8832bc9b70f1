"""A wheel of PyPI, or of another index, and the machine that it is chosen for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...repository.package import WheelOrigin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from packaging.tags import Tag


@dataclass(frozen=True)
class Wheel:
    """A wheel.

    Attributes:
        project: Its name on PyPI, normalized (PEP 503).
        version: As its file name has it.
        file: Its file name.
        public_url: Where it lies, without secrets.
        url: Where it is downloaded from, with the credentials of its index.
        sha256: Of its bytes, in lower-case hexadecimal; empty for one by path or URL whose digest
            nobody stated.
        size: Its bytes, if they are known.
        uploaded: When it came to its index, if that says so.
    """

    project: str
    version: str
    file: str
    public_url: str
    url: str = field(repr=False)
    sha256: str = ""
    size: int | None = None
    uploaded: datetime | None = None

    @property
    def origin(self) -> WheelOrigin:
        """What the manifest says of it."""
        return WheelOrigin(self.project, self.version, self.file, self.sha256)


@dataclass(frozen=True)
class Target:
    """A machine of the customer's, with the Python of a solution.

    Attributes:
        platform: Its conda subdir.
        python: The Python's version, such as `3.12.4`.
        tags: Of the wheels that fit, the best first.
        markers: The values of the variables of environment markers (PEP 508).
    """

    platform: str
    python: str
    tags: tuple[Tag, ...] = field(repr=False)
    markers: Mapping[str, str] = field(repr=False)

    @property
    def minor(self) -> str:
        """The Python's major and minor version, such as `3.12`."""
        return ".".join(self.python.split(".")[:2])
