"""What a customer has already, so that it need not be packed again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..exceptions import InvalidRequestError
from .release_ref import named
from .volume import Base, base_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..repository.manifest import Manifest


@dataclass(frozen=True)
class Since:
    """A release that a customer has.

    Attributes:
        label: Whose it is.
        base: Which it is.
        digests: By path, the SHA-256 digests of its files, as far as they are known.
    """

    label: str
    base: Base
    digests: Mapping[str, str]


def since(text: str, label: str | None, manifest: Manifest) -> Since:
    """Return the release that somebody names.

    Args:
        text: The number of a release that is kept, or a path; see `named.named`.
        label: Which, if a folder holds several.
        manifest: Of the release that is to be packed.

    Raises:
        InvalidRequestError: There is no such release, or it is the one that is to be packed.
        OfflineRepoError: See `named.named`.
    """
    if text.isascii() and text.isdigit() and not Path(text).exists():
        return _kept(int(text), manifest)
    found = named(text, label).manifest
    if found.raw == manifest.raw:
        raise _itself(found.build)
    digests = {name: one.sha256 for name, one in found.everything.items()}
    return Since(found.label, base_of(found), digests)


def _kept(build: int, manifest: Manifest) -> Since:
    if build == manifest.build:
        raise _itself(build)
    if build not in manifest.releases:
        there = ", ".join(map(str, sorted(manifest.releases))) or "none"
        raise InvalidRequestError(
            f"Release {build} is not kept beside release {manifest.build}; kept are: {there}.",
            "Name its offline-repo.json, a volume of it, or a folder with it.",
        )
    kept = manifest.releases[build]
    # what it kept itself is kept still, as far as it is named here
    names = {
        name
        for number, one in manifest.releases.items()
        if number <= build
        for names in one.solutions.values()
        for name in names
    }
    return Since(
        manifest.label,
        Base(build, kept.created, kept.manifest_sha256),
        {name: manifest.packages[name].sha256 for name in names},
    )


def _itself(build: int) -> InvalidRequestError:
    return InvalidRequestError(
        f"Release {build} is what would be packed: there is nothing new since.",
        "Name an older release with --since.",
    )
