"""Whether a release may take the place of what a target has."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..repository import signature
from ..repository.exceptions import ManifestError, NestedFolderError
from ..repository.locate import enclosing, labels_in
from ..repository.manifest_json import present
from ..repository.ownership import check_ours
from ..repository.transition import age
from .exceptions import (
    OlderReleaseError,
    OtherBaseError,
    OtherLabelError,
    OtherOriginError,
    PlaceError,
)
from .volume import base_of

if TYPE_CHECKING:
    from pathlib import Path

    from ..repository.manifest import Manifest
    from .source import Source


def check_place(source: Source, target: Path) -> None:
    """Refuse a folder that cannot be, or must not be, the target.

    Raises:
        PlaceError: It is the root of a volume, or the source itself.
        NestedFolderError: It lies in another repository.
        ForeignFolderError: It holds what is not ours.
    """
    label = source.manifest.label
    if not target.name or os.path.ismount(target):
        reason = "what is on its way lies beside it, on the same volume, until it is whole"
        raise PlaceError(target, label, reason)
    if target.exists() and source.place.exists() and os.path.samefile(target, source.place):
        raise PlaceError(target, label, "it is the source itself")
    around = enclosing(target.parent)
    if around:
        raise NestedFolderError(target, around, "Give a folder beside that one.")
    if not present(target) and labels_in(target):
        raise PlaceError(target, label, "it is the folder above repositories")
    check_ours(target)


def check_release(
    source: Source, target: Path, last: Manifest | None, *, allow_older: bool
) -> None:
    """Refuse a release that must not take the place of another.

    Args:
        source: What comes.
        target: The folder that it goes to.
        last: The manifest that this has; none if none can be read.
        allow_older: Whether it may be older, or of the same age and another.

    Raises:
        OtherLabelError: It is of another customer.
        OtherOriginError: It is signed by nobody who signed the other.
        OtherBaseError: It is the difference to another release.
        OlderReleaseError: It is not newer.
    """
    comes, base = source.manifest, source.base
    if last is None:
        if base:
            raise OtherBaseError(target, (base.build, base.created), None)
        return
    if comes.label != last.label:
        raise OtherLabelError(target, last.label, comes.label)
    expected = last.signers or _signers(target, last)
    if expected and {*expected}.isdisjoint(source.signers):
        raise OtherOriginError(source.place, target, source.signers, expected)
    if base and comes.raw != last.raw and base != base_of(last):
        raise OtherBaseError(target, (base.build, base.created), age(last))
    if age(comes) <= age(last) and comes.raw != last.raw and not allow_older:
        raise OlderReleaseError(target, age(last), age(comes))


def _signers(target: Path, last: Manifest) -> tuple[str, ...]:
    """Return who signed what a target has, if that can be told."""
    try:
        return signature.signers(target, last)
    except ManifestError:
        return ()
