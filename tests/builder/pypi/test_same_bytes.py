"""The same wheels give the same bytes, whoever builds, when and where."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.repository.manifest import MANIFEST_NAME
from tests.support.index import served
from tests.support.running import Cold
from tests.support.tiny import TinyChannel
from tests.support.wheels import write_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.index import Index

#: What gives a process another clock.
FAKETIME = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
needs_faketime = pytest.mark.skipif(not FAKETIME, reason="Debian's libfaketime is not installed")
PLATFORMS = ("linux-64", "win-64", "osx-arm64")


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    """It has wheels of all kinds."""
    wheels = tmp_path / "wheels"
    script = {"{dist}.data/scripts/run": "#!python\nprint(1)\n", "tool/__init__.py": ""}
    headers = {"{dist}.data/headers/tool.h": "", "{dist}.data/data/share/tool.txt": "tool\n"}
    commands = "[console_scripts]\ntool = tool:main\n[gui_scripts]\nwindow = tool:main\n"
    write_wheel(wheels, "tool", requires=["fast", "stable"], files=script, entry_points=commands)
    write_wheel(wheels, "stable", tag="cp38-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64")
    write_wheel(wheels, "stable", tag="cp38-abi3-win_amd64", files=headers)
    write_wheel(wheels, "stable", tag="cp38-abi3-macosx_11_0_arm64", files=headers)
    license_file = {"fast.py": "", "{dist}.dist-info/licenses/LICENSE": "do as you like\n"}
    needs = ['colorama; sys_platform == "win32"']
    for tag in ("manylinux_2_28_x86_64", "win_amd64", "macosx_13_0_arm64"):
        write_wheel(wheels, "fast", tag=f"cp312-cp312-{tag}", requires=needs, files=license_file)
    write_wheel(wheels, "colorama", requires_python=">=3.8", files={"colorama.py": "é\n" * 9999})
    with served(wheels) as index:
        yield index


def built(folder: Path, index: Index, channel: TinyChannel, **variables: str) -> dict[str, bytes]:
    """Build as a new user with empty caches; the archives and the index of the repository."""
    conda = Cold(folder, UV_CACHE_DIR=str(folder / "uv"), UV_NO_CONFIG="1")
    platforms = (text for platform in PLATFORMS for text in ("--platform", platform))
    request = ("-c", channel.folder.as_uri(), "--override-channels", "--no-label-channel")
    place = ("--label", "bank", "--root", folder / "root")
    pip = ("python", "--pip", f"--index-url {index.url}", "--pip", "tool")
    variables = {"PIP_CONFIG_FILE": "/dev/null", **variables}
    conda.build(*place, *platforms, *request, *pip, **variables)
    repository = folder / "root" / "bank"
    return {
        path.relative_to(repository).as_posix(): path.read_bytes()
        for path in repository.glob("*/*")
        if path.name.endswith((".conda", "repodata.json"))
    }


@needs_faketime
def test_same_wheels_give_the_same_bytes(tmp_path: Path, index: Index) -> None:
    channel = TinyChannel(tmp_path / "channel")
    for platform in PLATFORMS:
        needs = ["python_abi 3.12.*"]
        channel.add("python", "3.12.4", build="0_cpython", subdir=platform, depends=needs)
        channel.add("python_abi", "3.12", build="5_cp312", subdir=platform)
    channel.add("pip", "25.0")
    channel.write()
    first = built(tmp_path / "first", index, channel, PYTHONHASHSEED="1")
    for path in index.folder.iterdir():  # other dates, and another order in the folder
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content)
        os.utime(path, (1, time.time() % 10**6))
    other = {"LD_PRELOAD": str(FAKETIME[0]), "FAKETIME": "+1d", "TZ": "Asia/Tokyo"}
    before = os.umask(0o077)
    try:
        second = built(tmp_path / "second", index, channel, PYTHONHASHSEED="2", **other)
    finally:
        os.umask(before)
    assert {name.rpartition("-")[0] for name in first if "-py_" in name} == {
        "noarch/tool-1.0",
        "noarch/colorama-1.0",
        *(f"{platform}/{name}-1.0" for platform in PLATFORMS for name in ("fast", "stable")),
    }
    assert second == first
    days = [
        json.loads((tmp_path / user / "root" / "bank" / MANIFEST_NAME).read_text())["created"][:10]
        for user in ("first", "second")
    ]
    assert days[0] < days[1], "the clock was the same"
