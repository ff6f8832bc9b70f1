"""The manifest, `offline-repo.json`: what a repository is, what it holds, and for whom."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from errno import EINVAL
from functools import cached_property
from typing import TYPE_CHECKING

from ..repository import reading
from .exceptions import ManifestError, UnreadableError
from .hashing import read_regular
from .names import FINGERPRINT, LABEL, file_problem, package_problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

MANIFEST_NAME = "offline-repo.json"
#: What every repository has besides, and hardly any other folder.
REMAINS = ("SHA256SUMS", "use.sh", "use.cmd", "README.txt")
#: The only index file of a repository: a stale sibling in another format would win over it.
INDEX_NAME = "repodata.json"
#: conda-index and conda tell the two sections of an index apart by the archive's extension.
SECTIONS = ("packages", "packages.conda")
FORMAT = 1
#: Digits of a release's number.
LONGEST_NUMBER = 9


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
        solutions: By platform, the `subdir/file` names that the solver chose.
    """

    created: str
    manifest_sha256: str
    solutions: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Remembered:
    """The request of the build that made the repository, without secrets."""

    packages: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    virtual_packages: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    plugin: bool = False
    keep: int = 1


@dataclass(frozen=True)
class Manifest:
    """What `offline-repo.json` says.

    Attributes:
        label: The customer's name.
        build: Counts up by one with each publication.
        created: When it was published, ISO 8601 in UTC.
        request: What was asked for.
        solutions: By platform, the `subdir/file` names that the solver chose.
        packages: By `subdir/file`, the archives; those of the plugin's channel by
            `plugin/subdir/file`.
        files: By path, every other file but the manifest itself.
        built_with: Versions of the tools.
        on_the_way: By path, what files may hold besides what is said above, because a publication
            is under way or was interrupted: the size in bytes by SHA-256 digest. Empty when it is
            finished.
        releases: The earlier releases that are kept, by number.
        bridges: By path, the index files that have the entries of the release before as well; they
            take the place of the old ones on the way to this release.
        signers: Who signs it: the fingerprints of their keys, sorted; none if it is not signed.
        raw: The bytes that it was read from; none if it was not.
    """

    label: str
    build: int
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
    def content(self) -> bytes:
        """The manifest as the bytes of its file: keys sorted, one newline at the end."""
        text = json.dumps(as_dict(self), indent=2, sort_keys=True, ensure_ascii=False)
        return f"{text}\n".encode()


def as_dict(manifest: Manifest) -> dict[str, Any]:
    """The manifest as the JSON object that is written and shown."""
    request = manifest.request
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
        "build": manifest.build,
        "created": manifest.created,
        "request": {
            "packages": list(request.packages),
            "channels": list(request.channels),
            "platforms": list(request.platforms),
            "virtual_packages": {p: dict(v) for p, v in request.virtual_packages.items()},
            **({"plugin": True} if request.plugin else {}),
            **({"keep": request.keep} if request.keep != 1 else {}),
        },
        "solutions": {platform: list(names) for platform, names in manifest.solutions.items()},
        "packages": {name: vars(package) for name, package in manifest.packages.items()},
        "files": {name: vars(file) for name, file in manifest.files.items()},
        "built_with": dict(manifest.built_with),
    }


def remains(folder: Path) -> bool:
    """Return whether a folder without a manifest is what was copied or left of a repository."""
    return all((folder / name).is_file() for name in REMAINS)


def stated(folder: Path) -> Manifest:
    """The manifest of a folder that has one, or that is what remains of a repository.

    Raises:
        ManifestError: There is none, or as `read` does.
        UnreadableError: It may be one, but cannot be read.
    """
    found = read(folder)
    if found is None:
        raise ManifestError(
            folder / MANIFEST_NAME, "it is missing, as in a copy that is unfinished"
        )
    return found


def present(folder: Path) -> bool:
    """Return whether a folder has a manifest, or something in the place of one.

    Raises:
        UnreadableError: That cannot be found out.
    """
    path = folder / MANIFEST_NAME
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError as error:
        raise UnreadableError(path, error) from error
    return True


def read(repository: Path, name: str = MANIFEST_NAME) -> Manifest | None:
    """Read the manifest of the folder `repository`.

    Args:
        repository: The folder.
        name: Of the file.

    Returns:
        None where there is none.

    Raises:
        ManifestError: It is not a manifest, is of a newer format, or names a path that it must not.
        UnreadableError: It may be one, but cannot be read.
    """
    path = repository / name
    try:
        content = read_regular(path, reading.LARGEST)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno == EINVAL:
            raise ManifestError(path, str(error.strerror)) from error
        raise UnreadableError(path, error) from error
    return parse_bytes(content, path)


