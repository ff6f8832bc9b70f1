"""Requirements of pip, as the lines of a requirements file have them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from packaging.markers import Marker
    from packaging.specifiers import SpecifierSet

    from .wheel import Target

HASH = re.compile(r"\s+--hash[=\s]\s*(\w+):([0-9A-Fa-f]+)")


@dataclass(frozen=True)
class PipRequirement:
    """A requirement.

    Attributes:
        text: As it was typed, in the form of `PipPart.requirements`.
        project: The normalized name.
        hashes: The SHA-256 digests of wheels that may be taken; none for any.
    """

    text: str
    project: str
    extras: frozenset[str]
    specifier: SpecifierSet
    hashes: frozenset[str]
    url: str | None
    marker: Marker | None


def parse(text: str) -> PipRequirement:
    """Return the requirement of a checked line of `PipPart.requirements`."""
    hashes = {digest.lower() for name, digest in HASH.findall(text) if name == "sha256"}
    requirement = Requirement(HASH.sub("", text).strip())
    url = requirement.url
    if url and (stated := re.search(r"sha256=([0-9A-Fa-f]{64})", urlsplit(url).fragment)):
        hashes.add(stated[1].lower())
    return PipRequirement(
        text,
        canonicalize_name(requirement.name),
        frozenset(map(canonicalize_name, requirement.extras)),
        requirement.specifier,
        frozenset(hashes),
        url,
        requirement.marker,
    )


def active(texts: tuple[str, ...], target: Target) -> tuple[PipRequirement, ...]:
    """Return the requirements that hold on a machine."""
    return tuple(
        requirement
        for requirement in map(parse, texts)
        if requirement.marker is None or requirement.marker.evaluate(dict(target.markers))
    )


def line_for_uv(requirement: PipRequirement, urls: Mapping[str, str]) -> str:
    """Return a requirement as uv reads it: without its marker, which holds, and without digests,
    which uv does not compare; with the credentials of its URL.
    """
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    if requirement.url:
        return f"{requirement.project}{extras} @ {urls.get(requirement.url, requirement.url)}"
    return f"{requirement.project}{extras}{requirement.specifier}"
