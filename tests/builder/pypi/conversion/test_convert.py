"""The package of a wheel: its files, what describes them, and that it is always the same bytes."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import subprocess
import sys
import time
import zipfile
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING

import pytest
from conda_package_streaming.package_streaming import stream_conda_component

from conda_offline_repo.builder.pypi.conversion.convert import convert
from conda_offline_repo.builder.pypi.exceptions import DamagedWheelError, UnconvertibleWheelError
from tests.support.wheels import package_of, target, write_wheel

if TYPE_CHECKING:
    import tarfile
    from pathlib import Path
    from typing import Any

    from conda_offline_repo.builder.pypi.wheel import Target

DIST_INFO = "site-packages/demo-1.0.dist-info"
LINUX_TAG = "cp312-cp312-manylinux_2_17_x86_64"
#: A file for each place that a wheel knows.
FILES = {
    "demo/__init__.py": "def main() -> None:\n    print('demo')\n",
    "demo/tool.sh": "#!/bin/sh\n",
    "demo/__pycache__/__init__.cpython-312.pyc": b"old",
    "demo/__init__.pyc": b"old",
    "demo/ünïcode-" + "x" * 120 + ".txt": "long",
    "{dist}.data/purelib/pure.py": "",
    "{dist}.data/platlib/plat.py": "",
    "{dist}.data/scripts/run": "#!python\nprint('run')\n",
    "{dist}.data/scripts/window": "#!pythonw -E\r\nprint('window')\n",
    "{dist}.data/scripts/plain.sh": "#!/bin/sh\necho plain\n",
    "{dist}.data/scripts/binary": b"\x7fELF" + bytes(range(256)) * 5000,
    "{dist}.data/data/share/demo/data.txt": "data",
    "{dist}.data/data/etc/jupyter/demo.json": "{}",
    "{dist}.dist-info/licenses/LICENSE": "free",
    "{dist}.dist-info/licenses/vendor/COPYING": "as well",
    "{dist}.dist-info/NOTICE.txt": "note",
    "{dist}.dist-info/TERMS": "terms",
    "{dist}.dist-info/INSTALLER": "pip\n",
    "{dist}.dist-info/REQUESTED": "",
    "{dist}.dist-info/direct_url.json": "{}",
    "{dist}.dist-info/RECORD.jws": "{}",
}
METADATA = (
    *("Summary: Shows things", "License-Expression: MIT", "License-File: LICENSE"),
    *("License-File: TERMS", "Project-URL: Home-page, https://example.com/demo"),
)
HERE = __file__.rpartition("/tests/")[0]


def demo(folder: Path, **options: Any) -> Path:
    """A wheel with a file for each place that a wheel knows."""
    entry_points = "[console_scripts]\ndemo = demo:main\n"
    given = {"files": FILES, "executable": ["demo/tool.sh"], "metadata": METADATA, **options}
    return write_wheel(folder, entry_points=entry_points, **given)


def converted(wheel: Path, machine: Target | None = None) -> tuple[Path, dict[str, Any]]:
    """The package of a wheel, beside it, and its record."""
    file, record = package_of(wheel, machine)
    convert(wheel, record, wheel.with_name(file))
    return wheel.with_name(file), record


def members(archive: Path) -> dict[str, tuple[tarfile.TarInfo, bytes]]:
    """The files of a package, by path, in their order, those that describe it last."""
    contents = {}
    for component in ("pkg", "info"):
        with archive.open("rb") as file:
            for tar, member in stream_conda_component(archive.name, file, component):
                stream = tar.extractfile(member)
                assert stream is not None
                contents[member.name] = (member, stream.read())
    return contents


def content(archive: Path, path: str) -> Any:
    """The JSON in a file of a package."""
    return json.loads(members(archive)[path][1])


def test_files_go_where_their_kind_belongs(tmp_path: Path) -> None:
    archive, _ = converted(demo(tmp_path))
    names = [name for name in members(archive) if not name.startswith("info/")]
    assert names[-2:] == [f"{DIST_INFO}/INSTALLER", f"{DIST_INFO}/RECORD"]
    assert names[:-2] == sorted(names[:-2])
    assert set(names[:-2]) == {
        "etc/jupyter/demo.json",
        "python-scripts/binary",
        "python-scripts/plain.sh",
        "python-scripts/run",
        "python-scripts/window",
        "share/demo/data.txt",
        *(f"{DIST_INFO}/{name}" for name in ("METADATA", "NOTICE.txt", "TERMS", "WHEEL")),
        f"{DIST_INFO}/entry_points.txt",
        f"{DIST_INFO}/licenses/LICENSE",
        f"{DIST_INFO}/licenses/vendor/COPYING",
        "site-packages/demo/__init__.py",
        "site-packages/demo/tool.sh",
        "site-packages/demo/ünïcode-" + "x" * 120 + ".txt",
        "site-packages/plat.py",
        "site-packages/pure.py",
    }


@pytest.mark.parametrize(
    ("platform", "tag", "path"),
    [
        ("linux-64", "py3-none-any", "include/python3.12/demo_kit/api/demo.h"),
        ("osx-arm64", "py3-none-any", "include/python3.12/demo_kit/api/demo.h"),
        ("win-64", "cp312-cp312-win_amd64", "Include/demo_kit/api/demo.h"),
    ],
)
def test_headers_are_those_of_a_minor_python(
    tmp_path: Path, platform: str, tag: str, path: str
) -> None:
    files = {"{dist}.data/headers/api/demo.h": "#define DEMO\n"}
    wheel = write_wheel(tmp_path, "demo-kit", tag=tag, files=files)
    archive, record = converted(wheel, target(platform))
    assert path in members(archive)
    assert record["subdir"] == platform


def test_headers_of_a_free_threaded_python(tmp_path: Path) -> None:
    files = {"{dist}.data/headers/demo.h": ""}
    machine = target(python="3.13.1", build="0_cp313t")
    for tag in ("cp313-cp313t-manylinux_2_17_x86_64", "py3-none-any"):
        archive, record = converted(write_wheel(tmp_path, tag=tag, files=files), machine)
        assert "include/python3.13t/demo/demo.h" in members(archive)
        assert "python_abi 3.13.* *_cp313t" in record["depends"]


def test_what_may_be_executed_is_what_the_wheel_says(tmp_path: Path) -> None:
    archive, _ = converted(demo(tmp_path))
    executable = {name for name, (info, _) in members(archive).items() if info.mode == 0o755}
    assert executable == {
        "site-packages/demo/tool.sh",
        *(f"python-scripts/{name}" for name in ("binary", "plain.sh", "run", "window")),
    }
    others = {info.mode for name, (info, _) in members(archive).items() if name not in executable}
    assert others == {0o644}


def test_every_member_is_of_nobody_and_of_no_time(tmp_path: Path) -> None:
    archive, record = converted(demo(tmp_path))
    for info, _ in members(archive).values():
        assert (info.uid, info.gid, info.uname, info.gname, info.mtime) == (0, 0, "", "", 0)
    stem = archive.name.removesuffix(".conda")
    with zipfile.ZipFile(archive) as package:
        assert [info.filename for info in package.infolist()] == [
            "metadata.json",
            f"pkg-{stem}.tar.zst",
            f"info-{stem}.tar.zst",
        ]
        for part in package.infolist():
            assert part.compress_type == zipfile.ZIP_STORED
            assert (part.date_time, part.create_system) == ((1980, 1, 1, 0, 0, 0), 3)
        assert json.loads(package.read("metadata.json")) == {"conda_pkg_format_version": 2}
    assert content(archive, "info/index.json") == record


@pytest.mark.parametrize(
    ("platform", "lines"),
    [
        ("linux-64", ("bin/python", "bin/python")),
        ("win-64", ("python.exe", "pythonw.exe")),
    ],
)
def test_scripts_start_the_python_of_the_environment(
    tmp_path: Path, platform: str, lines: tuple[str, str]
) -> None:
    wheel = demo(tmp_path, requires=['b; sys_platform == "darwin"'])
    archive, record = converted(wheel, target(platform))
    assert record["subdir"] == platform
    contents = members(archive)
    prefix = "/opt/anaconda1anaconda2anaconda3"
    for script, line in zip(("run", "window"), lines, strict=True):
        expected = f"#!{prefix}/{line}\nprint('{script}')\n"
        assert contents[f"python-scripts/{script}"][1].decode() == expected
    entries = {e["_path"]: e for e in content(archive, "info/paths.json")["paths"]}
    replaced = {path for path, entry in entries.items() if "prefix_placeholder" in entry}
    assert replaced == {"python-scripts/run", "python-scripts/window"}
    assert entries["python-scripts/run"]["prefix_placeholder"] == prefix
    assert entries["python-scripts/run"]["file_mode"] == "text"


def test_package_is_described(tmp_path: Path) -> None:
    archive, _ = converted(demo(tmp_path))
    contents = members(archive)
    installed = sorted(name for name in contents if not name.startswith("info/"))
    paths = content(archive, "info/paths.json")
    assert paths["paths_version"] == 1
    assert [entry["_path"] for entry in paths["paths"]] == installed
    for entry in paths["paths"]:
        data = contents[entry["_path"]][1]
        assert entry["sha256"] == hashlib.sha256(data).hexdigest()
        assert (entry["size_in_bytes"], entry["path_type"]) == (len(data), "hardlink")
    assert contents["info/files"][1].decode().splitlines() == installed
    assert content(archive, "info/link.json") == {
        "noarch": {"entry_points": ["demo = demo:main"], "type": "python"},
        "package_metadata_version": 1,
    }
    assert content(archive, "info/about.json") == {
        "home": "https://example.com/demo",
        "license": "MIT",
        "summary": "Shows things",
    }
    licenses = {
        name.removeprefix("info/licenses/"): data.decode()
        for name, (_, data) in contents.items()
        if name.startswith("info/licenses/")
    }
    assert licenses == {
        "LICENSE": "free",
        "NOTICE.txt": "note",
        "TERMS": "terms",
        "vendor/COPYING": "as well",
    }


@pytest.mark.parametrize(
    ("platform", "tag", "outside"),
    [
        ("linux-64", "py3-none-any", []),
        (
            "linux-64",
            LINUX_TAG,
            ["bin/binary", "bin/plain.sh", "etc/jupyter/demo.json", "share/demo/data.txt"],
        ),
        (
            "win-64",
            "cp312-cp312-win_amd64",
            ["Scripts/binary", "Scripts/plain.sh", "etc/jupyter/demo.json", "share/demo/data.txt"],
        ),
    ],
)
def test_record_lists_what_is_the_same_wherever_it_is_installed(
    tmp_path: Path, platform: str, tag: str, outside: list[str]
) -> None:
    archive, _ = converted(demo(tmp_path, tag=tag), target(platform))
    contents = {name: data for name, (_, data) in members(archive).items()}
    rows = [*csv.reader(io.StringIO(contents[f"{DIST_INFO}/RECORD"].decode()))]
    up = "../../" if platform == "win-64" else "../../../"
    site = [name[14:] for name in contents if name.startswith("site-packages/")]
    assert [row[0] for row in rows] == sorted([*site, *(up + path for path in outside)])
    for path, digest, size in rows:
        if path == "demo-1.0.dist-info/RECORD":
            assert (digest, size) == ("", "")
            continue
        inside = path.removeprefix(up).replace("Scripts/", "python-scripts/")
        inside = inside.replace("bin/", "python-scripts/")
        data = contents.get(f"site-packages/{path}", contents.get(inside))
        assert data is not None
        sha256 = urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        assert (digest, size) == (f"sha256={sha256}", str(len(data)))
    assert contents[f"{DIST_INFO}/INSTALLER"] == b"conda\n"


def test_data_folder_in_another_spelling_than_the_file_name(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, files={"Demo-1.0.0.data/scripts/run": "", "demo.py": ""})
    assert "python-scripts/run" in members(converted(wheel)[0])


def test_same_wheel_gives_the_same_bytes(tmp_path: Path) -> None:
    """Another folder, clock, umask, locale and seed of hashes do not matter."""
    wheel = demo(tmp_path / "wheel", requires=["b[y,x]>=1,<2", 'c; extra == "z"', "a"])
    archive, _ = converted(wheel)
    script = (
        "import os, sys, time; from pathlib import Path; os.umask(0o077)\n"
        "now = time.time; time.time = lambda: now() + 1e8\n"
        "from tests.support.wheels import package_of\n"
        "from conda_offline_repo.builder.pypi.conversion.convert import convert\n"
        "wheel = Path(sys.argv[1]); file, record = package_of(wheel)\n"
        "convert(wheel, dict(reversed(record.items())), Path(file))\n"
    )
    other = tmp_path / "other"
    other.mkdir()
    os.utime(wheel, (time.time() - 1e6,) * 2)
    variables = {
        **os.environ,
        "PYTHONPATH": HERE,
        "PYTHONHASHSEED": "7",
        "LC_ALL": "C",
        "TZ": "Asia/Tokyo",
    }
    subprocess.run([sys.executable, "-c", script, wheel], cwd=other, env=variables, check=True)
    assert (other / archive.name).read_bytes() == archive.read_bytes()


def test_package_may_lie_under_another_name(tmp_path: Path) -> None:
    wheel = demo(tmp_path)
    archive, record = converted(wheel)
    convert(wheel, record, tmp_path / "0123abcd")
    assert (tmp_path / "0123abcd").read_bytes() == archive.read_bytes()


def test_damaged_member_leaves_no_package(tmp_path: Path) -> None:
    wheel = demo(tmp_path)
    file, record = package_of(wheel)
    content = wheel.read_bytes()
    with zipfile.ZipFile(wheel) as archive:
        at = archive.getinfo("demo-1.0.data/scripts/binary").header_offset + 200
    wheel.write_bytes(content[:at] + b"damaged" + content[at + 7 :])
    with pytest.raises(DamagedWheelError, match=f"^{wheel.name} is not a whole wheel"):
        convert(wheel, record, tmp_path / file)
    assert [path.name for path in tmp_path.iterdir()] == [wheel.name]


def test_member_shorter_than_it_says_leaves_no_package(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, files={"demo.py": bytes(1003)})
    file, record = package_of(wheel)
    size, other = (number.to_bytes(4, "little") for number in (1003, 100_003))
    wheel.write_bytes(wheel.read_bytes().replace(size, other))
    with pytest.raises(DamagedWheelError, match=r"demo\.py is shorter than it says"):
        convert(wheel, record, tmp_path / file)
    assert [path.name for path in tmp_path.iterdir()] == [wheel.name]


def test_record_has_one_place_wherever_the_wheel_has_it(tmp_path: Path) -> None:
    places = ("RECORD", "INSTALLER", "direct_url.json")
    files = {f"{{dist}}.data/purelib/demo-1.0.dist-info/{name}": b"pip" for name in places}
    archive, _ = converted(write_wheel(tmp_path, files=files))
    names = members(archive)["info/files"][1].decode().splitlines()
    folder = [name for name in names if name.startswith(DIST_INFO)]
    assert folder == [
        f"{DIST_INFO}/{name}" for name in ("INSTALLER", "METADATA", "RECORD", "WHEEL")
    ]


def test_what_cannot_be_a_package_is_not_written(tmp_path: Path) -> None:
    _, record = package_of(demo(tmp_path / "good"))
    wheel = write_wheel(tmp_path, files={"../evil.py": ""})
    with pytest.raises(UnconvertibleWheelError, match="evil"):
        convert(wheel, record, tmp_path / "package.conda")
    assert not (tmp_path / "package.conda").exists()
