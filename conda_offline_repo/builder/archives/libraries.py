"""Compiled files in packages that say of themselves that they are for every machine.

`conda pypi convert` 0.13.1 makes such a package of a wheel for one platform. Others mean it: they
have a library for each system, or none that their users load. conda-build refuses none of them
(conda/conda-build#3208), so neither are they here as long as something in them fits the machine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from .archive import read_beginnings
from .contents import SITE_PACKAGES, Contents

COMPILED = re.compile(r"\.(?:so(?:\.[0-9]+)*|dylib|dll|pyd)$")
#: A command, whose content says what it is, and the bytes that no script has.
COMMAND, LARGEST_SCRIPT = re.compile(r"(?:bin|Scripts|python-scripts)/[^/.]+(?:\.exe)?"), 1 << 16
#: How the programs of a system begin.
BEGINNINGS = {
    b"\x7fELF": "linux",
    **dict.fromkeys((b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe"), "osx"),
    b"MZ": "win",
}
#: https://docs.python.org/3/library/importlib.html#importlib.machinery.EXTENSION_SUFFIXES
EXTENSION = re.compile(r"\.(?:(?:cpython-|pypy|abi3)[^./]*\.so|(?:cp[0-9][^./]*\.)?pyd)$")
#: Where a machine looks for libraries and commands; cross compilers and the like have theirs below
#: folders of their own.
LOADED = re.compile(r"(?:lib|bin|DLLs|Scripts|Library/(?:lib|bin))/[^/]+")
#: Folders of data that tests read.
TESTS = re.compile(r"(?:^|/)(?:tests?|testing|testdata|test[-_]data)/")
#: What CPython calls machines, by conda's platform.
MACHINES = {
    "linux-64": "x86_64-linux-gnu",
    "linux-32": "i386-linux-gnu",
    "linux-aarch64": "aarch64-linux-gnu",
    "linux-ppc64le": "powerpc64le-linux-gnu",
    "linux-riscv64": "riscv64-linux-gnu",
    "linux-s390x": "s390x-linux-gnu",
    "osx-64": "darwin",
    "osx-arm64": "darwin",
    "win-32": "win32",
    "win-64": "win_amd64",
    "win-arm64": "win_arm64",
}


def native_files(path: Path, contents: Contents) -> dict[str, str]:
    """Return the compiled files of an archive that a machine finds, each with the system that it is
    for: of programs among its commands; of libraries, whose names say it, it is empty.
    """
    large = {
        name
        for name, file in contents.files.items()
        if file.size > LARGEST_SCRIPT and COMMAND.fullmatch(name)
    }
    beginnings = read_beginnings(path, large) if large else {}
    systems = ((name, system_of(content)) for name, content in sorted(beginnings.items()))
    programs = {name: system for name, system in systems if system}
    libraries = (name for name in contents.files if COMPILED.search(name) and _is_loaded(name))
    return {**dict.fromkeys(libraries, ""), **programs}


def system_of(content: bytes) -> str | None:
    """Return the system that a program or library is for, by how it begins; None if it is none."""
    return next((s for beginning, s in BEGINNINGS.items() if content.startswith(beginning)), None)


def compiled_files(
    native: Mapping[str, str], platform: str, python: str
) -> tuple[tuple[str, ...], bool]:
    """Return the compiled files of a noarch package that are not for all machines, and whether they
    are of no use to this one; they may be for another one with another Python.

    Args:
        native: See `native_files`.
        platform: conda's name of the customer's platform.
        python: The version of Python there, without dots and with a `t` for a free-threaded one,
            such as `312`; empty if there is none.
    """
    compiled = tuple(native)
    extensions = tuple(path for path in compiled if EXTENSION.search(path))
    suffixes = _suffixes(platform, python)
    if extensions and not any(
        f".{_file(path).partition('.')[2]}" in suffixes for path in extensions
    ):
        return extensions, True
    if not compiled:
        return (), False
    systems = [{system} if system else _systems(path) for path, system in native.items()]
    own = platform.partition("-")[0]
    if not any(own in possible for possible in systems):
        # .NET has libraries for every system, with the names of those for Windows
        return compiled, any(possible != {"win"} for possible in systems)
    return (compiled if set.intersection(*systems) else ()), False


def _is_loaded(path: str) -> bool:
    inside = SITE_PACKAGES.match(path) or LOADED.fullmatch(path)
    return bool(inside) and not TESTS.search(path)


def _file(path: str) -> str:
    return path.rpartition("/")[2]


def _suffixes(platform: str, python: str) -> set[str]:
    """Return the ends of the names of the extension modules that a Python imports."""
    machine = MACHINES.get(platform, platform)
    if platform.startswith("win-"):
        return {f".cp{python}-{machine}.pyd", ".pyd"}
    return {f".cpython-{python}-{machine}.so", ".abi3.so", ".so"}


def _systems(path: str) -> set[str]:
    """Return the systems that a compiled file may be for, by its name."""
    file = _file(path)
    if file.endswith((".dll", ".pyd")):
        return {"win"}
    if file.endswith(".dylib") or "darwin" in file:
        return {"osx"}
    return {"linux"} if "linux" in file or not file.endswith(".so") else {"linux", "osx"}
