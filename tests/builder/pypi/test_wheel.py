"""Which of a project's wheels is taken for a customer's machine: as pip there would choose."""

from __future__ import annotations

import pytest
from packaging.requirements import Requirement

from conda_offline_repo.builder.pypi.exceptions import PipPlatformError
from conda_offline_repo.builder.pypi.index_settings import IndexSettings
from conda_offline_repo.builder.pypi.wheel import chosen, uv_platform, wheel_at
from tests.support.wheels import target

SETTINGS = IndexSettings((), {}, ())
ABI3, PURE = "cp39-abi3-manylinux_2_17_x86_64", "py3-none-any"


def choice(machine: object, *tags: str, hashes: tuple[str, ...] = ()) -> str | None:
    """The tag of the wheel that is taken of these, whatever their order."""

    def taken(order: tuple[str, ...]) -> str | None:
        wheels = [
            {
                "url": f"https://files.example.com/app-1.0-{tag}.whl",
                "hashes": {"sha256": f"digest of {tag}".lower()},
            }
            for tag in order
        ]
        wheel = chosen({"name": "app", "wheels": wheels}, machine, hashes, SETTINGS)  # type: ignore[arg-type]
        return wheel.file.removeprefix("app-1.0-").removesuffix(".whl") if wheel else None

    (tag,) = {taken(tags), taken(tags[::-1])}
    return tag


@pytest.mark.parametrize(
    ("glibc", "tag"),
    [("2.5", PURE), ("2.12", "2_12"), ("2.17", "2_17"), ("2.27", "2_17"), ("2.28", "2_28")],
)
def test_glibc(glibc: str, tag: str) -> None:
    tags = [f"cp312-cp312-manylinux_{n}_x86_64" for n in ("2_12", "2_17", "2_28", "2_34")]
    other = ["cp312-cp312-musllinux_1_2_x86_64", "cp312-cp312-manylinux_2_5_aarch64"]
    assert tag in (choice(target(__glibc=glibc), *tags, *other, PURE) or "")


@pytest.mark.parametrize(
    ("glibc", "tag"), [("2.5", "1"), ("2.12", "2010"), ("2.17", "2014"), ("2.28", "2014")]
)
def test_older_names_of_manylinux(glibc: str, tag: str) -> None:
    tags = [f"cp312-cp312-manylinux{n}_x86_64" for n in ("1", "2010", "2014")]
    assert choice(target(__glibc=glibc), *tags) == f"cp312-cp312-manylinux{tag}_x86_64"


@pytest.mark.parametrize(
    ("platform", "osx", "tag"),
    [
        ("osx-arm64", "11.0", "cp312-cp312-macosx_11_0_arm64"),
        ("osx-arm64", "13.0", "cp312-cp312-macosx_12_0_arm64"),
        ("osx-arm64", "14.5", "cp312-cp312-macosx_14_0_arm64"),
        ("osx-64", "10.13", "cp312-cp312-macosx_10_9_universal2"),
        ("osx-64", "13.0", "cp312-cp312-macosx_13_0_x86_64"),
    ],
)
def test_macos(platform: str, osx: str, tag: str) -> None:
    tags = [f"cp312-cp312-macosx_{n}_0_arm64" for n in (11, 12, 14)]
    tags += ["cp312-cp312-macosx_13_0_x86_64", "cp312-cp312-macosx_10_9_universal2"]
    assert choice(target(platform, __osx=osx), *tags) == tag


@pytest.mark.parametrize(
    ("platform", "tag"), [("win-64", "amd64"), ("win-arm64", "arm64"), ("win-32", "32")]
)
def test_windows(platform: str, tag: str) -> None:
    tags = ("cp312-cp312-win_amd64", "cp312-cp312-win_arm64", "cp312-cp312-win32")
    assert (choice(target(platform), *tags) or "").endswith(tag)


def test_windows_on_arm_takes_no_wheel_for_intel() -> None:
    assert choice(target("win-arm64"), "cp312-cp312-win_amd64") is None
    assert choice(target("win-arm64"), "cp312-cp312-win_amd64", PURE) == PURE


@pytest.mark.parametrize(
    ("build", "tag"),
    [("0_cp313t", "cp313-cp313t-manylinux_2_17_x86_64"), ("0_cp313", "cp313-cp313-linux_x86_64")],
)
def test_free_threaded_python(build: str, tag: str) -> None:
    tags = ("cp313-cp313t-manylinux_2_17_x86_64", "cp313-cp313-linux_x86_64", ABI3, PURE)
    assert choice(target(python="3.13.2", build=build), *tags) == tag


