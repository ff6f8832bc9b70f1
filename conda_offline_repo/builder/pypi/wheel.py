"""A wheel of PyPI, or of another index, and the machine and Python that it is chosen for, as PyPI
knows them: tags of wheels, and markers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from packaging import tags
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from ...repository.package import WheelOrigin
from ...urls import file_url, public
from .exceptions import PipPlatformError

if TYPE_CHECKING:
    from datetime import datetime

    from conda.models.records import PackageRecord
    from packaging.tags import Tag

    from .index_settings import IndexSettings

#: The first part of uv's name of a platform, and the machine's name in markers.
MACHINES = {
    "linux-64": ("x86_64", "x86_64"),
    "linux-aarch64": ("aarch64", "aarch64"),
    "osx-64": ("x86_64", "x86_64"),
    "osx-arm64": ("aarch64", "arm64"),
    "win-64": ("x86_64", "AMD64"),
    "win-arm64": ("aarch64", "ARM64"),
    "win-32": ("i686", "x86"),
}
SYSTEMS = {
    "linux": {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux"},
    "osx": {"os_name": "posix", "sys_platform": "darwin", "platform_system": "Darwin"},
    "win": {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows"},
}
#: Where a machine states none, what nearly every machine of its kind has.
USUAL = {"__glibc": "2.17", "__osx": "11.0"}
#: The names of manylinux before they had the version of glibc, by that.
OLDER = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
#: The versions of glibc 2 that uv resolves for.
GLIBC_OF_UV = (17, 28, *range(31, 41))


@dataclass(frozen=True)
class Wheel:
    """A wheel.

    Attributes:
        project: Its name on PyPI, normalized (PEP 503).
        version: As its file name has it.
        file: Its file name.
        public_url: Where it lies, without secrets.
        url: Where it is downloaded from, with the credentials of its index.
        sha256: Of its bytes, in lower-case hexadecimal; empty for one by path or URL whose digest
            nobody stated.
        size: Its bytes, if they are known.
        uploaded: When it came to its index, if that says so.
    """

    project: str
    version: str
    file: str
    public_url: str
    url: str = field(repr=False)
    sha256: str = ""
    size: int | None = None
    uploaded: datetime | None = None

    @property
    def origin(self) -> WheelOrigin:
        """What the manifest says of it."""
        return WheelOrigin(self.project, self.version, self.file, self.sha256)


@dataclass(frozen=True)
class Target:
    """A machine of the customer's, with the Python of a solution.

    Attributes:
        platform: Its conda subdir.
        python: The Python's version, such as `3.12.4`.
        tags: Of the wheels that fit, the best first.
        markers: The values of the variables of environment markers (PEP 508).
    """

    platform: str
    python: str
    tags: tuple[Tag, ...] = field(repr=False)
    markers: Mapping[str, str] = field(repr=False)

    @property
    def minor(self) -> str:
        """The Python's major and minor version, such as `3.12`."""
        return ".".join(self.python.split(".")[:2])


def target_of(platform: str, machine: Mapping[str, str], python: PackageRecord) -> Target:
    """Return the target of a solution.

    Args:
        platform: A conda subdir.
        machine: The virtual packages of the customer's machine.
        python: The record of its Python.

    Raises:
        PipPlatformError: uv does not resolve for this platform.
    """
    if platform not in MACHINES:
        raise PipPlatformError(platform, MACHINES)
    minor = ".".join(python.version.split(".")[:2])
    markers = {
        **SYSTEMS[platform.partition("-")[0]],
        "platform_machine": MACHINES[platform][1],
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_version": "",
        "implementation_name": "cpython",
        "implementation_version": python.version,
        "python_full_version": python.version,
        "python_version": minor,
        "extra": "",
    }
    numbers, platforms = _numbers(minor), [*_platforms(platform, machine)]
    interpreter = f"cp{numbers[0]}{numbers[1]}"
    abi = f"{interpreter}t" if re.search(r"cp3\d+t$", python.build) else interpreter
    compiled = tags.cpython_tags(numbers, [abi], platforms)
    fitting = (*compiled, *tags.compatible_tags(numbers, interpreter, platforms))
    return Target(platform, python.version, fitting, markers)


def uv_platform(platform: str, machine: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Return uv's name of a platform, and the variables that tell uv the rest."""
    processor, system = MACHINES[platform][0], platform.partition("-")[0]
    if system == "win":
        return f"{processor}-pc-windows-msvc", {}
    if system == "osx":
        return f"{processor}-apple-darwin", {"MACOSX_DEPLOYMENT_TARGET": _version(machine, "__osx")}
    glibc = _numbers(_version(machine, "__glibc"))[1]
    known = max((minor for minor in GLIBC_OF_UV if minor <= glibc), default=GLIBC_OF_UV[0])
    return f"{processor}-manylinux_2_{known}", {}


def chosen(
    package: Mapping[str, Any], target: Target, hashes: Iterable[str], settings: IndexSettings
) -> Wheel | None:
    """Return the best wheel of a package for a machine; None if it has none.

    Args:
        package: As `Uv.ask` returns it.
        hashes: The SHA-256 digests that the request allows; none for any.
    """
    allowed = {*hashes}
    ranks = {tag: -rank for rank, tag in enumerate(target.tags)}
    fitting = []
    for candidate in package["wheels"]:
        url = candidate.get("url") or file_url(Path(candidate["path"]))
        sha256 = candidate.get("hashes", {}).get("sha256", "")
        if allowed and sha256 not in allowed:
            continue
        with suppress(InvalidWheelFilename):
            more = {"size": candidate.get("size"), "uploaded": candidate.get("upload-time")}
            wheel = replace(wheel_at(settings.with_login(url), sha256), **more)
            _, _, build, stated = parse_wheel_filename(wheel.file)
            own = [ranks[tag] for tag in stated if tag in ranks]
            fitting += [((max(own), build), wheel)] if own else []
    return max(fitting, key=itemgetter(0))[1] if fitting else None


def wheel_at(url: str, sha256: str) -> Wheel:
    """Return the wheel at a URL, which may hold credentials.

    Raises:
        InvalidWheelFilename: It is not one.
    """
    file = unquote(urlsplit(url).path.rpartition("/")[2])
    project, version, _, _ = parse_wheel_filename(file)
    folder, name = url.split("/")[-3:-1]
    if (folder, canonicalize_name(unquote(name))) == ("t", project):  # not conda's sign of a token
        url = f"{url.removesuffix(f't/{name}/{file}')}%74/{name}/{file}"
    return Wheel(str(project), str(version), file, public(url), url, sha256.lower())


def _platforms(platform: str, machine: Mapping[str, str]) -> Iterator[str]:
    """Yield what the platform part of a wheel's tag may be, the best first."""
    system, name = platform.partition("-")[0], MACHINES[platform][1].lower()
    if system == "win":
        yield "win32" if name == "x86" else f"win_{name}"
    elif system == "osx":
        yield from tags.mac_platforms(_numbers(_version(machine, "__osx")), name)
    else:
        for glibc in range(_numbers(_version(machine, "__glibc"))[1], 4, -1):
            yield f"manylinux_2_{glibc}_{name}"
            if glibc in OLDER:
                yield f"{OLDER[glibc]}_{name}"
        yield f"linux_{name}"


def _version(machine: Mapping[str, str], name: str) -> str:
    return machine.get(name, USUAL[name]).partition("=")[0]


def _numbers(version: str) -> tuple[int, int]:
    major, minor, *_ = (*map(int, re.findall(r"\d+", version)), 0)
    return major, minor
