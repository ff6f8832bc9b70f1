"""The manifest, `offline-repo.json`: what a repository is, what it holds, and for whom.

`manifest_json` reads it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .names import PLUGIN, attestations_name
from .package import as_json
from .remembered import ALWAYS, Remembered

if TYPE_CHECKING:
    from .package import Attestations, Decision, File, Package

MANIFEST_NAME = "offline-repo.json"
#: The manifest of the next release, and its signatures; see `transition`.
NEXT_NAME = "offline-repo.next.json"
NEXT_SIGNATURE_NAME = "offline-repo.next.json.sig"
#: Where older versions wrote what is on its way. It is not believed, because it can be forged
#: without the manifest; it shows an interrupted publication, and the next one removes it.
JOURNAL_NAME = "offline-repo.journal.json"
#: What may lie beside manifest and signature while a publication is under way.
BESIDE = (JOURNAL_NAME, NEXT_NAME, NEXT_SIGNATURE_NAME)
#: The only index file of a repository: a stale sibling in another format would win over it.
INDEX_NAME = "repodata.json"
#: The two sections of an index, by the archive's extension.
SECTIONS = ("packages", "packages.conda")
#: The sections of its version 3 (CEP 48), by the archive's extension, which their keys lack.
KINDS = ("tar.bz2", "conda", "whl")
#: The version of the index format that has them, and what reads it.
VERSION_3 = 3
NEEDED_CONDA = ">=26.7"
NEEDED_SOLVERS: tuple[str, ...] = ("rattler",)
NEEDED = "conda 26.7 or newer with the solver rattler"
FORMAT = 1


def solution_key(environment: str, platform: str) -> str:
    """Return the key of the solution of an environment on a platform."""
    return f"{environment}/{platform}" if environment else platform


def key_parts(key: str) -> tuple[str, str]:
    """Return environment and platform of a `solution_key`; no name for the only environment."""
    environment, _, platform = key.rpartition("/")
    return environment, platform


def on_platform(
    solutions: Mapping[str, tuple[str, ...]], platform: str
) -> dict[str, tuple[str, ...]]:
    """Return the solutions for a platform by the name of the environment."""
    parts = ((*key_parts(key), archives) for key, archives in solutions.items())
    return {name: archives for name, other, archives in parts if other == platform}


def package_name(archive: str) -> str:
    """Return the package's name of the archive `subdir/name-version-build.extension`."""
    return archive.rpartition("/")[2].rsplit("-", 2)[0]


