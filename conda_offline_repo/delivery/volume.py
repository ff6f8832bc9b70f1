"""A volume: a zip file with files of a release, its manifest and signatures.

Every system opens it, and a release in one volume is the repository when it is extracted by hand.
Files are stored, not packed, sorted and with a fixed date, so that the same release gives the same
bytes. What the volume is of stands in the zip file's comment, as JSON.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..repository import reading

if TYPE_CHECKING:
    from ..repository.manifest import Manifest

FORMAT = 1
NO_VOLUME = "it is no volume of a release, or was cut off"


@dataclass(frozen=True)
class Base:
    """The release that a difference is to be applied to.

    Attributes:
        build: Its number.
        created: When it was published.
        manifest_sha256: The digest of its manifest's bytes.
    """

    build: int
    created: str
    manifest_sha256: str


@dataclass(frozen=True)
class Label:
    """What a volume says of itself.

    Attributes:
        number: Which it is, from 1.
        volumes: How many there are.
        base: What it is the difference to; none if it is of a whole release.
    """

    number: int
    volumes: int
    base: Base | None


def base_of(manifest: Manifest) -> Base:
    """Return a release as the base of a difference."""
    return Base(manifest.build, manifest.created, manifest.digest)


def dump(label: Label) -> bytes:
    """Return a label as the comment of a zip file."""
    data = {
        "format": FORMAT,
        "volume": label.number,
        "volumes": label.volumes,
        **({"since": vars(label.base)} if label.base else {}),
    }
    return json.dumps(data, sort_keys=True).encode()


def parse(comment: bytes) -> Label:
    """Return the label of a zip file's comment.

    Raises:
        ValueError: It has none; says why.
    """
    if not comment:
        raise ValueError(NO_VOLUME)
    try:
        data = reading.load(comment)
        if data["format"] != FORMAT:
            raise _NewerError(
                f"it has format {data['format']!r}, this version of conda-offline-repo reads "
                f"format {FORMAT}"
            )
        since = data.get("since")
        base = since and Base(
            reading.count(since["build"]),
            reading.text(since["created"]),
            reading.sha256(since["manifest_sha256"]),
        )
        label = Label(reading.count(data["volume"]), reading.count(data["volumes"]), base)
    except _NewerError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise ValueError(NO_VOLUME) from error
    if not 1 <= label.number <= label.volumes:
        raise ValueError(f"it says to be volume {label.number} of {label.volumes}")
    return label


class _NewerError(ValueError):
    """A format that is not known here."""
