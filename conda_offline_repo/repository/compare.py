"""What changes for the customer from one build to the next."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .manifest import Manifest


@dataclass(frozen=True)
class Difference:
    """The archives that come and go, as `subdir/file`.

    Attributes:
        added: New ones of packages that the subdir did not have.
        updated: New ones of packages that it had in other versions or with other content.
        removed: Those that are no longer there, replaced or not.
        transfer_bytes: Bytes that a copy to the customer has to move.
    """

    added: tuple[str, ...]
    updated: tuple[str, ...]
    removed: tuple[str, ...]
    transfer_bytes: int


def package_name(archive: str) -> str:
    """`subdir/name` of the archive `subdir/name-version-build.extension`."""
    return archive.rsplit("-", 2)[0]


def difference(old: Manifest | None, new: Manifest) -> Difference:
    """Compare two states of a repository; without an old one, all is added."""
    if old == new:
        return Difference((), (), (), 0)
    before = old.packages if old else {}
    had = defaultdict(list)
    for name in before:
        had[package_name(name)].append(name)
    fresh = sorted(
        name
        for name, package in new.packages.items()
        if name not in before or before[name].sha256 != package.sha256
    )
    files = sum(
        file.size
        for name, file in new.files.items()
        if not old or name not in old.files or old.files[name].sha256 != file.sha256
    )
    return Difference(
        added=tuple(name for name in fresh if package_name(name) not in had),
        updated=tuple(name for name in fresh if package_name(name) in had),
        removed=tuple(sorted(set(before) - set(new.packages))),
        transfer_bytes=sum(new.packages[name].size for name in fresh) + files + len(new.content),
    )
