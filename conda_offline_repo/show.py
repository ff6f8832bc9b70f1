"""What a repository holds, package by package."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .exceptions import ManifestError
from .manifest import INDEX_NAME

if TYPE_CHECKING:
    from .locate import Repository


@dataclass(frozen=True)
class Shown:
    """A package, as its index entry describes it; the size is in bytes."""

    name: str
    version: str
    build: str
    subdir: str
    file: str
    size: int
    license: str


@dataclass(frozen=True)
class Contents:
    """A repository and its packages, sorted by name."""

    repository: Repository
    packages: tuple[Shown, ...]


def contents(repository: Repository) -> Contents:
    """Describe every package of a repository.

    Raises:
        ManifestError: An index file does not fit the manifest.
    """
    packages = []
    for subdir in {name.partition("/")[0] for name in repository.manifest.packages}:
        path = repository.path / subdir / INDEX_NAME
        try:
            index = json.loads(path.read_bytes())
            records = {**index["packages"], **index["packages.conda"]}
            packages += [
                _shown(
                    subdir, name.partition("/")[2], records[name.partition("/")[2]], package.size
                )
                for name, package in repository.manifest.packages.items()
                if name.startswith(f"{subdir}/")
            ]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ManifestError(path, "it is missing or does not fit the manifest") from error
    return Contents(repository, tuple(sorted(packages, key=lambda p: (p.name, p.subdir, p.file))))


def _shown(subdir: str, file: str, record: dict[str, str], size: int) -> Shown:
    return Shown(
        name=record["name"],
        version=record["version"],
        build=record["build"],
        subdir=subdir,
        file=file,
        size=size,
        license=record.get("license") or "",
    )