def test_free_threaded_python_has_no_stable_interface() -> None:
    assert choice(target(python="3.13.2", build="0_cp313t"), ABI3, PURE) == PURE
    assert choice(target(python="3.13.2", build="0_cp313"), ABI3, PURE) == ABI3


@pytest.mark.parametrize(
    ("python", "tag"), [("3.8.1", PURE), ("3.9.0", ABI3), ("3.12.4", "cp312-cp312-linux_x86_64")]
)
def test_python(python: str, tag: str) -> None:
    assert choice(target(python=python), ABI3, PURE, "cp312-cp312-linux_x86_64") == tag


def test_later_build_of_a_wheel() -> None:
    tags = ("py3-none-any", "1-py3-none-any", "10-py3-none-any", "9-py3-none-any")
    assert choice(target(), *tags) == "10-py3-none-any"
    assert choice(target(), *tags, ABI3) == ABI3


def test_digest_before_all_else() -> None:
    assert choice(target(), PURE, ABI3, hashes=(f"digest of {PURE}",)) == PURE
    assert choice(target(), PURE, ABI3, hashes=("digest of another",)) is None


def test_file_names_that_are_none_are_passed_over() -> None:
    assert choice(target(), "what-ever", PURE) == PURE


@pytest.mark.parametrize(
    ("platform", "machine", "name", "variables"),
    [
        ("linux-64", {"__glibc": "2.17=0"}, "x86_64-manylinux_2_17", {}),
        ("linux-64", {"__glibc": "2.27"}, "x86_64-manylinux_2_17", {}),
        ("linux-aarch64", {"__glibc": "2.28"}, "aarch64-manylinux_2_28", {}),
        ("linux-64", {"__glibc": "2.99"}, "x86_64-manylinux_2_40", {}),
        ("linux-64", {}, "x86_64-manylinux_2_17", {}),
        ("win-arm64", {}, "aarch64-pc-windows-msvc", {}),
        ("osx-64", {"__osx": "12"}, "x86_64-apple-darwin", {"MACOSX_DEPLOYMENT_TARGET": "12"}),
    ],
)
def test_platform_of_uv(
    platform: str, machine: dict[str, str], name: str, variables: dict[str, str]
) -> None:
    assert uv_platform(platform, machine) == (name, variables)


@pytest.mark.parametrize(
    ("platform", "holding"),
    [
        ("linux-64", {"posix", "linux", "Linux", "x86_64"}),
        ("linux-aarch64", {"posix", "linux", "Linux", "aarch64"}),
        ("osx-arm64", {"posix", "darwin", "Darwin", "arm64"}),
        ("osx-64", {"posix", "darwin", "Darwin", "x86_64"}),
        ("win-64", {"nt", "win32", "Windows", "AMD64"}),
        ("win-arm64", {"nt", "win32", "Windows", "ARM64"}),
    ],
)
def test_markers(platform: str, holding: set[str]) -> None:
    markers = dict(target(platform).markers)
    names = ("os_name", "sys_platform", "platform_system", "platform_machine")
    assert {markers[name] for name in names} == holding
    line = 'x; python_version == "3.12" and python_full_version >= "3.12.4" and extra != "y"'
    marker = Requirement(f'{line} and implementation_name == "cpython"').marker
    assert marker
    assert marker.evaluate(markers)


def test_platform_that_uv_does_not_know() -> None:
    with pytest.raises(PipPlatformError, match="linux-s390x"):
        target("linux-s390x")


def test_folder_of_a_project_is_not_taken_for_a_token() -> None:
    index = "https://index.example/packages/py3"
    for name, folder in (("tqdm", "t/tqdm"), ("tables", "t/Tables"), ("app", "a/app")):
        wheel = wheel_at(f"{index}/{folder}/{name}-1.0-py3-none-any.whl", "")
        quoted = folder.replace("t/", "%74/", 1) if folder[0] == "t" else folder
        assert wheel.public_url == f"{index}/{quoted}/{name}-1.0-py3-none-any.whl"
    secret = wheel_at("https://index.example/t/secret/simple/app-1.0-py3-none-any.whl", "")
    assert secret.public_url == "https://index.example/simple/app-1.0-py3-none-any.whl"