def parse_bytes(content: bytes, path: Path) -> Manifest:
    """Make a manifest of the bytes of its file.

    Raises:
        ManifestError: It is none, is of a newer format, or names a path that it must not; `path` is
            named.
    """
    try:
        return replace(parse(reading.load(content)), raw=content)
    except _Invalid as error:
        raise ManifestError(path, str(error)) from error
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise ManifestError(path, "it is damaged") from error


def parse(data: Any) -> Manifest:
    """Make a manifest of a JSON object; see `read` for what is raised by the wrong ones."""
    if data["format"] != FORMAT:
        raise _Invalid(
            f"it has format {data['format']!r}, this version of conda-offline-repo "
            f"reads format {FORMAT}"
        )
    if not LABEL.fullmatch(reading.text(data["label"])):
        raise _Invalid(f"its label is {data['label']!r}")
    on_the_way = data.get("on_the_way", {})
    bridges = data.get("bridges", {})
    _check_names(data["packages"], {**data["files"], **bridges}, on_the_way)
    request = data["request"]
    manifest = Manifest(
        label=data["label"],
        build=reading.count(data["build"]),
        created=reading.text(data["created"]),
        request=Remembered(
            packages=reading.texts(request["packages"]),
            channels=reading.texts(request["channels"]),
            platforms=reading.texts(request["platforms"]),
            virtual_packages={
                reading.text(platform): _texts_by_name(values)
                for platform, values in request["virtual_packages"].items()
            },
            plugin=reading.flag(request.get("plugin", False)),
            keep=reading.count(request.get("keep", 1)),
        ),
        solutions=_solutions(data["solutions"]),
        packages={
            name: Package(
                sha256=reading.sha256(package["sha256"]),
                md5=reading.md5(package["md5"]),
                size=reading.count(package["size"]),
                url=reading.text(package["url"]),
            )
            for name, package in data["packages"].items()
        },
        files=_files(data["files"]),
        built_with=_texts_by_name(data["built_with"]),
        on_the_way={
            name: {reading.sha256(digest): reading.count(n) for digest, n in found.items()}
            for name, found in on_the_way.items()
        },
        releases={
            _number(build): Kept(
                reading.text(kept["created"]),
                reading.sha256(kept["manifest_sha256"]),
                _solutions(kept["solutions"]),
            )
            for build, kept in data.get("releases", {}).items()
        },
        bridges=_files(data.get("bridges", {})),
        signers=reading.texts(data.get("signers", [])),
    )
    for signer in manifest.signers:
        if not FINGERPRINT.fullmatch(signer):
            raise _Invalid(f"it names {signer!r} as a signer, which is no key's fingerprint")
    for kept in (manifest.solutions, *(one.solutions for one in manifest.releases.values())):
        unknown = set().union(*kept.values()) - set(manifest.packages)
        if unknown:
            raise _Invalid(f"its solutions name {min(unknown)!r}, which is not among its packages")
    return manifest


def _solutions(values: Any) -> dict[str, tuple[str, ...]]:
    return {reading.text(platform): reading.texts(names) for platform, names in values.items()}


def _files(values: Any) -> dict[str, File]:
    return {
        name: File(reading.sha256(file["sha256"]), reading.count(file["size"]))
        for name, file in values.items()
    }


def _number(text: str) -> int:
    """Return the number of a release of a key of a JSON object."""
    if not text.isascii() or not text.isdigit() or len(text) > LONGEST_NUMBER:
        raise ValueError(f"{text!r} is no number")
    return reading.count(int(text))


def _texts_by_name(values: Any) -> dict[str, str]:
    return {reading.text(name): reading.text(value) for name, value in values.items()}


def _check_names(packages: Any, files: Any, on_the_way: Any) -> None:
    for name in packages:
        problem = package_problem(name)
        if problem:
            raise _Invalid(f"it names {name!r}: {problem}")
    for name in (*files, *on_the_way):
        if file_problem(name) and (name in files or package_problem(name)):
            raise _Invalid(f"it names {name!r}, which is no file of a repository")


class _Invalid(Exception):
    """Why a JSON object is no manifest."""
