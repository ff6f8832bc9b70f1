"""The manifest, `offline-repo.json`: what a repository is, what it holds, and for whom.

`manifest_file` reads it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MANIFEST_NAME = "offline-repo.json"
#: The manifest of the release that is on its way, and its signatures; see `transition`.
NEXT_NAME = "offline-repo.next.json"
NEXT_SIGNATURE_NAME = "offline-repo.next.json.sig"
#: Where builds of older versions wrote what is on its way. It is not believed, because it can be
#: forged without the manifest; it is a sign of an interrupted publication, and the next one removes
#: it.
JOURNAL_NAME = "offline-repo.journal.json"
#: What may lie beside manifest and signature while a publication is under way.
BESIDE = (JOURNAL_NAME, NEXT_NAME, NEXT_SIGNATURE_NAME)
#: The only index file of a repository: a stale sibling in another format would win over it.
INDEX_NAME = "repodata.json"
#: conda-index and conda tell the two sections of an index apart by the archive's extension.
SECTIONS = ("packages", "packages.conda")
FORMAT = 1


def solution_key(environment: str, platform: str) -> str:
    """Return the key of what is installed in an environment of the label on a platform."""
    return f"{environment}/{platform}" if environment else platform


def key_parts(key: str) -> tuple[str, str]:
    """Return environment and platform of a `solution_key`; no name for the only environment."""
    environment, _, platform = key.rpartition("/")
    return environment, platform


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
class Kept:
    """An earlier release that can be installed from the same folder.

    Attributes:
        created: When it was published, ISO 8601 in UTC.
        manifest_sha256: The digest of its manifest's bytes.
        solutions: As a manifest's.
    """

    created: str
    manifest_sha256: str
    solutions: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Remembered:
    """The request of the build that made the repository, without secrets.

    Attributes:
        packages: MatchSpecs of a label with a single environment that has no name; none for all
            that the label channel publishes, or if there are environments.
        channels: URLs, highest priority first.
        platforms: conda subdirs.
        virtual_packages: By platform, by name: `VERSION` or `VERSION=BUILD`.
        plugin: Whether the plugin goes along.
        keep: How many releases are to be installable.
        environments: MatchSpecs by name of the environment; none for one that is exact.
        exact: The environments whose archives were named exactly; an empty name for the one that
            has none.
    """

    packages: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    virtual_packages: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    plugin: bool = False
    keep: int = 1
    environments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    exact: tuple[str, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """What `offline-repo.json` says.

    Attributes:
        label: The customer's name.
        release: Its number, which counts up by one with each publication; `build` in the JSON.
        created: When it was published, ISO 8601 in UTC.
        request: What was asked for.
        solutions: By platform, or by `ENVIRONMENT/platform` where environments have names, the
            `subdir/file` names that are installed.
        packages: By `subdir/file`, the archives; those of the plugin's channel by
            `plugin/subdir/file`.
        files: By path, every other file but the manifest itself.
        built_with: Versions of the tools.
        on_the_way: By path, what files may hold besides what is said above, because a publication
            is under way or was interrupted: the size in bytes by SHA-256 digest. Empty when it is
            finished; see `transition`.
        releases: The earlier releases that are kept, by number.
        bridges: By path, the index files that have the entries of the release before as well; they
            take the place of the old ones on the way to this release.
        signers: Who signs it: the fingerprints of their keys, sorted; none if it is not signed.
        raw: The bytes that it was read from; none if it was not.
    """

    label: str
    release: int
    created: str
    request: Remembered
    solutions: Mapping[str, tuple[str, ...]]
    packages: Mapping[str, Package]
    files: Mapping[str, File]
    built_with: Mapping[str, str]
    on_the_way: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    releases: Mapping[int, Kept] = field(default_factory=dict)
    bridges: Mapping[str, File] = field(default_factory=dict)
    signers: tuple[str, ...] = ()
    raw: bytes = field(default=b"", compare=False, repr=False)

    @property
    def everything(self) -> dict[str, Package | File]:
        """What it names, by path: the archives and every other file."""
        return {**self.packages, **self.files}

    @property
    def size(self) -> int:
        """Bytes of all archives."""
        return sum(package.size for package in self.packages.values())

    def allowed(self, name: str) -> dict[str, int]:
        """Return what the file of this path may hold, the size by SHA-256 digest; nothing if
        unnamed.
        """
        named = self.packages.get(name) or self.files.get(name)
        stated = {named.sha256: named.size} if named else {}
        return {**self.on_the_way.get(name, {}), **stated}

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the bytes that it was read from, in lower-case hexadecimal."""
        return hashlib.sha256(self.raw).hexdigest()

    @cached_property
    def content(self) -> bytes:
        """The manifest as the bytes of its file: keys sorted, one newline at the end."""
        text = json.dumps(as_dict(self), indent=2, sort_keys=True, ensure_ascii=False)
        return f"{text}\n".encode()


def as_dict(manifest: Manifest) -> dict[str, Any]:
    """The manifest as the JSON object that is written and shown."""
    request = manifest.request
    environments = {name: list(packages) for name, packages in request.environments.items()}
    on_the_way = {name: dict(found) for name, found in manifest.on_the_way.items()}
    bridges = {name: vars(file) for name, file in manifest.bridges.items()}
    releases = {
        str(build): {
            "created": kept.created,
            "manifest_sha256": kept.manifest_sha256,
            "solutions": {platform: list(names) for platform, names in kept.solutions.items()},
        }
        for build, kept in manifest.releases.items()
    }
    return {
        **({"on_the_way": on_the_way} if on_the_way else {}),
        **({"signers": list(manifest.signers)} if manifest.signers else {}),
        **({"releases": releases} if releases else {}),
        **({"bridges": bridges} if bridges else {}),
        "format": FORMAT,
        "label": manifest.label,
        "build": manifest.release,
        "created": manifest.created,
        "request": {
            "packages": list(request.packages),
            "channels": list(request.channels),
            "platforms": list(request.platforms),
            "virtual_packages": {p: dict(v) for p, v in request.virtual_packages.items()},
            **({"plugin": True} if request.plugin else {}),
            **({"keep": request.keep} if request.keep != 1 else {}),
            **({"environments": environments} if environments else {}),
            **({"exact": list(request.exact)} if request.exact else {}),
        },
        "solutions": {platform: list(names) for platform, names in manifest.solutions.items()},
        "packages": {name: vars(package) for name, package in manifest.packages.items()},
        "files": {name: vars(file) for name, file in manifest.files.items()},
        "built_with": dict(manifest.built_with),
    }