def stem(archive: str) -> str:
    """Return what both archives of a build, `.conda` and `.tar.bz2`, are called."""
    return archive.removesuffix(".conda").removesuffix(".tar.bz2")


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
class Manifest:
    """The content of `offline-repo.json`.

    Attributes:
        label: The customer's name.
        release: Its number, one more with each publication; `build` in the JSON.
        created: When it was published, ISO 8601 in UTC.
        solutions: By `solution_key`, the archives that are installed, as `subdir/file`.
        packages: The archives, by `subdir/file`, in the plugin's channel `plugin/subdir/file`.
        files: Every other file but attestations and the manifest itself, by path.
        on_the_way: By path, which other content files may have while a publication is under way or
            interrupted: the size in bytes by SHA-256 digest. Empty when it is finished; see
            `transition`.
        releases: The earlier releases that are kept, by number.
        bridges: By path, the index files with the entries of the release before as well, which
            replace the old ones on the way to this release.
        pip: By `solution_key`, the MatchSpec of what stands for each requirement of pip, by the
            requirement's text without secrets.
        cutoff: The moment, ISO 8601 in UTC, that `exclude_newer` of its request came to; empty
            without.
        proved_with: The versions of the solvers that found a solution in it before it was
            published, by name.
        signers: The fingerprints of the keys that sign it, sorted; none if it is not signed.
        due: The day, ISO 8601 in UTC, until which the next release is due; empty if it is not.
        withdrawn: The releases that nobody must use any more, by number, each with the reason.
        decisions: What the policy of its request was asked about and let pass.
        raw: The bytes that it was read from, if it was.
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
    cutoff: str = ""
    proved_with: Mapping[str, str] = field(default_factory=dict)
    signers: tuple[str, ...] = ()
    pip: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    due: str = ""
    withdrawn: Mapping[int, str] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()
    raw: bytes = field(default=b"", compare=False, repr=False)

    @cached_property
    def attestations(self) -> dict[str, Attestations]:
        """The files with attestations, by path."""
        return {
            attestations_name(name, package.attestations.sha256): package.attestations
            for name, package in self.packages.items()
            if package.attestations
        }

    @cached_property
    def everything(self) -> dict[str, Package | File]:
        """The archives, their attestations and every other file, by path."""
        return {**self.packages, **self.attestations, **self.files}

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the packages."""
        return frozenset(map(package_name, self.packages))

    @cached_property
    def of_plugin(self) -> tuple[str, ...]:
        """The archives of the plugin's channel."""
        return tuple(name for name in self.packages if name.startswith(f"{PLUGIN}/"))

    def newer(self, archives: Iterable[str]) -> tuple[str, ...]:
        """Return those of some archives whose entries are in version 3 of the index format."""
        packages = self.packages
        return tuple(name for name in archives if packages[name].index_version == VERSION_3)

    @property
    def needs(self) -> Mapping[str, Any]:
        """What installs it, where not every conda does."""
        if not self.newer(set().union(*self.solutions.values())):
            return {}
        return {"conda": NEEDED_CONDA, "solvers": NEEDED_SOLVERS}

    @property
    def installable(self) -> dict[int, Manifest | Kept]:
        """The releases that can be installed, by number: those that are kept and this one."""
        return {**self.releases, self.release: self}

    @property
    def size(self) -> int:
        """Bytes of all archives."""
        return sum(package.size for package in self.packages.values())

    def allowed(self, name: str) -> dict[str, int]:
        """Return the contents that a file may have: the size by SHA-256 digest."""
        file = self.everything.get(name)
        return {**self.on_the_way.get(name, {}), **({file.sha256: file.size} if file else {})}

    def allowed_file(self, file: str) -> dict[str, int]:
        """Return the same for all archives of a file name, in whatever subdir."""
        names = {*self.packages, *self.on_the_way}
        return {
            sha256: size
            for name in names
            if name.rpartition("/")[2] == file
            for sha256, size in self.allowed(name).items()
        }

    def specs(self, environment: str, platform: str) -> tuple[str, ...]:
        """Return the MatchSpecs that an environment installs on a platform: those of the request,
        and of what stands for requirements of pip.
        """
        named = self.request.environments.get(environment, self.request.packages)
        return (*named, *self.pip.get(solution_key(environment, platform), {}).values())

    def exact_options(self, platform: str) -> dict[str, str]:
        """Return the options of `use` for just what the release installs on a platform.

        They are by the name of the environment; `""` for the unnamed one.
        """
        names = sorted(on_platform(self.solutions, platform))
        return {n: f"--environment {n}" if n else f"--release {self.release}" for n in names}

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of `raw`, in lower-case hexadecimal."""
        return hashlib.sha256(self.raw).hexdigest()

    @property
    def pieces(self) -> Iterator[bytes]:
        """The bytes of its file, in pieces: JSON, keys sorted, one newline at the end."""
        from .writing import pieces  # a solve of conda's needs none

        return pieces(_members(self), as_json)

    @cached_property
    def content(self) -> bytes:
        """The bytes of its file."""
        return b"".join(self.pieces)


def _members(manifest: Manifest) -> dict[str, Any]:
    """Return the members of the JSON object, with dataclasses as they are."""
    members, request = as_json(manifest), manifest.request
    members["request"] = {n: getattr(request, n) for n in ALWAYS} | as_json(request)
    for name in members.keys() & {"releases", "withdrawn"}:  # numbers, sorted as texts
        members[name] = {str(number): value for number, value in members[name].items()}
    needs = {"needs": manifest.needs} if manifest.needs else {}
    return {"format": FORMAT, "build": members.pop("release"), **members, **needs}
