"""The installed packages of an environment, compared with those of a repository."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import context

from .._conda.transactions import installed
from ..clock import late
from ..printable import quoted, withdrawal
from ..queries.dependencies import reached, spec_name
from ..repository.manifest import Manifest, on_platform, package_name
from .environment.state import State, read_state

if TYPE_CHECKING:
    from conda.models.records import PrefixRecord

    from ..files.web import Place
    from ..repository.locate import Repository
    from ..specs import PackageSpec


def installed_release(manifest: Manifest, prefix: Path) -> int | None:
    """Return the newest release that an environment is at: of the packages that it has and that the
    release has for any of the label's environments, each is the release's.

    None if it has none of them, or its packages are of no single release that the repository has.
    """
    current = installed(prefix)
    for number, release in sorted(manifest.installable.items(), reverse=True):
        archives = {*chain(*on_platform(release.solutions, context.subdir).values())}
        shared = current.keys() & {*map(package_name, archives)}
        if shared and all(archive_of(current[name], manifest) in archives for name in shared):
            return number
    return None


def withdrawn_release(manifest: Manifest, state: State, prefix: Path) -> int:
    """Return the newest withdrawn release that an environment has used, if it has packages of the
    repository that no release there has any more; else 0.
    """
    used = {state.release, state.withdrawn} & manifest.withdrawn.keys()
    gone = used and any(
        is_from(record, state) and not archive_of(record, manifest)
        for record in installed(prefix).values()
    )
    return max(used) if gone and state.label == manifest.label else 0


def notices(place: Place, manifest: Manifest, prefix: Path) -> Iterator[str]:
    """Yield that the next release is late, and that packages are of one that is withdrawn."""
    if text := late(manifest.created, manifest.due):
        yield f"{place}: {text}"
    state = read_state(prefix)
    if state and (number := withdrawn_release(manifest, state, prefix)):
        gone = withdrawal(number, manifest.withdrawn[number])
        use = f"conda offline-repo use {quoted(place, '-p', prefix)}"
        ways = (f"`{use} {way}`" for way in manifest.exact_options(context.subdir).values())
        newest = f"or for just the newest release: {' or '.join(ways)}."
        yield f"{gone} {prefix} has packages of it. Update them, {newest}"


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
    same = {name for name, record in records.items() if archive_of(record, manifest)}
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


def differs(
    record: PrefixRecord, spec: PackageSpec, archives: Iterable[str], repository: Repository
) -> bool:
    """Return whether a spec allows other archives than the record's: of these, or if of none, of
    the newest release that has some.
    """
    manifest = repository.manifest
    releases = (r.solutions for _, r in sorted(manifest.installable.items(), reverse=True))
    kept = (chain(*on_platform(solutions, context.subdir).values()) for solutions in releases)
    for of in (archives, *kept):
        if allowed := {archive for archive in of if spec.allows(archive, repository.channel)}:
            return archive_of(record, manifest) not in allowed
    return False


def is_from(record: PrefixRecord, state: State) -> bool:
    """Return whether a package comes from the repository that its environment uses."""
    return str(record.get("url")).startswith(f"{state.channel}/{record.subdir}/")


def archive_of(record: PrefixRecord, manifest: Manifest) -> str | None:
    """Return the archive of the repository that a record is of, as far as it has a digest."""
    archive = f"{record.subdir}/{record.fn}"
    package = manifest.packages.get(archive)
    return archive if package and record.get("sha256") in (None, "", package.sha256) else None
