"""The earlier releases that stay installable from the same folder.

The index then holds the packages of all of them, so a release can be kept only as far as conda
chooses the newest release from it as it would without.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..files.hashing import hash_bytes
from ..queries.contents import read_records
from ..repository.manifest import Kept
from .upstream.entries import Entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import Any

    from ..repository.manifest import Manifest
    from .upstream.solve import Solution


@dataclass(frozen=True)
class KeptReleases:
    """What is kept.

    Attributes:
        releases: The releases, by number.
        entries: The archives that they need and the new release does not.
        warnings: Why others are not kept.
    """

    releases: Mapping[int, Kept]
    entries: tuple[Entry, ...]
    warnings: tuple[str, ...]


NOTHING = KeptReleases({}, (), ())


def kept_releases(
    last: Manifest | None,
    repository: Path,
    number: int,
    solutions: Iterable[Solution],
    entries: Iterable[Entry],
) -> KeptReleases:
    """Find out which releases stay beside a new one.

    The last release is one of them, unless the new one installs just the same.

    Args:
        last: The manifest of the published repository, if there is one.
        repository: Its folder.
        number: How many releases are to be there, the new one included.
        solutions: What the new one installs.
        entries: Its archives.
    """
    if last is None or number == 1:
        return NOTHING
    new = {entry.name: entry for entry in entries}
    earlier = dict(last.releases)
    if not _is_the_same(last, solutions, new):
        digest = hash_bytes(last.raw).sha256
        earlier[last.release] = Kept(last.created, digest, last.solutions)
    records = read_records(last, repository, damaged=True)
    releases: dict[int, Kept] = {}
    warnings = []
    for release in sorted(earlier, reverse=True)[: number - 1]:
        why = _hindrance(_names(earlier[release]), new, last, repository, records)
        if why:
            warnings.append(f"Release {release} cannot be kept: {why}.")
        else:
            releases[release] = earlier[release]
    names = set().union(*map(_names, releases.values())) - new.keys()
    entries = (_entry(name, last, records) for name in sorted(names))
    return KeptReleases(releases, tuple(entries), tuple(warnings))


def without(kept: KeptReleases, key: str, archives: Iterable[str]) -> KeptReleases:
    """Return what is kept without the releases that have some archives; nothing, if none has.

    Args:
        kept: What was to be kept.
        key: What conda would install the archives for, in the place of those of the new release.
        archives: As `subdir/file`.
    """
    unwanted = {*archives}
    given_up = {
        number
        for number, release in kept.releases.items()
        if not unwanted.isdisjoint(release.solutions.get(key, ()))
    } or {*kept.releases}
    releases = {
        number: release for number, release in kept.releases.items() if number not in given_up
    }
    names = set().union(*map(_names, releases.values()))
    text = (
        f"Release {', '.join(map(str, sorted(given_up)))} cannot be kept: conda would install "
        f"{', '.join(sorted(unwanted))} for {key} from it, in the place of what the new release "
        "has."
    )
    return KeptReleases(
        releases,
        tuple(entry for entry in kept.entries if entry.name in names),
        (*kept.warnings, text),
    )


def _names(release: Kept) -> set[str]:
    """Return the archives that a release installs, for whatever environment and platform."""
    return set().union(*release.solutions.values())


def _is_the_same(last: Manifest, solutions: Iterable[Solution], new: Mapping[str, Entry]) -> bool:
    """Return whether a release installs what the last one does, to the last byte."""
    chosen = {solution.key: solution.names for solution in solutions}
    return chosen == dict(last.solutions) and not any(
        _is_another(new[name], last) for names in chosen.values() for name in names
    )


def _is_another(entry: Entry, last: Manifest) -> bool:
    """Return whether an archive is another than the repository's of the same name."""
    package = last.packages.get(entry.name)
    if package is None or not entry.has_digest:
        return package is None
    return not entry.has_bytes_of(package)


def _hindrance(
    names: Iterable[str],
    new: Mapping[str, Entry],
    last: Manifest,
    repository: Path,
    records: Mapping[str, Mapping[str, Any]],
) -> str | None:
    for name in sorted(names):
        if name in new:
            if _is_another(new[name], last):
                return f"{name} has other content now"
        elif name not in records:
            return f"the index in {repository} does not have {name} any more"
        elif not (records[name].get("sha256") or records[name].get("md5")):
            return f"its channel states no digest of {name}"
        elif not _is_there(repository / name, last.packages[name].size):
            return f"{repository / name} is missing or damaged"
    return None


def _is_there(path: Path, size: int) -> bool:
    try:
        return path.is_file() and path.stat().st_size == size
    except OSError:
        return False


def _entry(name: str, last: Manifest, records: Mapping[str, Mapping[str, Any]]) -> Entry:
    subdir, _, file = name.rpartition("/")
    url = last.packages[name].url
    return Entry(subdir=subdir, file=file, record=records[name], public_url=url, url=url)
