"""Compiled files of noarch packages: of use to no machine, to some, or to all."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_offline_repo.builder.archives.contents import Contents
from conda_offline_repo.builder.archives.libraries import compiled_files, native_files
from conda_offline_repo.repository.package import File

LINUX = "site-packages/m/_x.cpython-312-x86_64-linux-gnu.so"
MAC = "site-packages/m/_x.cpython-312-darwin.so"
WINDOWS = "site-packages/m/_x.cp312-win_amd64.pyd"
STABLE = "site-packages/m/_x.abi3.so"


def look(paths: list[str], platform: str) -> tuple[tuple[str, ...], bool]:
    contents = Contents(dict.fromkeys(paths, File("", 0)))
    return compiled_files(native_files(Path("missing"), contents), platform, "312")


@pytest.mark.parametrize(
    ("paths", "platform"),
    [
        ([LINUX], "win-64"),
        ([LINUX], "osx-arm64"),
        ([LINUX], "linux-aarch64"),
        ([LINUX.replace("312", "311")], "linux-64"),
        ([LINUX.replace("312", "312t")], "linux-64"),
        ([LINUX.replace("gnu", "musl")], "linux-64"),
        ([LINUX.replace("cpython-312", "pypy310-pp73")], "linux-64"),
        ([MAC], "linux-64"),
        ([WINDOWS], "linux-64"),
        ([WINDOWS], "win-arm64"),
        ([WINDOWS.replace("312", "313")], "win-64"),
        (["site-packages/_x.pyd"], "osx-64"),
        ([STABLE], "win-64"),
        # what an extension module needs does not save it
        ([LINUX.replace("312", "311"), "site-packages/m.libs/libz.so.1"], "linux-64"),
        (["lib/python3.11/site-packages/_x.cpython-311-x86_64-linux-gnu.so"], "linux-64"),
        # libraries that ctypes loads
        (["site-packages/m/libz.so.1.2", "site-packages/m/liby.so"], "win-64"),
        (["site-packages/m/libz.so.1"], "osx-64"),
        (["site-packages/m/libz.dylib"], "linux-64"),
        (["lib/libz.so"], "win-64"),
    ],
)
def test_of_no_use(paths: list[str], platform: str) -> None:
    compiled, is_useless = look(["site-packages/m/__init__.py", *paths], platform)
    assert is_useless
    assert compiled
    assert {*compiled} <= {*paths}


@pytest.mark.parametrize(
    ("paths", "platform"),
    [
        ([LINUX], "linux-64"),
        ([MAC], "osx-arm64"),
        ([MAC], "osx-64"),
        ([WINDOWS], "win-64"),
        (["site-packages/_x.pyd"], "win-64"),
        ([STABLE], "osx-64"),
        ([STABLE, LINUX.replace("312", "39")], "linux-aarch64"),
        (["site-packages/m/libz.so.1"], "linux-64"),
        (["site-packages/m/z.dll"], "win-64"),
        # it may be for .NET, which has them everywhere
        (["site-packages/m/z.dll"], "linux-64"),
    ],
)
def test_of_use_to_some(paths: list[str], platform: str) -> None:
    compiled, is_useless = look(paths, platform)
    assert compiled
    assert not is_useless


@pytest.mark.parametrize(
    "paths",
    [
        [],
        ["site-packages/m/__init__.py", "site-packages/m/data.so.py", "share/libz.so"],
        # launchers, of setuptools, pip and distlib
        ["site-packages/setuptools/cli-64.exe", "site-packages/distlib/t64.exe"],
        ["site-packages/delocate/tests/data/liba.dylib", "site-packages/m/test/b.so"],
        # of cross compilers
        ["x86_64-conda-linux-gnu/sysroot/lib64/libc.so.6", "lib/gcc/x86_64/13.3.0/libgcc_s.so"],
        ["targets/x86_64-linux/lib/libcudart.so.12"],
        # one for each system, as compas has them
        ["site-packages/m/z.so", "site-packages/m/z.dll", "site-packages/m/z.dylib"],
        [LINUX, MAC, WINDOWS],
    ],
)
@pytest.mark.parametrize("platform", ["linux-64", "osx-arm64", "win-64"])
def test_for_all(paths: list[str], platform: str) -> None:
    assert look(paths, platform) == ((), False)
