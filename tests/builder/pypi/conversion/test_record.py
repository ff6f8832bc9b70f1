"""What the record of a wheel's package says: where it goes, and what it depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.pypi.conversion.read_wheel import read_wheel
from conda_offline_repo.builder.pypi.conversion.record import (
    read_metadata,
    record_of,
    requirements_of,
)
from conda_offline_repo.builder.pypi.exceptions import UnconvertibleWheelError
from conda_offline_repo.builder.pypi.names import conda_name
from conda_offline_repo.repository.names import archive_problem
from tests.support.wheels import package_of, target, wheel_at, write_wheel

if TYPE_CHECKING:
    from pathlib import Path

NONE: frozenset[str] = frozenset()
LINUX_ONLY = 'uvloop >=0.15; sys_platform != "win32"'


def test_pure_wheel_is_for_all_platforms(tmp_path: Path) -> None:
    wheel = write_wheel(
        tmp_path,
        "Zope.Demo_Kit",
        "1.0",
        requires=["Typing_Extensions>=4,<5", "torch", "six"],
        requires_python=">=3.8",
        metadata=["License-Expression: MIT"],
    )
    file, record = package_of(wheel)
    assert record == {
        "arch": None,
        "build": record["build"],
        "build_number": 0,
        "constrains": [],
        "depends": ["python >=3.8", "pytorch", "six", "typing-extensions >=4,<5a0"],
        "license": "MIT",
        "name": "zope-demo-kit",
        "noarch": "python",
        "platform": None,
        "purls": ["pkg:pypi/zope-demo-kit@1.0"],
        "subdir": "noarch",
        "version": "1.0",
    }
    assert file == f"zope-demo-kit-1.0-{record['build']}.conda"
    assert archive_problem(file) is None


@pytest.mark.parametrize(
    ("tag", "platform", "subdir", "depends"),
    [
        ("py3-none-any", "linux-64", "noarch", ["python"]),
        ("py2.py3-none-any", "linux-64", "noarch", ["python"]),
        ("py310-none-any", "linux-64", "noarch", ["python >=3.10"]),
        ("cp312-none-any", "linux-64", "noarch", ["python >=3.12,<3.13.0a0"]),
        (
            "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64",
            "linux-64",
            "linux-64",
            ["python >=3.12,<3.13.0a0", "python_abi 3.12.* *_cp312", "__glibc >=2.17"],
        ),
        (
            "cp39-abi3-manylinux_2_28_x86_64",
            "linux-64",
            "linux-64",
            ["python >=3.9", "__glibc >=2.28"],
        ),
        ("cp39-abi3-manylinux1_x86_64", "linux-64", "linux-64", ["python >=3.9", "__glibc >=2.5"]),
        (
            "py3-none-musllinux_1_2_x86_64.manylinux_2_24_x86_64.manylinux_2_35_x86_64",
            "linux-64",
            "linux-64",
            ["python", "__glibc >=2.24"],
        ),
        ("py3-none-linux_x86_64", "linux-64", "linux-64", ["python"]),
        (
            "cp312-cp312-manylinux2014_aarch64",
            "linux-aarch64",
            "linux-aarch64",
            ["python >=3.12,<3.13.0a0", "python_abi 3.12.* *_cp312", "__glibc >=2.17"],
        ),
        (
            "cp312-cp312-win_amd64",
            "win-64",
            "win-64",
            ["python >=3.12,<3.13.0a0", "python_abi 3.12.* *_cp312", "__win"],
        ),
        ("py3-none-win32", "win-32", "win-32", ["python", "__win"]),
        (
            "cp312-cp312-macosx_10_13_universal2",
            "osx-arm64",
            "osx-arm64",
            ["python >=3.12,<3.13.0a0", "python_abi 3.12.* *_cp312", "__osx >=10.13"],
        ),
        (
            "py3-none-macosx_10_9_x86_64.macosx_11_0_arm64",
            "osx-arm64",
            "osx-arm64",
            ["python", "__osx >=11.0"],
        ),
    ],
)
def test_tags_bound_platform_and_python(
    tmp_path: Path, tag: str, platform: str, subdir: str, depends: list[str]
) -> None:
    _, record = package_of(write_wheel(tmp_path, tag=tag), target(platform))
    assert (record["subdir"], record["depends"]) == (subdir, depends)
    assert record["noarch"] == "python"


@pytest.mark.parametrize(
    ("platform", "arch", "system"),
    [
        ("linux-64", "x86_64", "linux"),
        ("win-64", "x86_64", "win"),
        ("win-32", "x86", "win"),
        ("osx-arm64", "arm64", "osx"),
        ("linux-aarch64", "aarch64", "linux"),
    ],
)
def test_record_names_the_processor_as_conda_build_does(
    tmp_path: Path, platform: str, arch: str, system: str
) -> None:
    wheel = write_wheel(tmp_path, requires=[LINUX_ONLY])
    _, record = package_of(wheel, target(platform))
    assert (record["subdir"], record["arch"], record["platform"]) == (platform, arch, system)


def test_binary_interface_is_named_only_where_channels_have_it(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, tag="cp312-cp312-win_amd64")
    _, record = package_of(wheel, target("win-64"), python_abi=False)
    assert record["depends"] == ["python >=3.12,<3.13.0a0", "__win"]


def test_free_threaded_python_is_always_named(tmp_path: Path) -> None:
    machine = target(python="3.13.2", build="0_cp313t")
    wheel = write_wheel(tmp_path, tag="cp313-cp313t-manylinux_2_17_x86_64")
    _, record = package_of(wheel, machine, python_abi=False)
    assert record["depends"][:2] == ["python >=3.13,<3.14.0a0", "python_abi 3.13.* *_cp313t"]


@pytest.mark.parametrize("requires_python", [">=3.8,<4", ">=3.8,!=3.9.*", ">=3.8.*", "~=3.8"])
def test_python_that_the_wheel_requires_and_that_of_its_tag_are_one_range(
    tmp_path: Path, requires_python: str
) -> None:
    tag = "cp312-cp312-win_amd64"
    wheel = write_wheel(tmp_path, tag=tag, requires_python=requires_python)
    _, record = package_of(wheel, target("win-64"))
    assert ">=3.12" in record["depends"][0]
    assert "<3.13.0a0" in record["depends"][0]


class TestMarkers:
    """A package depends on what pip would install beside it."""

    def test_same_everywhere_is_noarch(self, tmp_path: Path) -> None:
        requires = ['a; sys_platform == "zos"', 'b; implementation_name == "cpython"', "c", "c>1"]
        _, record = package_of(write_wheel(tmp_path, requires=requires))
        assert (record["subdir"], record["depends"]) == ("noarch", ["python", "b", "c", "c >1"])

    @pytest.mark.parametrize(
        "marker",
        [
            'sys_platform == "win32"',
            'os_name == "nt"',
            'platform_system != "Linux"',
            'platform_machine == "aarch64"',
            'platform_machine == "ppc64le"',
            'platform_machine == "arm64" and sys_platform == "darwin"',
            'sys_platform == "win32" and python_version >= "3.8"',
        ],
    )
    def test_difference_between_platforms_makes_one_for_each(
        self, tmp_path: Path, marker: str
    ) -> None:
        wheel = write_wheel(tmp_path, requires=["a", f"b; {marker}"])
        linux, windows, mac = (
            package_of(wheel, target(platform))[1]
            for platform in ("linux-64", "win-64", "osx-arm64")
        )
        assert [r["subdir"] for r in (linux, windows, mac)] == ["linux-64", "win-64", "osx-arm64"]
        assert len({r["build"] for r in (linux, windows, mac)}) == 3

    def test_difference_that_no_python_of_the_package_sees_makes_none(self, tmp_path: Path) -> None:
        requires = ['colorama; sys_platform == "win32" and python_version < "3.7"']
        _, record = package_of(write_wheel(tmp_path, requires=requires))
        assert (record["subdir"], record["depends"]) == ("noarch", ["python >=3.7"])

    @pytest.mark.parametrize(
        ("marker", "python", "depends"),
        [
            ('python_version < "3.11"', "3.12.4", ["python >=3.11"]),
            ('python_version < "3.11"', "3.10.1", ["python <3.11.0a0", "b"]),
            ('python_version >= "3.13"', "3.12.4", ["python <3.13.0a0"]),
            ('python_version > "3.12"', "3.12.4", ["python <3.13.0a0"]),
            ('python_version <= "3.11"', "3.12.4", ["python >=3.12"]),
            ('python_version == "3.12"', "3.12.4", ["python >=3.12,<3.13.0a0", "b"]),
            ('python_version != "3.12"', "3.11.2", ["python <3.12.0a0", "b"]),
            ('python_version in "3.9 3.10"', "3.12.4", ["python >=3.11"]),
            ('python_version ~= "3.10"', "3.12.4", ["python >=3.10,<4.0.0a0", "b"]),
            ('python_version == "3.*"', "3.12.4", ["python >=3.0,<4.0.0a0", "b"]),
            ('python_version < "3"', "3.12.4", ["python >=3.0"]),
            ('python_version == "2.7"', "3.12.4", ["python >=2.8"]),
            ('python_full_version < "3.11.3"', "3.11.7", ["python >=3.11.3"]),
            ('python_full_version <= "3.11.3"', "3.11.7", ["python >=3.11.4"]),
            ('"3.13" <= python_version', "3.12.4", ["python <3.13.0a0"]),
            ('platform_python_implementation != "PyPy"', "3.12.4", ["python", "b"]),
            ('implementation_version < "3.12.5"', "3.12.4", ["python <3.12.5a0", "b"]),
            ('python_version < "3.9" and extra == "x"', "3.12.4", ["python"]),
        ],
    )
    def test_difference_between_pythons_bounds_python(
        self, tmp_path: Path, marker: str, python: str, depends: list[str]
    ) -> None:
        wheel = write_wheel(tmp_path, requires=[f"b; {marker}"])
        _, record = package_of(wheel, target(python=python))
        assert (record["subdir"], record["depends"]) == ("noarch", depends)

    def test_bounds_join_those_that_the_wheel_states(self, tmp_path: Path) -> None:
        requires = ['a; python_version < "3.10"', 'b; python_version >= "3.13"']
        wheel = write_wheel(tmp_path, requires=requires, requires_python=">=3.8,<4")
        assert package_of(wheel)[1]["depends"] == ["python >=3.10,<3.13.0a0"]

    def test_extras_count_where_asked_for(self, tmp_path: Path) -> None:
        requires = [
            "a",
            'b >1; extra == "Big_One"',
            'c; extra == "small" and sys_platform == "win32"',
            'demo[big-one,small]; extra == "all"',
        ]
        wheel = write_wheel(tmp_path, requires=requires)
        plain, big, everything = (
            package_of(wheel, target(), *extras)[1] for extras in ((), ("big-one",), ("all",))
        )
        assert plain["depends"] == ["python", "a"]
        assert big["depends"] == ["python", "a", "b >1"]
        assert (everything["subdir"], everything["depends"]) == ("linux-64", big["depends"])
        assert len({record["build"] for record in (plain, big, everything)}) == 3

    def test_requirements_are_those_of_the_machine(self, tmp_path: Path) -> None:
        wheel = write_wheel(tmp_path, requires=['a[x]>1; os_name == "nt"', "b"])
        names = {
            platform: [r.name for r in requirements_of(read_wheel(wheel), target(platform), NONE)]
            for platform in ("linux-64", "win-64")
        }
        assert names == {"linux-64": ["b"], "win-64": ["a", "b"]}


@pytest.mark.parametrize(
    ("version", "file_version", "purl"),
    [
        ("1.0+cpu", "1.0+1.cpu", "1.0%2Bcpu"),
        ("1!2.0", "1!2.0", "1%212.0"),
        ("1.0.dev3+g1a2b", "1.0dev3+1.g1a2b", "1.0.dev3%2Bg1a2b"),
        ("2024.01.05", "2024.1.5", "2024.1.5"),
    ],
)
def test_version_is_one_that_conda_orders_and_files_may_have(
    tmp_path: Path, version: str, file_version: str, purl: str
) -> None:
    file, record = package_of(write_wheel(tmp_path, version=version))
    assert record["version"] == file_version
    assert record["purls"] == [f"pkg:pypi/demo@{purl}"]
    assert archive_problem(file) is None


@pytest.mark.parametrize(
    ("metadata", "license"),
    [
        (["License-Expression: MIT OR Apache-2.0", "License: old"], "MIT OR Apache-2.0"),
        (["License: Apache 2.0"], "Apache-2.0"),
        (["License: bsd-3-clause"], "BSD-3-Clause"),
        (["License: UNKNOWN", "Classifier: License :: OSI Approved :: MIT License"], "MIT"),
        (
            ["License: Custom", "Classifier: License :: OSI Approved :: ISC License (ISCL)"],
            "ISC",
        ),
        (["Classifier: License :: OSI Approved :: BSD License"], "BSD License"),
        (["Classifier: License :: OSI Approved"], None),
        (["License: Our own, see LICENSE"], "Our own, see LICENSE"),
        ([f"License: {'many words ' * 20}"], None),
        ([], None),
    ],
)
def test_license_is_what_the_project_states(
    tmp_path: Path, metadata: list[str], license: str | None
) -> None:
    _, record = package_of(write_wheel(tmp_path, metadata=metadata))
    assert record.get("license") == license


def test_another_wheel_of_the_same_version_is_another_file(tmp_path: Path) -> None:
    first, _ = package_of(write_wheel(tmp_path / "1"))
    again, _ = package_of(write_wheel(tmp_path / "2"))
    other, _ = package_of(write_wheel(tmp_path / "3", files={"demo.py": "VERSION = 2\n"}))
    assert first == again != other


def test_metadata_alone_gives_the_same_record(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, requires=[LINUX_ONLY], requires_python=">=3.9")
    lines = ["Metadata-Version: 2.4", "Name: demo", "Version: 1.0", "Requires-Python: >=3.9"]
    metadata = read_metadata("\n".join([*lines, f"Requires-Dist: {LINUX_ONLY}"]), wheel.name)
    package = record_of(wheel_at(wheel), metadata, target(), NONE, conda_name, python_abi=True)
    assert package == package_of(wheel)


@pytest.mark.parametrize(
    ("files", "folder"), [("{dist}.data/headers/demo.h", "headers"), ("demo.pyc", "bytecode")]
)
def test_what_is_for_a_minor_version_of_python_is_bound_to_it(
    tmp_path: Path, files: str, folder: str
) -> None:
    wheel = write_wheel(tmp_path / folder, files={files: b"content"})
    _, record = package_of(wheel)
    assert (record["subdir"], record["depends"]) == ("linux-64", ["python >=3.12,<3.13.0a0"])


def test_wheel_that_says_it_is_not_pure_is_for_its_platform(tmp_path: Path) -> None:
    _, record = package_of(write_wheel(tmp_path, pure=False))
    assert (record["subdir"], record["depends"]) == ("linux-64", ["python"])


def test_every_reason_is_named_at_once(tmp_path: Path) -> None:
    wheel = write_wheel(
        tmp_path,
        requires=[
            "a @ https://me:secret@example.com/a.whl",
            "b >",
            'c @ file:///c ; os_name == "x"',
        ],
        requires_python=">=3.13",
        entry_points="[console_scripts]\nrun = demo\n",
        files={"demo/_native.so": b"\x7fELF"},
    )
    with pytest.raises(UnconvertibleWheelError) as raised:
        package_of(wheel)
    assert str(raised.value) == (
        "demo-1.0-py3-none-any.whl cannot become a conda package:\n"
        "  - its requirement 'b >' cannot be read\n"
        "  - it needs Python >=3.13, which 3.12.4 is not\n"
        "  - it needs a from https://example.com/a.whl, not from an index\n"
        "  - its name says that it is for every platform, and it has compiled libraries: "
        "demo/_native.so\n"
        "  - its command 'run' is 'demo', and conda needs MODULE:FUNCTION\n"
        "Name another version of it, or a channel that has it as a conda package.\n"
        "If its libraries are for one platform, download it, give the file a name that says so, "
        "such as NAME-VERSION-py3-none-win_amd64.whl, and name it by its path."
    )


def test_wheel_whose_name_was_put_right_is_for_that_platform(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, files={"demo/native.dll": b"MZ"})
    renamed = wheel.rename(tmp_path / "demo-1.0-py3-none-win_amd64.whl")
    assert package_of(renamed, target("win-64"))[1]["subdir"] == "win-64"


@pytest.mark.parametrize(
    ("tag", "platform"),
    [
        ("cp311-cp311-manylinux_2_17_x86_64", "linux-64"),
        ("cp312-cp312-win_amd64", "linux-64"),
        ("cp312-cp312-manylinux_2_35_x86_64", "linux-64"),
        ("py3-none-musllinux_1_2_x86_64", "linux-64"),
        ("cp313-abi3-win_amd64", "win-64"),
    ],
)
def test_wheel_for_another_machine_is_refused(tmp_path: Path, tag: str, platform: str) -> None:
    with pytest.raises(UnconvertibleWheelError, match=f"it is not for {platform} and Python 3.12"):
        package_of(write_wheel(tmp_path, tag=tag), target(platform))
