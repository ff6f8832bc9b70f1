"""Where the files of a wheel go in a conda package, and what conda could not link.

A package is laid out as `noarch: python`: conda puts `site-packages/` and `python-scripts/` where
the Python of an environment has them, and everything else below the prefix.
"""

from __future__ import annotations

import keyword
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from ....repository.names import is_device

SCHEMES = ("purelib", "platlib", "scripts", "data", "headers")
SITE_PACKAGES, SCRIPTS = "site-packages/", "python-scripts/"
#: What another program's installation leaves in a `.dist-info`, or what is not true after it.
LEFT_OUT = ("RECORD", "RECORD.jws", "RECORD.p7s", "INSTALLER", "REQUESTED", "direct_url.json")
#: Files and folders of a prefix that mean something to conda.
CONDAS = frozenset(
    ("conda-meta", "envs", "info", "pkgs", "pyvenv.cfg", "python-scripts", "site-packages")
    + (".condarc", "condarc", "condarc.d")
)
#: What conda runs when it installs or removes a package.
LINK_SCRIPT = re.compile(r"\..+-(?:pre|post)-(?:un)?link\.(?:sh|bat)", re.IGNORECASE)
NATIVE = re.compile(r"\.(?:so|pyd|dylib|dll)$|\.so\.\d", re.IGNORECASE)
ENTRY_POINT = re.compile(r"([\w.]+)\s*:\s*([\w.]+)\s*(?:\[.*\])?")
COMMAND = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
#: Bytes, of Linux; other systems count letters.
LONGEST_NAME = 255
WINDOWS_FORBIDS = re.compile(r'[<>:"|?*]')


@dataclass(frozen=True)
class Member:
    """A file of a wheel.

    Attributes:
        name: In the wheel.
        scheme: `purelib`, `platlib`, `scripts`, `data` or `headers`.
        path: Below the folder of its scheme.
    """

    name: str
    scheme: str
    path: str


@dataclass(frozen=True)
class Contents:
    """What of the content of a wheel, beside its metadata, shapes its package.

    Attributes:
        distribution: The project's name as the file name of the wheel has it.
        dist_info: The name of its `.dist-info` folder.
        pure: Whether the wheel says that it is (`Root-Is-Purelib`).
        members: Its files.
        commands: By section of `entry_points.txt`, the names and objects of commands.
        systems: What its compiled libraries are for: `linux`, `osx` or `win`.
    """

    distribution: str
    dist_info: str
    pure: bool
    members: tuple[Member, ...]
    commands: tuple[tuple[str, str], ...]
    systems: frozenset[str]

    @property
    def libraries(self) -> tuple[str, ...]:
        """The names of its compiled libraries."""
        return tuple(member.name for member in self.members if NATIVE.search(member.name))

    @property
    def by_minor(self) -> bool:
        """Whether its files are for a minor version of Python: headers, modules without source."""
        return any(m.scheme == "headers" or m.path.endswith(".pyc") for m in self.members)

    @property
    def entry_points(self) -> tuple[str, ...]:
        """The commands as conda writes them, without the extras that they need."""
        matches = ((name, ENTRY_POINT.fullmatch(value)) for name, value in self.commands)
        return tuple(f"{name} = {m[1]}:{m[2]}" for name, m in sorted(matches) if m)


def package_path(contents: Contents, member: Member, platform: str, python: str) -> str:
    """Return the path of a wheel's file in the package.

    Args:
        platform: The subdir of the package.
        python: Of headers, the Python that they are for, such as `3.12`.
    """
    if member.scheme in ("purelib", "platlib"):
        return f"{SITE_PACKAGES}{member.path}"
    if member.scheme == "scripts":
        return f"{SCRIPTS}{member.path}"
    if member.scheme == "headers":
        folder = "Include" if platform.startswith("win-") else f"include/python{python}"
        return f"{folder}/{contents.distribution}/{member.path}"
    return member.path


def problems(contents: Contents, subdir: str) -> Iterator[str]:
    """Yield why a package of a subdir cannot hold what a wheel has, one text for each reason."""
    windows = subdir == "noarch" or subdir.startswith("win-")
    for member in contents.members:
        if member.scheme not in SCHEMES:
            yield f"its file {member.name} is for no place that wheels know"
        elif reason := _unsafe(member.path, windows=windows):
            yield f"its file {member.name}: {reason}"
        elif member.scheme == "data" and member.path.split("/")[0].lower() in CONDAS:
            yield f"its file {member.name} would be one of conda's own in the environment"
        elif member.scheme not in ("purelib", "platlib") and LINK_SCRIPT.fullmatch(
            member.path.split("/")[-1]
        ):
            yield f"conda would run its file {member.name} when it installs the package"
    for name, value in contents.commands:
        yield from _command_problems(name, value, windows=windows)
    yield from _clashes(contents, subdir, windows=windows)


def _unsafe(path: str, *, windows: bool) -> str | None:
    parts = path.split("/")
    if path.startswith("/") or "\\" in path or ".." in parts or re.match("[A-Za-z]:", path):
        return "its path leads out of the environment"
    if "" in parts or "." in parts or any(ord(character) < 32 for character in path):
        return "its path is not one that files have"
    if any(len(part.encode("utf-8", "replace")) > LONGEST_NAME for part in parts):
        return "its name is longer than names of files may be"
    if windows and any(
        is_device(part) or part.endswith((".", " ")) or WINDOWS_FORBIDS.search(part)
        for part in parts
    ):
        return "Windows cannot have a file of this name"
    return None


def _command_problems(name: str, value: str, *, windows: bool) -> Iterator[str]:
    if not COMMAND.fullmatch(name) or (windows and is_device(name)):
        yield f"its command {name!r} has a name that conda cannot make a file of"
    match = ENTRY_POINT.fullmatch(value)
    names = ".".join(match.groups()).split(".") if match else []
    if not names or not all(n.isidentifier() and not keyword.iskeyword(n) for n in names):
        yield f"its command {name!r} is {value!r}, and conda needs MODULE:FUNCTION"


def _clashes(contents: Contents, subdir: str, *, windows: bool) -> Iterator[str]:
    """Yield which files would be one file in the environment."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for member in contents.members:
        path = package_path(contents, member, subdir, "3")
        for folder in _script_folders(subdir) if path.startswith(SCRIPTS) else ("",):
            places[folder + path.removeprefix(SCRIPTS)].append(member.name)
    for name, _ in contents.commands:
        for folder in _script_folders(subdir):
            files = (f"{name}.exe", f"{name}-script.py") if folder == "Scripts/" else (name,)
            for file in files:
                places[folder + file].append(f"the command {name}")
    same: defaultdict[str, list[str]] = defaultdict(list)
    for path, sources in places.items():
        same[path.casefold() if windows else path] += sources
    clashes = {" and ".join(sources) for sources in same.values() if len(sources) > 1}
    folders = {str(folder): path for path in same for folder in PurePosixPath(path).parents}
    for path in sorted(same.keys() & folders.keys()):
        yield f"{same[path][0]} would be a file, and the folder of {same[folders[path]][0]}"
    for names in sorted(clashes):
        yield f"{names} would be one file{' on Windows' if windows else ''}"


def _script_folders(subdir: str) -> tuple[str, ...]:
    """Return the folders that scripts get into, on the systems that a package is for."""
    if subdir == "noarch":
        return ("bin/", "Scripts/")
    return ("Scripts/",) if subdir.startswith("win-") else ("bin/",)
