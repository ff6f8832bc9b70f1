"""The manifest, `offline-repo.json`: what a repository is, what it holds, and for whom."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from .exceptions import ManifestError
from .names import archive_problem, is_device

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

MANIFEST_NAME = "offline-repo.json"
#: The only index file of a repository: a stale sibling in another format would win over it.
INDEX_NAME = "repodata.json"
#: conda-index and conda tell the two sections of an index apart by the archive's extension.
SECTIONS = ("packages", "packages.conda")
FORMAT = 1
SUBDIR = re.compile(r"[a-z0-9_]+(?:-[a-z0-9_]+)?")
FILE = re.compile(r"(?:[a-z0-9_]+(?:-[a-z0-9_]+)?/)?[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Package:
    """An archive of the repository. Digests are lower-case hexadecimal, the size is in bytes."""

    sha256: str
    md5: str
    size: int
    url: str


@dataclass(frozen=True)
class File:
    """Any other file of the repository."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Remembered:
    """The request of the build that made the repository, without secrets."""

    packages: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    virtual_packages: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """What `offline-repo.json` says.

    Attributes:
        label: The customer's name.
        build: Counts up by one with each publication.
        created: When it was published, ISO 8601 in UTC.
        request: What was asked for.
        solutions: By platform, the `subdir/file` names that the solver chose.
        packages: By `subdir/file`, the archives.
        files: By path, every other file but the manifest itself.
        built_with: Versions of the tools.
    """

    label: str
    build: int
    created: str
    request: Remembered
    solutions: Mapping[str, tuple[str, ...]]
    packages: Mapping[str, Package]
    files: Mapping[str, File]
    built_with: Mapping[str, str]

    @property
    def size(self) -> int:
        """Bytes of all archives."""
        return sum(package.size for package in self.packages.values())

    @cached_property
    def content(self) -> bytes:
        """The manifest as the bytes of its file: keys sorted, one newline at the end."""
        text = json.dumps(as_dict(self), indent=2, sort_keys=True, ensure_ascii=False)
        return f"{text}\n".encode()


def as_dict(manifest: Manifest) -> dict[str, Any]:
    """The manifest as the JSON object that is written and shown."""
    request = manifest.request
    return {
        "format": FORMAT,
        "label": manifest.label,
        "build": manifest.build,
        "created": manifest.created,
        "request": {
            "packages": list(request.packages),
            "channels": list(request.channels),
            "platforms": list(request.platforms),
            "virtual_packages": {p: dict(v) for p, v in request.virtual_packages.items()},
        },
        "solutions": {platform: list(names) for platform, names in manifest.solutions.items()},
        "packages": {name: vars(package) for name, package in manifest.packages.items()},
        "files": {name: vars(file) for name, file in manifest.files.items()},
        "built_with": dict(manifest.built_with),
    }


def read(repository: Path) -> Manifest | None:
    """Read the manifest of the folder `repository`.

    Returns:
        None where there is none.

    Raises:
        ManifestError: It is not a manifest, is of a newer format, or names a path that it must not.
    """
    path = repository / MANIFEST_NAME
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ManifestError(path, error.strerror or str(error)) from error
    try:
        return parse(json.loads(content))
    except _Invalid as error:
        raise ManifestError(path, str(error)) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ManifestError(path, "it is damaged") from error


def parse(data: Any) -> Manifest:
    """Make a manifest of a JSON object; see `read` for what is raised by the wrong ones."""
    if data["format"] != FORMAT:
        raise _Invalid(
            f"it has format {data['format']!r}, this version of conda-offline-repo "
            f"reads format {FORMAT}"
        )
    request = data["request"]
    manifest = Manifest(
        label=str(data["label"]),
        build=int(data["build"]),
        created=str(data["created"]),
        request=Remembered(
            packages=tuple(map(str, request["packages"])),
            channels=tuple(map(str, request["channels"])),
            platforms=tuple(map(str, request["platforms"])),
            virtual_packages={
                str(platform): {str(name): str(value) for name, value in values.items()}
                for platform, values in request["virtual_packages"].items()
            },
        ),
        solutions={str(p): tuple(map(str, names)) for p, names in data["solutions"].items()},
        packages={
            str(name): Package(
                sha256=str(package["sha256"]),
                md5=str(package["md5"]),
                size=int(package["size"]),
                url=str(package["url"]),
            )
            for name, package in data["packages"].items()
        },
        files={
            str(name): File(sha256=str(file["sha256"]), size=int(file["size"]))
            for name, file in data["files"].items()
        },
        built_with={str(name): str(version) for name, version in data["built_with"].items()},
    )
    _check_names(manifest)
    return manifest


def _check_names(manifest: Manifest) -> None:
    for name in manifest.packages:
        subdir, _, file = name.partition("/")
        problem = archive_problem(file)
        if problem or not SUBDIR.fullmatch(subdir) or is_device(subdir):
            raise _Invalid(f"it names {name!r}: {problem or 'not a conda subdir'}")
    for name in manifest.files:
        if not FILE.fullmatch(name) or any(map(is_device, name.split("/"))) or name.endswith("."):
            raise _Invalid(f"it names {name!r}, which is no file of a repository")
    for names in manifest.solutions.values():
        unknown = set(names) - set(manifest.packages)
        if unknown:
            raise _Invalid(f"its solutions name {min(unknown)!r}, which is not among its packages")


class _Invalid(Exception):
    """Why a JSON object is no manifest."""
