"""The comment of a volume's zip file, as JSON: which volume it is, and the difference to what."""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any

from ..repository import reading

if TYPE_CHECKING:
    from ..repository.manifest import Manifest

FORMAT = 1
#: The keys of a `Base` in JSON.
KEYS = ("build", "created", "manifest_sha256")
#: Bytes that the comment of a zip file may have (4.4.12).
LONGEST_COMMENT = (1 << 16) - 1


@dataclass(frozen=True)
class Base:
    """The release that a difference applies to.

    Attributes:
        release: Its number.
        created: When it was published.
        manifest_sha256: The digest of its manifest's bytes.
    """

    release: int
    created: str
    manifest_sha256: str


@dataclass(frozen=True)
class VolumeInfo:
    """The comment of a volume's zip file.

    Attributes:
        number: From 1.
        base: The release that it is the difference to; None if it is of a whole release.
        first: The first path in each volume, in their order, as all paths are sorted; empty if
            unknown, as in volumes of older versions.
    """

    number: int
    volumes: int
    base: Base | None
    first: tuple[str, ...] = ()


def base_of(manifest: Manifest) -> Base:
    """Return a release as the base of a difference."""
    return Base(manifest.release, manifest.created, manifest.digest)


def dump(info: VolumeInfo) -> bytes:
    """Return the comment as bytes."""
    data: dict[str, Any] = {"format": FORMAT, "volume": info.number, "volumes": info.volumes}
    if info.base:
        data["since"] = dict(zip(KEYS, astuple(info.base), strict=True))
    comment, first = json.dumps(data, sort_keys=True), {"first": info.first}
    listed = json.dumps({**data, **first}, sort_keys=True) if info.first else comment
    return (listed if len(listed) <= LONGEST_COMMENT else comment).encode()


def parse(comment: bytes) -> VolumeInfo:
    """Return the comment of a zip file; raises ValueError, with the reason, for another one."""
    try:
        data = reading.load(comment)
        version, since = data["format"], data.get("since")
        if version == FORMAT:
            base = since and Base(
                reading.count(since["build"]),
                reading.text(since["created"]),
                reading.sha256(since["manifest_sha256"]),
            )
            info = VolumeInfo(
                reading.count(data["volume"]),
                reading.count(data["volumes"]),
                base,
                reading.texts(data.get("first", [])),
            )
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise ValueError("it is not a volume of a release, or was cut off") from error
    if version != FORMAT:
        raise ValueError(
            f"it has format {version!r}, this version of conda-offline-repo reads format {FORMAT}"
        )
    if not 1 <= info.number <= info.volumes:
        raise ValueError(f"it claims to be volume {info.number} of {info.volumes}")
    if len(info.first) not in (0, info.volumes):
        raise ValueError("it is damaged")
    return info
