"""What a wheel may have, and what conda could not link or should not."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.pypi.conversion.read_wheel import read_wheel
from conda_offline_repo.builder.pypi.exceptions import DamagedWheelError, UnconvertibleWheelError
from tests.support.wheels import package_of, target, write_wheel

if TYPE_CHECKING:
    from pathlib import Path

WINDOWS_TAG = "cp312-cp312-win_amd64"
LINUX_TAG = "cp312-cp312-manylinux_2_17_x86_64"


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (["../evil.py"], "its path leads out of the environment"),
        (["/etc/evil.py"], "its path leads out of the environment"),
        (["demo\\evil.py"], "its path leads out of the environment"),
        (["C:/evil.py"], "its path leads out of the environment"),
        (["{dist}.data/data/../../evil"], "its path leads out of the environment"),
        (["{dist}.data/data//etc/evil"], "its path leads out of the environment"),
        (["{dist}.data/scripts/../evil"], "its path leads out of the environment"),
        (["demo//evil.py"], "its path is not one that files have"),
        (["demo/./evil.py"], "its path is not one that files have"),
        (["demo/ev\x1bil.py"], "its path is not one that files have"),
        (["{dist}.data/other/evil"], "is for no place that wheels know"),
        (["{dist}.data/evil"], "is for no place that wheels know"),
        (["{dist}.data/data/conda-meta/history"], "would be one of conda's own"),
        (["{dist}.data/data/Conda-Meta/x.json"], "would be one of conda's own"),
        (["{dist}.data/data/.condarc"], "would be one of conda's own"),
        (["{dist}.data/data/condarc.d/x.yml"], "would be one of conda's own"),
        (["{dist}.data/data/info/index.json"], "would be one of conda's own"),
        (["{dist}.data/data/site-packages/x.py"], "would be one of conda's own"),
        (["{dist}.data/data/bin/.demo-post-link.sh"], "conda would run its file"),
        (["{dist}.data/scripts/.demo-pre-unlink.bat"], "conda would run its file"),
        (["{dist}.data/purelib/demo.py", "demo.py"], "would be one file"),
        (["{dist}.data/platlib/demo.py", "demo.py"], "would be one file"),
        (["{dist}.data/scripts/run", "{dist}.data/data/bin/run"], "would be one file"),
        (["demo", "demo/a.py"], "demo would be a file, and the folder of demo/a.py"),
        (["{dist}.data/scripts/run", "{dist}.data/data/bin"], "would be a file, and the folder of"),
        (["demo/" + 256 * "n"], "its name is longer than names of files may be"),
    ],
)
@pytest.mark.parametrize("tag", ["py3-none-any", LINUX_TAG])
def test_files_that_would_do_harm_are_refused(
    tmp_path: Path, tag: str, files: list[str], reason: str
) -> None:
    wheel = write_wheel(tmp_path, tag=tag, files=dict.fromkeys(files, b""))
    with pytest.raises(UnconvertibleWheelError) as raised:
        package_of(wheel)
    assert reason in str(raised.value)
    assert len(str(raised.value).splitlines()) == 3


@pytest.mark.parametrize(
    "files",
    [
        ["demo/aux.py"],
        ["demo/NUL"],
        ["demo/a:b"],
        ["demo/what?.txt"],
        ["demo/end."],
        ["demo/end /a"],
        ["demo/a.py", "demo/A.py"],
        ["Demo/a.py", "demo/A.py"],
        ["{dist}.data/scripts/run", "{dist}.data/data/scripts/RUN"],
    ],
)
def test_names_that_windows_cannot_have_are_refused_where_windows_gets_them(
    tmp_path: Path, files: list[str]
) -> None:
    contents = dict.fromkeys(files, b"")
    for tag, machine in (("py3-none-any", target()), (WINDOWS_TAG, target("win-64"))):
        with pytest.raises(UnconvertibleWheelError, match="Windows"):
            package_of(write_wheel(tmp_path, tag=tag, files=contents), machine)
    assert package_of(write_wheel(tmp_path, tag=LINUX_TAG, files=contents))[1]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("run = demo", "its command 'run' is 'demo', and conda needs MODULE:FUNCTION"),
        ("run = demo:", "conda needs MODULE:FUNCTION"),
        ("run = demo-kit:main", "conda needs MODULE:FUNCTION"),
        ("run = demo:class", "conda needs MODULE:FUNCTION"),
        ("run = demo:a..b", "conda needs MODULE:FUNCTION"),
        ("run = demo:main()", "conda needs MODULE:FUNCTION"),
        ("a/b = demo:main", "its command 'a/b' has a name that conda cannot make a file of"),
        ("a\\b = demo:main", "has a name that conda cannot make a file of"),
        ("a b = demo:main", "has a name that conda cannot make a file of"),
        (".run = demo:main", "has a name that conda cannot make a file of"),
        ("nul = demo:main", "has a name that conda cannot make a file of"),
        ("run = demo:main\nRun = demo:main", "the command run and the command Run"),
        ("run = demo:main\n[gui_scripts]\nrun = demo:main", "the command run and the command run"),
        ("script = demo:main", "the command script would be one file"),
    ],
)
def test_commands_that_conda_cannot_link_are_refused(
    tmp_path: Path, line: str, reason: str
) -> None:
    files = {"{dist}.data/scripts/script": b""}
    entry_points = f"[console_scripts]\n{line}\n"
    with pytest.raises(UnconvertibleWheelError) as raised:
        package_of(write_wheel(tmp_path, entry_points=entry_points, files=files))
    assert reason in str(raised.value)


def test_commands_that_conda_can_link(tmp_path: Path) -> None:
    wheel = write_wheel(
        tmp_path,
        entry_points=(
            "[console_scripts]\n# none\nB-2.x = demo.kit:Class.main [colour, fast]\n"
            "f++=demo:main\n[gui_scripts]\nwindow = demo : show\n[demo.plugins]\na b = demo\n"
        ),
    )
    contents = read_wheel(wheel).contents
    assert contents is not None
    assert contents.entry_points == (
        "B-2.x = demo.kit:Class.main",
        "f++ = demo:main",
        "window = demo:show",
    )


@pytest.mark.parametrize("name", ["_native.so", "a.PYD", "lib/x.dylib", "y.dll", "libz.so.1.2"])
@pytest.mark.parametrize("pure", [True, False])
def test_compiled_library_in_a_wheel_for_every_platform_is_refused(
    tmp_path: Path, name: str, pure: bool
) -> None:
    wheel = write_wheel(tmp_path, pure=pure, files={f"demo/{name}": b"\x7fELF"})
    with pytest.raises(UnconvertibleWheelError, match=f"compiled libraries: demo/{name}"):
        package_of(wheel)


def test_libraries_for_several_systems_go_to_one_at_a_time(tmp_path: Path) -> None:
    files = {"demo/a.so": b"\x7fELF", "demo/a.dll": b"MZ", "demo/__init__.py": b""}
    wheel = write_wheel(tmp_path, files=files)
    assert package_of(wheel, target("win-64"))[1]["subdir"] == "win-64"
    assert package_of(wheel, target("linux-64"))[1]["subdir"] == "linux-64"
    with pytest.raises(UnconvertibleWheelError, match="compiled libraries: demo/a.so, demo/a.dll"):
        package_of(wheel, target("osx-64"))


def test_libraries_of_net_are_for_every_system(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, files={"demo/Runtime.dll": b"MZ", "demo/__init__.py": b""})
    assert package_of(wheel, target("linux-64"))[1]["subdir"] == "linux-64"


def test_many_compiled_libraries_are_counted(tmp_path: Path) -> None:
    files = {f"demo/{number}.so": b"" for number in range(5)}
    with pytest.raises(UnconvertibleWheelError, match=r"demo/2\.so and 2 more\n"):
        package_of(write_wheel(tmp_path, files=files))


def test_file_that_is_no_wheel_is_named(tmp_path: Path) -> None:
    wheel = tmp_path / "demo-1.0-py3-none-any.whl"
    wheel.write_bytes(b"<html>404</html>")
    with pytest.raises(DamagedWheelError, match=f"^{wheel.name} is not a whole wheel: File is not"):
        read_wheel(wheel)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("other-1.0-py3-none-any.whl", "dist-info directory doesn't match wheel filename"),
        ("demo-2.0-py3-none-any.whl", "its METADATA is that of demo 1.0"),
        ("demo-1.0.whl", "Not a valid wheel filename"),
    ],
)
def test_wheel_under_another_name_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    wheel = write_wheel(tmp_path).rename(tmp_path / name)
    with pytest.raises(DamagedWheelError, match=reason):
        read_wheel(wheel)


@pytest.mark.parametrize(
    ("member", "content"),
    [
        ("WHEEL", "Wheel-Version: 2.0\n"),
        ("WHEEL", None),
        ("METADATA", None),
        ("METADATA", "Name: demo\n"),
        ("METADATA", "Name: demo\nVersion: soon\n"),
        ("entry_points.txt", "[console_scripts]\nrun\n"),
    ],
)
def test_wheel_without_what_wheels_have_is_refused(
    tmp_path: Path, member: str, content: str | None
) -> None:
    wheel = write_wheel(tmp_path / "whole")
    broken = tmp_path / wheel.name
    with zipfile.ZipFile(wheel) as whole, zipfile.ZipFile(broken, "w") as archive:
        for info in whole.infolist():
            if not info.filename.endswith(member):
                archive.writestr(info, whole.read(info))
        if content is not None:
            archive.writestr(f"demo-1.0.dist-info/{member}", content)
    with pytest.raises(DamagedWheelError, match=f"^{wheel.name} is not a whole wheel: "):
        read_wheel(broken)
