"""Read the manifest: values of the right types and harmless names, or it is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from errno import EINVAL
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

from ..files.hashing import read_regular
from ..files.web import Place, is_web_page
from . import reading
from .exceptions import ManifestError, UnreadableError
from .manifest import FORMAT, MANIFEST_NAME, Kept, Manifest
from .names import (
    ATTESTATIONS,
    FINGERPRINT,
    LABEL,
    PROJECT,
    SOLVER,
    file_problem,
    is_conda_versions,
    label_problem,
    package_problem,
    wheel_problem,
)
from .package import Attestations, Attester, Decision, File, Package, WheelOrigin
from .reading import InvalidError
from .remembered import ALWAYS, Remembered

Kind = TypeVar("Kind")

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
    packages = data["packages"]
    _check_names(packages, {**data["files"], **data.get("bridges", {})}, data.get("on_the_way", {}))
    if missing := {*ALWAYS} - data["request"].keys():
        raise KeyError(*missing)
    manifest = _parsed(Manifest, {**data, "release": data["build"]})
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


def _parsed(kind: Callable[..., Kind], values: Any) -> Kind:
    """Return the dataclass that an object of JSON states; what it lacks has its default."""
    return kind(**{name: read(values[name]) for name, read in _fields(kind) if name in values})


@cache
def _fields(kind: Any) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    """Return the names of the fields that JSON has, each with what reads its value."""
    names = [(field.name, str(field.type)) for field in fields(kind) if field.compare]
    return tuple((name, READERS.get(name) or READERS[type]) for name, type in names)


def _or_none(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else read(value)


def _each(kind: type[Any]) -> Callable[[Any], Any]:
    return lambda values: tuple(_parsed(kind, value) for value in values)


def _wheel(values: Any) -> WheelOrigin:
    origin = _parsed(WheelOrigin, values)
    if not PROJECT.fullmatch(origin.project):
        raise InvalidError(f"it names {origin.project!r} as a project of PyPI")
    if problem := wheel_problem(origin.file):
        raise InvalidError(f"it names {origin.file!r}: {problem}")
    return origin


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


#: What reads a value, by the name of its field or else by its type.
READERS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("sha256", "manifest_sha256"), reading.sha256),
    "md5": reading.md5,
    "str": reading.text,
    "int": reading.count,
    "bool": reading.flag,
    "tuple[str, ...]": reading.texts,
    "tuple[Attester, ...]": _each(Attester),
    "tuple[Decision, ...]": _each(Decision),
    "Attestations | None": _or_none(partial(_parsed, Attestations)),
    "Remembered": partial(_parsed, Remembered),
    "WheelOrigin | None": _or_none(_wheel),
    "Mapping[int, Kept]": reading.by_name(partial(_parsed, Kept), _number),
    "Mapping[int, str]": reading.by_name(reading.text, _number),
    "Mapping[str, Any]": dict,
    "Mapping[str, File]": reading.by_name(partial(_parsed, File)),
    "Mapping[str, Package]": reading.by_name(partial(_parsed, Package)),
    "Mapping[str, str]": reading.text_by_name,
    "Mapping[str, tuple[str, ...]]": reading.texts_by_name,
    "Mapping[str, tuple[str, ...]] | None": _or_none(reading.texts_by_name),
    "Mapping[str, Mapping[str, int]]": reading.by_name(
        reading.by_name(reading.count, reading.sha256)
    ),
    "Mapping[str, Mapping[str, str]]": reading.by_name(reading.text_by_name),
    "Mapping[str, Mapping[str, tuple[str, ...]]]": reading.by_name(reading.texts_by_name),
}
