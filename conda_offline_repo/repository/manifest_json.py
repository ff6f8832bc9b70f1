"""Read the manifest: values of the right types and harmless names, or it is refused."""

from __future__ import annotations

from dataclasses import replace
from errno import EINVAL
from pathlib import Path
from typing import Any

from ..files.hashing import read_regular
from ..files.web import Place, is_web_page
from . import reading
from .exceptions import ManifestError, UnreadableError
from .manifest import FORMAT, MANIFEST_NAME, Kept, Manifest
from .names import (
    ATTESTATIONS,
    FINGERPRINT,
    LABEL,
    SOLVER,
    file_problem,
    is_conda_versions,
    label_problem,
    package_problem,
)
from .package import File, parse_decision, parse_package
from .reading import InvalidError
from .remembered import Remembered

#: Files that every repository has, and hardly any other folder.
REMAINS = ("SHA256SUMS", "use.sh", "use.cmd", "README.txt")
#: Digits of a release's number.
LONGEST_NUMBER = 9


def remains(folder: Path) -> bool:
    """Return whether a folder looks like a repository, even without a manifest."""
    return all((folder / name).is_file() for name in REMAINS)


def stated(folder: Place) -> Manifest:
    """Return the manifest of a repository as `read`, but raise a ManifestError without one."""
    manifest = read(folder)
    if manifest is None:
        raise ManifestError(folder / MANIFEST_NAME, "it is missing, as in an unfinished copy")
    return manifest


def present(folder: Path) -> bool:
    """Return whether a folder has a manifest, readable or not.

    Raises:
        UnreadableError: The folder cannot be read.
    """
    path = folder / MANIFEST_NAME
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError as error:
        raise UnreadableError(path, error) from error
    return True


def read(repository: Place, name: str = MANIFEST_NAME) -> Manifest | None:
    """Return the manifest of a folder, from the file `name`; None without the file.

    Raises:
        ManifestError: It is not a manifest, is of a newer format, or names a path that it must not.
        UnreadableError: The file cannot be read.
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


def parse_bytes(content: bytes, path: Place) -> Manifest:
    """Return the manifest in the content of its file.

    Raises:
        ManifestError: As `read`; names `path`.
    """
    if is_web_page(content):
        raise ManifestError(path, "it is a web page, such as one to log in or one that is missing")
    try:
        return replace(parse(reading.load(content)), raw=content)
    except InvalidError as error:
        raise ManifestError(path, str(error)) from error
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise ManifestError(path, "it is damaged") from error


def parse(data: Any) -> Manifest:
    """Return the manifest in a JSON object; a wrong one raises one of many errors."""
    if data["format"] != FORMAT:
        raise InvalidError(
            f"it has format {data['format']!r}, this version of conda-offline-repo "
            f"reads format {FORMAT}"
        )
    if not LABEL.fullmatch(reading.text(data["label"])):
        raise InvalidError(f"its label is {data['label']!r}")
    packages, request, usual = data["packages"], data["request"], Remembered()
    on_the_way, bridges = data.get("on_the_way", {}), data.get("bridges", {})
    _check_names(packages, {**data["files"], **bridges}, on_the_way)
    manifest = Manifest(
        label=data["label"],
        release=reading.count(data["build"]),
        created=reading.text(data["created"]),
        request=Remembered(
            packages=reading.texts(request["packages"]),
            channels=reading.texts(request["channels"]),
            platforms=reading.texts(request["platforms"]),
            virtual_packages={
                reading.text(platform): reading.text_by_name(values)
                for platform, values in request["virtual_packages"].items()
            },
            plugin=reading.flag(request.get("plugin", False)),
            keep=reading.count(request.get("keep", 1)),
            exclude_newer=reading.text(request.get("exclude_newer", "")),
            environments=reading.texts_by_name(request.get("environments", {})),
            exact=reading.texts(request.get("exact", [])),
            pip={
                reading.text(name): reading.texts_by_name(part)
                for name, part in request.get("pip", {}).items()
            },
            pip_as_conda=reading.flag(request.get("pip_as_conda", True)),
            index_version=reading.count(request.get("index_version", 1)),
            publisher_named=reading.flag(request.get("publisher_named", True)),
            customer_conda=reading.text(request.get("customer_conda", usual.customer_conda)),
            customer_solvers=reading.texts(
                request.get("customer_solvers", [*usual.customer_solvers])
            ),
            next_due=reading.text(request.get("next_due", "")),
            policy=dict(request.get("policy", {})),
        ),
        solutions=reading.texts_by_name(data["solutions"]),
        packages={name: parse_package(package) for name, package in packages.items()},
        files=_files(data["files"]),
        built_with=reading.text_by_name(data["built_with"]),
        on_the_way={
            name: {reading.sha256(digest): reading.count(size) for digest, size in sizes.items()}
            for name, sizes in on_the_way.items()
        },
        releases={
            _number(number): Kept(
                reading.text(kept["created"]),
                reading.sha256(kept["manifest_sha256"]),
                reading.texts_by_name(kept["solutions"]),
            )
            for number, kept in data.get("releases", {}).items()
        },
        bridges=_files(bridges),
        cutoff=reading.text(data.get("cutoff", "")),
        proved_with=reading.text_by_name(data.get("proved_with", {})),
        signers=reading.texts(data.get("signers", [])),
        pip={key: reading.text_by_name(specs) for key, specs in data.get("pip", {}).items()},
        due=reading.text(data.get("due", "")),
        withdrawn={
            _number(number): reading.text(reason)
            for number, reason in data.get("withdrawn", {}).items()
        },
        decisions=tuple(map(parse_decision, data.get("decisions", ()))),
    )
    environments = manifest.request.environments
    for name in (*environments, *manifest.request.exact, *manifest.request.pip):
        if name not in (environments or {""}) or (name and label_problem(name)):
            raise InvalidError(f"it names {name!r} as an environment")
    if not is_conda_versions(versions := manifest.request.customer_conda):
        raise InvalidError(f"it is for conda {versions!r}, which conda does not read")
    for solver in manifest.request.customer_solvers:
        if not SOLVER.fullmatch(solver):
            raise InvalidError(f"it names {solver!r} as a solver")
    for signer in manifest.signers:
        if not FINGERPRINT.fullmatch(signer):
            raise InvalidError(f"it names {signer!r} as a signer, not the fingerprint of a key")
    releases = (kept.solutions for kept in manifest.releases.values())
    for solutions in (manifest.solutions, *releases):
        if unknown := set().union(*solutions.values()).difference(packages):
            raise InvalidError(
                f"its solutions name {min(unknown)!r}, which is not among its packages"
            )
    if unknown := manifest.pip.keys() - manifest.solutions.keys():
        raise InvalidError(
            f"it has requirements of pip for {min(unknown)!r}, which it does not solve"
        )
    return manifest


def _files(values: Any) -> dict[str, File]:
    return {
        name: File(reading.sha256(file["sha256"]), reading.count(file["size"]))
        for name, file in values.items()
    }


def _number(text: str) -> int:
    """Return the number of a release, which is a key in JSON."""
    if not text.isascii() or not text.isdigit() or len(text) > LONGEST_NUMBER:
        raise ValueError(f"{text!r} is not a number")
    return int(text)


def _check_names(packages: Any, files: Any, on_the_way: Any) -> None:
    for name in packages:
        if problem := package_problem(name):
            raise InvalidError(f"it names {name!r}: {problem}")
    for name in (*files, *on_the_way):
        if file_problem(name) and (name in files or package_problem(ATTESTATIONS.sub("", name))):
            raise InvalidError(f"it names {name!r}, which is not a file of a repository")
