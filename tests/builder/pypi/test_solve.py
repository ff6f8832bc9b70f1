"""Which packages come from the channels, which from PyPI, and that they go together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.options import EnvironmentSpec
from conda_offline_repo.builder.pypi.exceptions import (
    UnconvertibleWheelError,
    UnresolvedError,
    WheelHashError,
    WheelMisfitError,
)
from tests.support.pip_vendor import versions
from tests.support.tiny import TinyChannel
from tests.support.wheels import write_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.pip_vendor import PipVendor


def test_what_channels_have_is_taken_from_there(vendor: PipVendor) -> None:
    vendor.add("numpy", "2.1")
    vendor.wheel("numpy", "2.3")
    vendor.wheel("app", "1.0", "numpy>=2", "helper")
    vendor.wheel("helper", "3.0")
    outcome = vendor.build("app", "numpy>=1")
    assert versions(outcome) == {"numpy": "2.1 conda", "app": "1.0 PyPI", "helper": "3.0 PyPI"}
    assert outcome.manifest.pip == {"linux-64": {"app": "app", "numpy>=1": "numpy >=1"}}


def test_a_version_that_channels_lack_comes_from_pypi(vendor: PipVendor) -> None:
    vendor.add("numpy", "2.1")
    vendor.wheel("numpy", "2.3")
    outcome = vendor.build("numpy==2.3")
    assert versions(outcome) == {"numpy": "2.3 PyPI"}
    assert outcome.manifest.pip["linux-64"]["numpy==2.3"] == "numpy ==2.3"


def test_names_are_those_of_conda(vendor: PipVendor) -> None:
    vendor.add("pytorch", "2.5")
    vendor.channel.add("graphviz", "9.0")  # the program
    vendor.wheel("graphviz", "0.20")
    vendor.wheel("redis", "5.0")
    vendor.wheel("app", "1.0", "torch>=2", "graphviz")
    outcome = vendor.build("app", "redis")
    assert versions(outcome) == {
        "app": "1.0 PyPI",
        "pytorch": "2.5 conda",
        "python-graphviz": "0.20 PyPI",
        "redis-py": "5.0 PyPI",
    }


def test_wheels_can_be_meant(vendor: PipVendor) -> None:
    vendor.add("numpy", "2.1")
    vendor.add("pandas", "2.2", "numpy >=2")
    vendor.wheel("numpy", "2.3")
    outcome = vendor.build("numpy", packages=("python", "pandas"), pip_as_conda=False)
    assert versions(outcome) == {"numpy": "2.3 PyPI", "pandas": "2.2 conda"}
    (warning,) = [w.text for w in outcome.warnings if w.kind == "from-pypi"]
    assert warning == "numpy 2.3 comes from PyPI for linux-64, in the place of 2.1."


def test_a_wheel_of_long_ago_is_not_taken_for_a_newer_package(vendor: PipVendor) -> None:
    for version in ("1.26", "2.3"):
        vendor.add("numpy", version)
        vendor.wheel("numpy", version)
    vendor.wheel("app", "0.1", "numpy")
    vendor.wheel("app", "3.0", "numpy<2")
    assert versions(vendor.build("app")) == {"app": "3.0 PyPI", "numpy": "1.26 conda"}


@pytest.mark.parametrize(
    ("priority", "origin"), [("strict", "3.1 PyPI"), ("flexible", "3.0 conda")]
)
def test_what_a_second_channel_has_counts_unless_priority_is_strict(
    vendor: PipVendor, tmp_path: Path, priority: str, origin: str
) -> None:
    vendor.me.configure(channel_priority=priority)
    second = TinyChannel(tmp_path / "second")
    second.add("numpy", "3.0", depends=["python"])
    second.write()
    vendor.add("numpy", "2.0")
    vendor.wheel("numpy", "3.1")
    vendor.wheel("app", "1.0", "numpy>=3")
    channels = (vendor.channel.folder.as_uri(), second.folder.as_uri())
    assert versions(vendor.build("app", channels=channels)) == {"app": "1.0 PyPI", "numpy": origin}


def test_what_the_request_pins_decides(vendor: PipVendor) -> None:
    for version in ("1.26", "2.3"):
        vendor.add("numpy", version)
        vendor.wheel("numpy", version)
    vendor.wheel("app", "0.1", "numpy")
    vendor.wheel("app", "3.0", "numpy<2")
    outcome = vendor.build("app", packages=("python", "numpy >=2"))
    assert versions(outcome) == {"app": "0.1 PyPI", "numpy": "2.3 conda"}
    (warning,) = outcome.warnings
    assert warning.text.startswith("app 0.1 comes from PyPI for linux-64, and not 3.0, which does ")


def test_requirement_beside_another_of_conda_is_refused(vendor: PipVendor) -> None:
    vendor.add("numpy", "2.1")
    vendor.wheel("numpy", "1.26")
    with pytest.raises(WheelMisfitError) as raised:
        vendor.build("numpy<2", packages=("python", "numpy >=2"))
    text = "the request names numpy >=2, and there is 1.26 from PyPI"
    assert str(raised.value).splitlines()[1] == f"  - {text}"
    channel = f"{vendor.channel.folder.as_uri()}::numpy"
    outcome = vendor.build("numpy<2", packages=("python", channel))
    assert versions(outcome) == {"numpy": "1.26 PyPI"}


def test_what_only_a_channel_has_need_not_be_on_pypi(vendor: PipVendor) -> None:
    vendor.add("acme-core", "2.0")
    vendor.wheel("app", "1.0", "acme-core>=1")
    assert versions(vendor.build("app")) == {"app": "1.0 PyPI", "acme-core": "2.0 conda"}


def test_a_package_without_a_solution_comes_from_pypi(vendor: PipVendor) -> None:
    vendor.channel.add("cv", "4.0", depends=["python <3.10"])
    vendor.wheel("cv", "4.5")
    outcome = vendor.build("cv>=4")
    assert versions(outcome) == {"cv": "4.5 PyPI"}
    assert [w.text for w in outcome.warnings if w.kind == "from-pypi"] == [
        "cv comes from PyPI: cv >=4 of the channels has no solution beside the rest for linux-64."
    ]


def test_extras_and_markers(vendor: PipVendor) -> None:
    vendor.add("dask", "2.0")
    vendor.wheel("dask", "2.0", 'distributed; extra == "complete"')
    vendor.wheel("distributed", "2.0", "dask")
    vendor.wheel("web", "1.0", 'fast; extra == "speed"')
    vendor.wheel("fast", "1.0")
    vendor.wheel("pywin32", "3.0")
    lines = ("dask[complete]", "web[speed]", "pywin32; sys_platform == 'win32'")
    outcome = vendor.build(*lines, platforms=("linux-64", "win-64"))
    linux = {"dask": "2.0 conda", "distributed": "2.0 PyPI", "web": "1.0 PyPI", "fast": "1.0 PyPI"}
    assert versions(outcome) == linux
    assert versions(outcome, "win-64") == {**linux, "pywin32": "3.0 PyPI"}
    assert outcome.manifest.pip["linux-64"]["distributed"] == "distributed"


def test_extras_that_a_wheel_does_not_have_are_told(vendor: PipVendor) -> None:
    sources = 'old-library; extra == "files"'
    vendor.wheel("web", "1.0", 'fast; extra == "speed"')
    vendor.wheel("web", "2.0", 'fast; extra == "speed"', sources)
    vendor.wheel("fast", "1.0")
    (vendor.wheels / "old-library-1.0.tar.gz").write_bytes(b"")
    outcome = vendor.build("web[speed,files]")
    assert versions(outcome) == {"web": "1.0 PyPI", "fast": "1.0 PyPI"}
    (warning,) = [w.text for w in outcome.warnings if w.kind == "left-out"]
    assert warning.startswith("web 1.0 from PyPI has no extra files, ")
    with pytest.raises(UnresolvedError, match="old-library"):
        vendor.build("web[speed,files]==2.0")


def test_an_extra_of_a_conda_package_beside_one_that_a_wheel_replaces(vendor: PipVendor) -> None:
    for name in ("files", "loop", "tools"):
        vendor.add(name)
    vendor.wheel("files", "1.0", 'http; extra == "net"')
    vendor.wheel("http", "1.0", "loop")
    vendor.wheel("loop", "1.0")
    vendor.wheel("tools", "3.0")
    outcome = vendor.build("files[net]", "tools==3.0", packages=("python", "pip", "tools"))
    assert versions(outcome) == {
        "files": "1.0 conda",
        "http": "1.0 PyPI",
        "loop": "1.0 conda",
        "tools": "3.0 PyPI",
    }


def test_what_an_extra_needs_comes_from_the_channels_even_if_the_index_lacks_it(
    vendor: PipVendor,
) -> None:
    vendor.add("requests", "2.0")
    vendor.add("pysocks", "1.7")
    vendor.wheel("requests", "2.0", 'pysocks>=1.5; extra == "socks"')
    vendor.wheel("app", "1.0")
    outcome = vendor.build("requests[socks]", "app")
    assert versions(outcome) == {"requests": "2.0 conda", "pysocks": "1.7 conda", "app": "1.0 PyPI"}
    assert outcome.manifest.pip["linux-64"]["pysocks"] == "pysocks >=1.5"


def test_a_wheel_has_the_same_extras_in_all_environments(vendor: PipVendor) -> None:
    vendor.wheel("web", "1.0", 'fast; extra == "speed"')
    vendor.wheel("fast", "1.0")
    specs = tuple(
        EnvironmentSpec(
            name, ("python",), pip=("--no-index", f"--find-links {vendor.wheels}", line)
        )
        for name, line in (("a", "web[speed]"), ("b", "web"))
    )
    outcome = vendor.build(environments=specs, pip=())
    both = {"web": "1.0 PyPI", "fast": "1.0 PyPI"}
    assert versions(outcome, "a/linux-64") == versions(outcome, "b/linux-64") == both


def test_wheels_are_for_the_customers_machine(vendor: PipVendor) -> None:
    vendor.wheel("fast", "1.0", tag="cp312-cp312-manylinux_2_17_x86_64")
    vendor.wheel("fast", "1.0", tag="cp312-cp312-win_amd64")
    vendor.wheel("fast", "2.0", tag="cp312-cp312-manylinux_2_35_x86_64")
    vendor.wheel("fast", "2.0", tag="cp312-cp312-win_amd64")
    outcome = vendor.build("fast", platforms=("linux-64", "win-64"))
    assert versions(outcome) == {"fast": "1.0 PyPI"}
    assert versions(outcome, "win-64") == {"fast": "2.0 PyPI"}


def test_an_unchanged_build_writes_nothing(vendor: PipVendor) -> None:
    vendor.wheel("app", "1.0", "helper")
    vendor.wheel("helper")
    assert vendor.build("app").changed
    assert not vendor.build("app").changed
    vendor.wheel("app", "1.1", "helper")
    later = vendor.build("app")
    assert versions(later) == {"app": "1.1 PyPI", "helper": "1.0 PyPI"}


def test_nothing_of_a_dry_run_is_converted(vendor: PipVendor) -> None:
    vendor.wheel("app", "1.0")
    outcome = vendor.me.build(vendor.options("app"), dry_run=True)
    assert versions(outcome) == {"app": "1.0 PyPI"}
    assert not vendor.me.root.exists()


def test_no_solution_is_explained_by_uv(vendor: PipVendor) -> None:
    vendor.add("numpy", "2.3")
    vendor.wheel("app", "1.0", "numpy<2")
    with pytest.raises(UnresolvedError, match="linux-64.*\n.*(?s:.*)numpy<2"):
        vendor.build("app", packages=("python", "numpy ==2.3"))
    assert not vendor.me.root.exists() or not (vendor.me.root / "bank").exists()
    assert "misspelt" in str(pytest.raises(UnresolvedError, vendor.build, "misspelt").value)


def test_what_to_do_is_said_of_each_reason_of_uv(
    vendor: PipVendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def message(*pip: str) -> str:
        return str(pytest.raises(UnresolvedError, vendor.build, *pip).value)

    vendor.add("numpy", "2.3")
    vendor.wheel("app", "1.0", "numpy<2")
    vendor.wheel("compiled", tag="cp312-cp312-win_amd64")
    (vendor.wheels / "old-1.0.tar.gz").write_bytes(b"")
    with pytest.raises(UnresolvedError, match=r"for linux-64 beside conda's numpy 2\.3:"):
        vendor.build("app", packages=("python", "numpy ==2.3"))
    together = "\nName versions that go together, or another Python."
    assert message("app", "app<1").endswith(together)
    text = message("misspelt", "old", "compiled")
    assert text.startswith(
        "uv cannot resolve the requirements of pip for linux-64:\n  - Because compiled"
    )
    assert "\n  - Because misspelt was not found" in text
    assert "--no-build" not in text
    hints = [line[:25] for line in text.splitlines() if not line.startswith(" ")][1:]
    assert hints == [
        "Check the spelling of wha",
        "If only some platforms ne",
        "Where no wheel is for thi",
    ]
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    text = message("app", "--find-links http://127.0.0.1:9/")
    assert text.endswith(
        "\nCheck the address of the index, its login, and the proxy, in uv's or pip's settings."
    )
    monkeypatch.setenv("UV_OFFLINE", "1")
    with pytest.raises(UnresolvedError, match="Leave out --offline, conda's setting") as raised:
        vendor.build(pip=("--index-url http://127.0.0.1:9/simple", "app"))
    assert "spelling" not in str(raised.value)


def test_another_wheel_than_that_of_the_digest_is_refused(vendor: PipVendor) -> None:
    vendor.wheel("app", "1.0")
    with pytest.raises(WheelHashError, match="app 1.0"):
        vendor.build(f"app==1.0 --hash=sha256:{'0' * 64}")


def test_all_that_has_no_wheel_is_named_at_once(vendor: PipVendor) -> None:
    vendor.wheel("app", "1.0")
    for name in ("old", "older"):
        (vendor.wheels / f"{name}-1.0.tar.gz").write_bytes(b"")
    with pytest.raises(UnresolvedError, match="old(?s:.*)older"):
        vendor.build("old", "app", "older==1.0")


def test_all_that_cannot_be_converted_is_named_at_once(vendor: PipVendor) -> None:
    for name in ("bad", "worse"):
        write_wheel(vendor.wheels, name, files={f"{name}/lib.so": b"\x7fELF"})
    with pytest.raises(UnconvertibleWheelError, match="bad-1.0(?s:.*)worse-1.0"):
        vendor.build("bad", "worse")
    assert not (vendor.me.root / "bank").exists()


def test_a_damaged_package_is_made_again(vendor: PipVendor, tmp_path: Path) -> None:
    vendor.wheel("app", "1.0")
    outcome = vendor.build("app")
    (name,) = [name for name, package in outcome.manifest.packages.items() if package.wheel]
    (archive,) = vendor.me.root.glob(f"bank/{name}")
    content = archive.read_bytes()
    archive.unlink()
    archive.write_bytes(bytes(len(content)))
    vendor.build("app")
    assert archive.read_bytes() == content


def test_an_index_may_lack_what_channels_have(vendor: PipVendor) -> None:
    vendor.add("numpy", "2.3")
    vendor.add("numpy", "1.26")
    vendor.wheel("app", "0.1")
    vendor.wheel("app", "3.0", "numpy<2")
    assert versions(vendor.build("app")) == {"app": "3.0 PyPI", "numpy": "1.26 conda"}


def test_no_wheel_of_long_ago_is_taken_behind_another(vendor: PipVendor) -> None:
    for version in ("1.26", "2.3"):
        vendor.add("numpy", version)
    vendor.wheel("app", "1.0", "helper")
    vendor.wheel("helper", "0.1", "numpy")
    vendor.wheel("helper", "3.0", "numpy<2")
    vendor.wheel("numpy", "1.26")
    expected = {"app": "1.0 PyPI", "helper": "3.0 PyPI", "numpy": "1.26 conda"}
    assert versions(vendor.build("app")) == expected
    assert not vendor.build("app").changed


def test_compiled_wheels_bring_the_interface_of_python(vendor: PipVendor) -> None:
    """conda-forge's Pythons before 3.13 do not need it themselves."""
    for package in [p for p in vendor.channel.packages.values() if p.record["name"] == "python"]:
        vendor.channel.remove(package)
    only_if_there = ["python_abi 3.12.* *_cp312"]
    vendor.channel.add(
        "python", "3.12.4", build="0_cpython", subdir="linux-64", constrains=only_if_there
    )
    vendor.wheel("fast", tag="cp312-cp312-manylinux_2_17_x86_64")
    vendor.wheel("pure")
    pure = vendor.build("pure", packages=("python", "pip")).manifest.packages
    outcome = vendor.build("fast", "pure", packages=("python", "pip"))
    assert versions(outcome) == {"fast": "1.0 PyPI", "pure": "1.0 PyPI"}
    assert (
        "linux-64/python_abi-3.12-5_cp312.conda" in outcome.manifest.packages.keys() - pure.keys()
    )


