"""Real records of conda-forge, and releases of them in memory."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from conda_offline_repo.repository.manifest import Manifest
from conda_offline_repo.repository.package import Package
from conda_offline_repo.repository.remembered import Remembered

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

DATA = Path(__file__).with_name("data")
_CONTENT = json.loads((DATA / "conda_forge.json").read_text())
#: The records, by `subdir/file`.
RECORDS: dict[str, dict[str, Any]] = _CONTENT["records"]
#: By platform, the archives of an environment that a solver chose.
ENVIRONMENTS: dict[str, list[str]] = _CONTENT["environments"]
CHANNEL = "https://conda.anaconda.org/conda-forge"


def closure(platform: str, *names: str) -> dict[str, str]:
    """What packages of the platform's environment need: the archives, by name, sorted."""
    by_name = {RECORDS[archive]["name"]: archive for archive in ENVIRONMENTS[platform]}
    needed: dict[str, str] = {}
    left = [*names]
    while left:
        name = left.pop()
        if name in by_name and name not in needed:  # virtual packages are not
            needed[name] = by_name[name]
            left += (spec.split()[0] for spec in RECORDS[by_name[name]]["depends"])
    return dict(sorted(needed.items()))


def package(archive: str, **more: Any) -> Package:
    """What a manifest says of an archive; its digests are made up."""
    sha256 = hashlib.sha256(archive.encode()).hexdigest()
    size = RECORDS[archive]["size"]
    return Package(sha256, sha256[:32], size, f"{CHANNEL}/{archive}", **{"scripts": {}, **more})


def manifest_of(
    solutions: Mapping[str, Iterable[str]],
    requested: Iterable[str],
    packages: Mapping[str, Package] | None = None,
    created: str = "2026-08-20T12:00:00Z",
) -> Manifest:
    """A release.

    Args:
        solutions: its archives, by platform.
        requested: MatchSpecs.
        packages: those that have something special, by archive.
        created: when it was made.
    """
    archives = sorted({archive for each in solutions.values() for archive in each})
    return Manifest(
        label="bank",
        release=1,
        created=created,
        request=Remembered(
            packages=tuple(requested), channels=(CHANNEL,), platforms=tuple(sorted(solutions))
        ),
        solutions={platform: tuple(each) for platform, each in solutions.items()},
        packages={**{archive: package(archive) for archive in archives}, **(packages or {})},
        files={},
        built_with={},
    )
