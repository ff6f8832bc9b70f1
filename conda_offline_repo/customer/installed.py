"""The installed packages of an environment, compared with those of a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda.base.context import context

from .._conda.transactions import installed
from ..queries.dependencies import reached, spec_name
from ..repository.manifest import on_platform, package_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from conda.models.records import PrefixRecord

    from ..repository.manifest import Manifest


def installed_release(manifest: Manifest, prefix: Path) -> int | None:
    """Return the newest release whose packages an environment has, some or all of them.

    None if it has none of them, or its packages are of no single release that the repository has.
    """
    current = installed(prefix)
    for number, release in sorted(manifest.installable.items(), reverse=True):
        for archives in on_platform(release.solutions, context.subdir).values():
            names = ((package_name(archive), archive) for archive in archives)
            shared = [(current[name], archive) for name, archive in names if name in current]
            if shared and all(_is(record, archive, manifest) for record, archive in shared):
                return number
    return None


def unnamed(manifest: Manifest, prefix: Path) -> tuple[PrefixRecord, ...]:
    """Return the installed packages, by name, that no release of the repository names by its
    digest: neither the newest nor one that is kept.
    """
    md5s = {package.md5 for package in manifest.packages.values()}
    return tuple(
        record
        for _, record in sorted(installed(prefix).items())
        if not (
            record.sha256 in manifest.allowed_file(record.fn)
            if record.get("sha256")
            else record.get("md5") in md5s
        )
    )


def superseded(manifest: Manifest, prefix: Path, names: Iterable[str]) -> frozenset[str]:
    """Return the installed packages that a repository, which went back, has another version of.

    Only those of these names and of what they need are returned, by name.
    """
    records = installed(prefix)
    needs = {name: [*map(spec_name, r.depends)] for name, r in records.items()}
    archives = {name: f"{record.subdir}/{record.fn}" for name, record in records.items()}
    same = {name for name, archive in archives.items() if _is(records[name], archive, manifest)}
    return frozenset(reached(names, needs) & manifest.names - same)


def replaced(manifest: Manifest, prefix: Path, names: Iterable[str]) -> frozenset[str]:
    """Return those of these packages whose bytes the repository has replaced under their name,
    version and build.
    """
    records = installed(prefix)
    changed = set()
    for record in (records[name] for name in names if name in records):
        stem = f"{record.subdir}/{record.name}-{record.version}-{record.build}"
        paths = (f"{stem}.conda", f"{stem}.tar.bz2")
        digests = {manifest.packages[path].sha256 for path in paths if path in manifest.packages}
        if digests and record.get("sha256") and record.sha256 not in digests:
            changed.add(record.name)
    return frozenset(changed)


def _is(record: PrefixRecord, archive: str, manifest: Manifest) -> bool:
    """Return whether a record is of this archive of the repository, as far as it has a digest."""
    package = manifest.packages.get(archive)
    digests = (None, "", package.sha256) if package else ()
    return f"{record.subdir}/{record.fn}" == archive and record.get("sha256") in digests
