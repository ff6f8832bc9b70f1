"""The manifest as it is read: values of the right types and harmless names, or refused."""

from __future__ import annotations

from dataclasses import replace
from errno import EINVAL
from typing import TYPE_CHECKING

from ..files.hashing import read_regular
from . import reading
from .exceptions import ManifestError, UnreadableError
from .manifest import FORMAT, MANIFEST_NAME, File, Kept, Manifest, Package, Remembered
from .names import FINGERPRINT, LABEL, environment_problem, file_problem, package_problem

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

#: What every repository has besides, and hardly any other folder.
REMAINS = ("SHA256SUMS", "use.sh", "use.cmd", "README.txt")
#: Digits of a release's number.
LONGEST_NUMBER = 9


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
        release=reading.count(data["build"]),
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
            environments={
                reading.text(name): reading.texts(packages)
                for name, packages in request.get("environments", {}).items()
            },
            exact=reading.texts(request.get("exact", [])),
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
    asked = manifest.request
    for name in (*asked.environments, *asked.exact):
        if name not in (asked.environments or {""}) or (name and environment_problem(name)):
            raise _Invalid(f"it names {name!r} as an environment")
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
