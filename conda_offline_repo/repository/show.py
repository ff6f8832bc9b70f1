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
class ListedPackage:
    """A package, as its index entry describes it; the size is in bytes."""

    name: str
    version: str
    build: str
    subdir: str
    file: str
    size: int
    license: str


def list_packages(repository: Repository) -> tuple[ListedPackage, ...]:
    """List the packages of a repository, sorted by name.

    Raises:
        ManifestError: An index file does not fit the manifest.
    """
    listed = []
    for subdir in {name.partition("/")[0] for name in repository.manifest.packages}:
        path = repository.path / subdir / INDEX_NAME
        try:
            index = json.loads(path.read_bytes())
            records = {**index["packages"], **index["packages.conda"]}
            for name, package in repository.manifest.packages.items():
                if name.startswith(f"{subdir}/"):
                    file = name.partition("/")[2]
                    listed.append(_listed(subdir, file, records[file], package.size))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ManifestError(path, "it is missing or does not fit the manifest") from error
    return tuple(sorted(listed, key=lambda package: (package.name, package.subdir, package.file)))


def _listed(subdir: str, file: str, record: dict[str, str], size: int) -> ListedPackage:
    return ListedPackage(
        name=record["name"],
        version=record["version"],
        build=record["build"],
        subdir=subdir,
        file=file,
        size=size,
        license=record.get("license") or "",
    )
