"""The difference between two releases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..repository.manifest import Manifest, stem
from ..repository.names import PLUGIN
from .contents import index_of

if TYPE_CHECKING:
    from ..repository.package import Package
    from .dependencies import Records

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
        origins: By name, where a package comes from that is new from a wheel, or was not from
            there before: `from PyPI`, or as `contents.index_of` calls it, or `from a channel`;
            `from another wheel` for one of the same version.
    """

    platform: str
    updated: tuple[tuple[str, str, str], ...]
    added: tuple[tuple[str, str], ...]
    removed: tuple[tuple[str, str], ...]
    origins: Mapping[str, str] = field(default_factory=dict)

    def with_origin(self, name: str, version: str) -> str:
        """Return the new version of a package with where it comes from, if that is to be told."""
        return ", ".join(filter(None, (version, self.origins.get(name))))

    @property
    def rows(self) -> list[tuple[str, str, str]]:
        """The name of each package with what it was and is, empty for nothing, sorted."""
        rows = [(name, old, self.with_origin(name, new)) for name, old, new in self.updated]
        rows += ((name, "", self.with_origin(name, version)) for name, version in self.added)
        return sorted((*rows, *((name, version, "") for name, version in self.removed)))


@dataclass(frozen=True)
class _Installed:
    """A package that conda installs on a platform."""

    version: str
    build: str
    package: Package

    @property
    def index(self) -> str | None:
        """Where its wheel came from; None if it is of a channel."""
        return index_of(self.package.url) if self.package.wheel else None


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


def at_release(manifest: Manifest, number: int) -> Manifest:
    """Return a release that can be installed with its own packages, and the plugin's, alone.

    Of one that is kept nothing else is known.
    """
    release = manifest.installable[number]
    names = {*manifest.of_plugin}.union(*release.solutions.values())
    packages = {name: package for name, package in manifest.packages.items() if name in names}
    lost: dict[str, Any] = {} if release is manifest else {"files": {}, "proved_with": {}}
    known = replace(manifest, release=number, created=release.created, packages=packages)
    return replace(known, solutions=release.solutions, **lost)


def difference(old: Manifest | None, new: Manifest) -> Difference:
    """Compare two states of a repository; without an old one, everything is added."""
    if old == new:
        return Difference((), (), (), 0)
    packages, everything = (old.packages, old.everything) if old else ({}, {})
    known = {subdir_and_name(archive) for archive in packages}
    changed = sorted(_changed(packages, new.packages))
    before, after = (_installed(manifest) if manifest else {} for manifest in (old, new))
    changes = [_change(p, before.get(p, {}), after.get(p, {})) for p in sorted({*before, *after})]
    return Difference(
        added=tuple(name for name in changed if subdir_and_name(name) not in known),
        updated=tuple(name for name in changed if subdir_and_name(name) in known),
        removed=tuple(sorted(packages.keys() - new.packages.keys())),
        transfer_bytes=len(new.content)
        + sum(new.everything[name].size for name in _changed(everything, new.everything)),
        platforms=tuple(c for c in changes if c.updated or c.added or c.removed),
    )


def changed_entries(
    old: Manifest | None, new: Manifest, before: Records, after: Records
) -> dict[str, tuple[str, ...]]:
    """Return the keys in which the index entries of archives that both releases have differ,
    sorted, by `subdir/file`; an archive of other content is another one.

    Args:
        before, after: The index entries of the releases.
    """
    changed = {}
    for name in sorted(before.keys() & after.keys()) if old else ():
        first, second = before[name], after[name]
        if first == second or not old or old.packages[name].sha256 != new.packages[name].sha256:
            continue
        keys = first.keys() | second.keys()
        changed[name] = tuple(sorted(k for k in keys if first.get(k, ...) != second.get(k, ...)))
    return changed


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name, file in after.items():
        if name not in before or before[name].sha256 != file.sha256:
            yield name


def _installed(manifest: Manifest) -> dict[str, dict[str, _Installed]]:
    """Return each package, by platform and name."""
    plugin = {PLUGIN: manifest.of_plugin} if manifest.of_plugin else {}
    solutions = {**manifest.solutions, **plugin}
    installed: dict[str, dict[str, _Installed]] = {}
    for platform, archives in solutions.items():
        packages = installed[platform] = {}
        for archive in archives:
            name, version, build = stem(archive.rpartition("/")[2]).rsplit("-", 2)
            packages[name] = _Installed(version, build, manifest.packages[archive])
    return installed


def _change(
    platform: str, before: Mapping[str, _Installed], after: Mapping[str, _Installed]
) -> PlatformChange:
    updated = []
    origins = {}
    for name in sorted(before.keys() & after.keys()):
        old, new = before[name], after[name]
        same_build = (old.version, old.build) == (new.version, new.build)
        if old.version != new.version:
            updated.append((name, old.version, new.version))
        elif not same_build or old.package.sha256 != new.package.sha256:
            other = OTHER_CONTENT if same_build else ""
            updated.append(
                (name, f"{old.version} {old.build}", f"{new.version} {new.build}{other}")
            )
        if old.index != new.index:
            origins[name] = f"from {new.index or 'a channel'}"
        elif old.version == new.version and old.package.wheel != new.package.wheel:
            origins[name] = "from another wheel"
    added = sorted(after.keys() - before.keys())
    origins |= {name: f"from {index}" for name in added if (index := after[name].index)}
    return PlatformChange(
        platform,
        updated=tuple(updated),
        added=tuple((name, after[name].version) for name in added),
        removed=tuple(
            (name, before[name].version) for name in sorted(before.keys() - after.keys())
        ),
        origins=origins,
    )
