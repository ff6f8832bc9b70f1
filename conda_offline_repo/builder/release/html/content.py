"""What a repository's page says of its packages."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ....printable import printable
from ....queries.contents import packages_of
from ....queries.dependencies import solved, solved_besides
from ....repository.manifest import key_parts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from ....queries.contents import ListedPackage
    from ....repository.manifest import Manifest

#: Characters of a text that a channel may have made as long as it likes.
LONGEST = 300


@dataclass(frozen=True)
class Row:
    """A package, and what else its channel and its neighbours say of it.

    Attributes:
        package: What the index says of it.
        license: Of it, safe to show.
        summary: What it is for; empty if the channel does not say.
        needed_by: The names of the packages that need it, wherever it is installed.
        releases: The earlier releases that it is kept for, if this one does not install it.
    """

    package: ListedPackage
    license: str
    summary: str
    needed_by: tuple[str, ...]
    releases: tuple[int, ...]


@dataclass(frozen=True)
class Installation:
    """What the release installs in an environment on a platform.

    Attributes:
        environment: Its name; empty if it has none.
        platform: Which one.
        packages: How many.
        size: Bytes of their archives.
        machine: The virtual packages that it counts on, as `NAME VALUE`.
    """

    environment: str
    platform: str
    packages: int
    size: int
    machine: tuple[str, ...]


def rows(
    manifest: Manifest, records: Mapping[str, Mapping[str, Any]], place: Path
) -> tuple[Row, ...]:
    """Return the packages of a release, those that are kept for earlier ones too, sorted by name.

    Args:
        manifest: What the release is.
        records: Its index entries, by `subdir/file`.
        place: Where it is, for messages.

    Raises:
        ManifestError: An entry is missing, or is nonsense.
    """
    needed_by = defaultdict(set)
    releases = defaultdict(set)
    for one in (*solved(manifest, records, place), *solved_besides(manifest, records, place)):
        for archive in one.archives.values():
            releases[archive].add(one.release)
        for name, needs in one.needs.items():
            for needed in needs:
                if needed in one.archives:
                    needed_by[one.archives[needed]].add(name)
    found = []
    for package in packages_of(manifest, records, place):
        archive = f"{package.subdir}/{package.file}"
        summary = records[archive].get("summary")
        of = releases[archive]
        found.append(
            Row(
                package,
                _shown(package.license),
                _shown(summary) if isinstance(summary, str) else "",
                tuple(sorted(needed_by[archive])),
                () if manifest.build in of else tuple(sorted(of)),
            )
        )
    return tuple(found)


def installations(manifest: Manifest) -> tuple[Installation, ...]:
    """Return what a release installs, by environment and platform."""
    found = []
    for key, names in sorted(manifest.solutions.items(), key=lambda one: key_parts(one[0])):
        environment, platform = key_parts(key)
        machine = manifest.request.virtual_packages.get(platform, {})
        found.append(
            Installation(
                environment,
                platform,
                len(names),
                sum(manifest.packages[name].size for name in names),
                tuple(f"{name} {value}" for name, value in sorted(machine.items())),
            )
        )
    return tuple(found)


def _shown(text: str) -> str:
    """Return a text of a channel in one line, of a length that fits a page."""
    line = " ".join(text.split())
    return printable(line if len(line) <= LONGEST else f"{line[:LONGEST]} …")
