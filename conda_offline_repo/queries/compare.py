"""The difference between two releases."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..repository.names import PLUGIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from ..repository.manifest import Manifest
    from .contents import ListedPackage


#: What is said of a package whose archive alone has changed.
OTHER_CONTENT = ", other content"


@dataclass(frozen=True)
class PlatformChange:
    """The changes of the packages that conda installs on a platform, sorted by name.

    Attributes:
        platform: Its name; `plugin` for the plugin's channel.
        updated: Name, old version and new version, each with its build if only that changes; the
            new one with `OTHER_CONTENT` if not even that does.
        added: Name and version.
        removed: Name and version.
    """

    platform: str
    updated: tuple[tuple[str, str, str], ...]
    added: tuple[tuple[str, str], ...]
    removed: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Difference:
    """The difference between two releases; archives are `subdir/file`.

    Attributes:
        added: New archives of packages that the subdir did not have.
        updated: New archives of packages that it had in other versions or with other content.
        removed: Archives of the old release only, replaced or not.
        transfer_bytes: Bytes that a copy to the customer moves.
        platforms: The changes for each platform that has any.
    """

    added: tuple[str, ...]
    updated: tuple[str, ...]
    removed: tuple[str, ...]
    transfer_bytes: int
    platforms: tuple[PlatformChange, ...] = ()


def subdir_and_name(archive: str) -> str:
    """Return `subdir/name` of the archive `subdir/name-version-build.extension`."""
    return archive.rsplit("-", 2)[0]


def difference(old: Manifest | None, new: Manifest) -> Difference:
    """Compare two states of a repository; without an old one, everything is added."""
    if old == new:
        return Difference((), (), (), 0)
    packages, files = (old.packages, old.files) if old else ({}, {})
    known = {subdir_and_name(archive) for archive in packages}
    changed = sorted(_changed(packages, new.packages))
    before, after = (_installed(manifest) if manifest else {} for manifest in (old, new))
    changes = [_change(p, before.get(p, {}), after.get(p, {})) for p in sorted({*before, *after})]
    return Difference(
        added=tuple(name for name in changed if subdir_and_name(name) not in known),
        updated=tuple(name for name in changed if subdir_and_name(name) in known),
        removed=tuple(sorted(packages.keys() - new.packages.keys())),
        transfer_bytes=sum(new.packages[name].size for name in changed)
        + sum(new.files[name].size for name in _changed(files, new.files))
        + len(new.content),
        platforms=tuple(c for c in changes if c.updated or c.added or c.removed),
    )


def new_licenses(
    old: Iterable[ListedPackage], new: Iterable[ListedPackage]
) -> dict[str, tuple[str, ...]]:
    """Return the licences that no old package has, each with the names of its new packages."""
    known = {package.license for package in old}
    names = defaultdict(set)
    for package in new:
        if package.license not in known:
            names[package.license].add(package.name)
    return {license: tuple(sorted(names[license])) for license in sorted(names)}


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name, file in after.items():
        if name not in before or before[name].sha256 != file.sha256:
            yield name


def _installed(manifest: Manifest) -> dict[str, dict[str, tuple[str, str, str]]]:
    """Return the version, build and digest of each package, by platform and name."""
    plugin = tuple(name for name in manifest.packages if name.startswith(f"{PLUGIN}/"))
    solutions = {**manifest.solutions, **({PLUGIN: plugin} if plugin else {})}
    installed: dict[str, dict[str, tuple[str, str, str]]] = {}
    for platform, archives in solutions.items():
        packages = installed[platform] = {}
        for archive in archives:
            name, version, end = archive.rpartition("/")[2].rsplit("-", 2)
            build = end.removesuffix(".conda").removesuffix(".tar.bz2")
            packages[name] = (version, build, manifest.packages[archive].sha256)
    return installed


def _change(
    platform: str,
    before: Mapping[str, tuple[str, str, str]],
    after: Mapping[str, tuple[str, str, str]],
) -> PlatformChange:
    updated = []
    for name in sorted(before.keys() & after.keys()):
        (old, old_build, _), (new, new_build, _) = before[name], after[name]
        if old != new:
            updated.append((name, old, new))
        elif before[name] != after[name]:
            other = OTHER_CONTENT if old_build == new_build else ""
            updated.append((name, f"{old} {old_build}", f"{new} {new_build}{other}"))
    return PlatformChange(
        platform,
        updated=tuple(updated),
        added=tuple((name, after[name][0]) for name in sorted(after.keys() - before.keys())),
        removed=tuple((name, before[name][0]) for name in sorted(before.keys() - after.keys())),
    )