def test_settings_of_uv_lead_nowhere_else(
    vendor: PipVendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.wheel("app")
    for name in ("UV_WORKING_DIR", "UV_WORKING_DIRECTORY", "UV_BUILD_CONSTRAINT"):
        monkeypatch.setenv(name, "/")
    assert versions(vendor.build("app")) == {"app": "1.0 PyPI"}


@pytest.mark.parametrize(
    "text", ["index = 3", "pip = 3", "find-links = [3]\nindex = [3]", "[[["], ids=range(4)
)
def test_what_is_wrong_with_settings_of_uv_is_said_by_uv(
    vendor: PipVendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    vendor.wheel("app")
    (tmp_path / "uv.toml").write_text(text)
    monkeypatch.delenv("UV_NO_CONFIG")
    monkeypatch.setenv("UV_CONFIG_FILE", str(tmp_path / "uv.toml"))
    with pytest.raises(UnresolvedError, match=r"uv\.toml"):
        vendor.build("app")
    with pytest.raises(UnresolvedError, match="Correct this setting of uv"):
        vendor.build("app")
    assert vendor.build(pip=())  # conda packages alone need no settings of uv


def test_wheel_for_a_free_threaded_python_is_explained(vendor: PipVendor) -> None:
    need = ["python_abi 3.13.* *_cp313t"]
    vendor.channel.add("python", "3.13.1", build="0_cp313t", subdir="linux-64", depends=need)
    vendor.channel.add("python_abi", "3.13", build="5_cp313t", subdir="linux-64")
    for abi in ("cp313", "cp313t"):
        vendor.wheel("fast", tag=f"cp313-{abi}-manylinux_2_17_x86_64")
    with pytest.raises(UnresolvedError, match=r"fast 1\.0 fits .* free-threaded Python alone"):
        vendor.build("fast", packages=("python 3.13.*",))
