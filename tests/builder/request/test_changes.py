"""Every change of a request from one build to the next is told, in dry runs too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.request.changes import RequestChange, changes
from conda_offline_repo.repository.remembered import Remembered
from tests.conftest import TOKEN
from tests.support.running import snapshot
from tests.support.tiny import TinyChannel
from tests.support.wheels import write_wheel

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tests.conftest import Vendor
    from tests.support.running import Conda

#: Of two platforms, `core` is for both.
PLATFORMS = ("--platform", "linux-64", "--platform", "win-64")


@pytest.fixture
def built(conda: Conda, vendor: Vendor, root: Path) -> Path:
    """A root with the repository of the bank: `app` and `core` for two platforms, glibc 2.17."""
    for subdir in ("linux-64", "win-64"):
        vendor.public.add("core", subdir=subdir)
    vendor.public.write()
    conda.build(
        *(*vendor.request, "--root", root, *PLATFORMS, "app", "core"),
        *("--virtual-package", "__glibc=2.17"),
    )
    return root


def again(root: Path, *arguments: object) -> tuple[object, ...]:
    return ("--label", "bank", "--token", TOKEN, "--root", root, *arguments)


def manifest(root: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((root / "bank" / "offline-repo.json").read_bytes())
    return content


@pytest.mark.parametrize(
    "change", ["packages", "channels", "platforms", "virtual_packages", "customer_conda"]
)
@pytest.mark.parametrize("dry", [True, False], ids=["dry", "real"])
def test_change_is_told(conda: Conda, vendor: Vendor, built: Path, change: str, dry: bool) -> None:
    public = vendor.url(vendor.public)
    urls = [vendor.url(vendor.label), vendor.url(vendor.publisher), public]
    arguments, before, after = {
        "packages": (["--add", "tool", "--remove", "core"], ["app", "core"], ["app", "tool"]),
        "channels": (["--no-label-channel"], urls, urls[1:]),
        "platforms": (["--platform", "win-64"], ["linux-64", "win-64"], ["win-64"]),
        "customer_conda": (["--customer-conda", "26.7"], [">=24.7"], ["26.7.*"]),
        "virtual_packages": (
            ["--virtual-package", "__cuda=12.4", "--virtual-package", "win-64:__win=11"],
            ["win-64:__win=10"],
            ["linux-64:__cuda=12.4", "win-64:__cuda=12.4", "win-64:__win=11"],
        ),
    }[change]
    was, old = snapshot(built), manifest(built)["request"]
    if dry:
        output = conda.build(*again(built, *arguments, "--dry-run")).stdout
        assert "The request would change:" in output
        assert (
            f"  {change.replace('_', ' ')}: {', '.join(before)} -> {', '.join(after)}\n" in output
        )
        lines = output.splitlines()
        assert sum(" -> " in line and not line.startswith("  ~ ") for line in lines) == 1
        assert snapshot(built) == was
        return
    answer = conda.build(*again(built, *arguments, "--json")).json
    assert answer["request_changes"] == [{"what": change, "before": before, "after": after}]
    assert (answer["changed"], answer["first_build"]) == (True, False)
    request = manifest(built)["request"]
    assert manifest(built)["build"] == 2
    same = [name for name in old if name != change]
    assert {name: request[name] for name in same} == {name: old[name] for name in same}
    if change == "virtual_packages":
        assert request[change]["linux-64"]["__glibc"] == "2.17"


def test_what_is_not_changed_is_not_told(conda: Conda, vendor: Vendor, built: Path) -> None:
    was = snapshot(built)
    machines = ("--virtual-package", "linux-64:__glibc=2.17", "--virtual-package", "__cuda=")
    output = conda.build(
        *again(built, "core", "app", *PLATFORMS, *vendor.channels, *machines)
    ).stdout
    assert "up to date (release 1)" in output
    assert "->" not in output
    answer = conda.build(*again(built, "--add", "app", "--json")).json
    assert (answer["changed"], answer["request_changes"]) == (False, [])
    assert snapshot(built) == was


def test_changed_request_for_the_same_packages_is_a_new_build(conda: Conda, built: Path) -> None:
    output = conda.build(*again(built, "--add", "lib")).stdout
    assert "packages: app, core -> app, core, lib\n" in output
    assert "is now release 2" in output
    current = manifest(built)
    assert (current["build"], current["request"]["packages"]) == (2, ["app", "core", "lib"])


def test_platform_that_comes_back_has_its_machine(conda: Conda, built: Path) -> None:
    conda.build(*again(built, "--platform", "win-64"))
    answer = conda.build(*again(built, *PLATFORMS, "--json")).json
    assert answer["request_changes"] == [
        {"what": "platforms", "before": ["win-64"], "after": ["linux-64", "win-64"]}
    ]
    assert manifest(built)["request"]["virtual_packages"]["linux-64"]["__glibc"] == "2.17"


def test_machine_assumed_for_a_new_platform_is_told(conda: Conda, built: Path) -> None:
    output = conda.build(
        *again(built, *PLATFORMS, "--platform", "osx-arm64", "--remove", "core", "--dry-run")
    ).stdout
    assert "osx-arm64:__osx=13.0" in output
    assert "linux-64:__" not in output


def test_packages_that_give_way_to_all_that_are_published(
    conda: Conda, vendor: Vendor, root: Path
) -> None:
    conda.build(*vendor.request, "--root", root)
    output = conda.build(*again(root, "lib >=1,<3")).stdout
    assert 'packages: all that the label channel publishes -> "lib >=1,<3"\n' in output


@pytest.mark.parametrize("dry", [True, False], ids=["dry", "real"])
def test_first_build_says_so(conda: Conda, vendor: Vendor, root: Path, dry: bool) -> None:
    options = ("--root", root, "app", *(["--dry-run"] if dry else []))
    output = conda.build(*vendor.request, *options).stdout
    words = "This would be the first" if dry else "First"
    assert f"{words} release of label bank in {root}.\n" in output
    assert "The request" not in output
    answer = conda.build(*vendor.request, *options, "--json").json
    assert (answer["first_build"], answer["request_changes"]) == (dry, [])


def test_remembered_escapes_are_printed_harmlessly(
    conda: Conda, vendor: Vendor, built: Path
) -> None:
    path = built / "bank" / "offline-repo.json"
    content = manifest(built)
    content["request"]["packages"] = ["app\x1b[2J"]
    content["request"]["channels"] = [f"{vendor.server.url}/\x1b]0;hello\x07"]
    path.write_text(json.dumps(content))
    result = conda.fail("offline-repo", "build", *again(built, *vendor.channels, "app"))
    assert "offline-repo.json cannot be used" in result.stderr
    assert result.output.replace("\n", "").isprintable()


def test_secrets_that_somebody_has_put_into_a_manifest_are_not_told() -> None:
    secret = "tk-secret"
    urls = (f"http://h/t/{secret}/c", f"http://me:{secret}@h/c", f"http://h/c?key={secret}")
    for url in (*urls, f"http://[{secret}"):
        (told,) = changes(Remembered(channels=(url,)), Remembered(channels=("http://h/d",)))
        assert secret not in str(told)


def test_of_two_requests() -> None:
    before = Remembered(
        ("a",), ("http://c",), ("linux-64",), {"linux-64": {"__glibc": "2.17", "__unix": "0"}}
    )
    after = Remembered(
        ("a", "b"), ("http://c",), ("linux-64",), {"linux-64": {"__unix": "0", "__cuda": "12=x"}}
    )
    assert changes(before, before) == ()
    assert changes(before, after) == (
        RequestChange("packages", ("a",), ("a", "b")),
        RequestChange("virtual_packages", ("linux-64:__glibc=2.17",), ("linux-64:__cuda=12=x",)),
    )
    assert changes(after, before)[1].before == ("linux-64:__cuda=12=x",)


def test_changes_of_what_pip_is_to_install_are_told(conda: Conda, root: Path) -> None:
    channel = TinyChannel(conda.work / "channel")
    channel.add("python", "3.12.4", build="0_cpython", subdir="linux-64")
    channel.add("pip", "25.0")
    channel.write()
    for name in ("foo", "bar"):
        write_wheel(conda.work / "wheels", name)
    names = ("--label", "bank", "--root", root)
    request = (
        *names,
        "--no-label-channel",
        "--platform",
        "linux-64",
        "-c",
        channel.folder.as_uri(),
    )
    index = ("--pip=--no-index", "--pip", "--find-links ./wheels")
    first = conda.build(*request, *index, "--pip", "foo >=1", "--pip", "bar", "--json").json
    links = f"--find-links {(conda.work / 'wheels').as_uri()}"
    asked = ["bar", "foo>=1", "--no-index", links]
    assert first["request"]["packages"] == ["python"]
    assert first["request"]["pip"] == {"": {"requirements": asked[:2], "index": asked[2:]}}
    assert conda.build(*names, "--json").json["request_changes"] == []
    told = conda.build(*names, "--remove", "bar", "--no-pip-as-conda", "--json", "--dry-run").json
    assert told["request_changes"] == [
        {"what": "pip", "before": asked, "after": asked[1:]},
        {"what": "pip_as_conda", "before": ["yes"], "after": ["no"]},
    ]
    output = conda.build(*names, "--pip", "foo", *index, "--no-pip-as-conda").stdout
    assert f'  pip: bar, foo>=1, --no-index, "{links}" -> foo, --no-index, "{links}"\n' in output
    assert "  pip as conda: yes -> no\n" in output
    assert manifest(root)["request"]["pip_as_conda"] is False
    conda.build(*names, "--pip-as-conda", "--remove", "foo")
    request = manifest(root)["request"]
    assert {"pip", "pip_as_conda"}.isdisjoint(request)
    assert request["packages"] == ["python"]
