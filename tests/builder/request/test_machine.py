"""The machine that a label is built for: its virtual packages, stated, modest and remembered."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context
from conda.plugins import hookimpl
from conda.plugins.types import CondaVirtualPackage

from conda_offline_repo.builder.request.request import resolve
from conda_offline_repo.exceptions import InvalidRequestError
from tests.support.requesting import again, last

if TYPE_CHECKING:
    from conda_offline_repo.builder.options import Options


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        (
            "linux-64",
            {"__unix": "0", "__linux": "4.18", "__glibc": "2.28", "__archspec": "1=x86_64"},
        ),
        ("win-64", {"__win": "10", "__archspec": "1=x86_64"}),
        ("osx-arm64", {"__unix": "0", "__osx": "13.0", "__archspec": "1=m1"}),
        (
            "linux-aarch64",
            {"__unix": "0", "__linux": "4.18", "__glibc": "2.28", "__archspec": "1=aarch64"},
        ),
    ],
)
def test_modest_machine(options: Options, platform: str, expected: dict[str, str]) -> None:
    request = resolve(replace(options, platforms=(platform,)), None)
    assert request.virtual_packages == {platform: expected}


@pytest.mark.parametrize(
    ("texts", "linux", "windows"),
    [
        (("__glibc=2.17",), {"__glibc": "2.17"}, {"__glibc": None}),
        (("glibc=2.17",), {"__glibc": "2.17"}, {"__glibc": None}),
        (("__cuda=12.4",), {"__cuda": "12.4"}, {"__cuda": "12.4"}),
        (("__archspec=1=zen4",), {"__archspec": "1=zen4"}, {"__archspec": "1=zen4"}),
        (("__glibc=",), {"__glibc": None}, {"__glibc": None, "__win": "10"}),
        (("__cuda=", "__win=11"), {"__cuda": None, "__win": None}, {"__win": "11"}),
    ],
)
def test_virtual_packages(
    options: Options,
    texts: tuple[str, ...],
    linux: dict[str, str | None],
    windows: dict[str, str | None],
) -> None:
    request = resolve(
        replace(options, platforms=("linux-64", "win-64"), virtual_packages=texts), None
    )
    for platform, expected in (("linux-64", linux), ("win-64", windows)):
        machine = request.virtual_packages[platform]
        assert {name: machine.get(name) for name in expected} == expected


@pytest.mark.parametrize("text", ["", "glibc", "=2", "__=2", "a b=1", "__cuda=a b", "../x=1"])
def test_what_is_no_virtual_package(options: Options, text: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        resolve(replace(options, virtual_packages=(text,)), None)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("__glib=2.17", "__glibc"),
        ("linux-64:glib=2.17", "__glibc"),
        ("__cudda=12", "__cuda"),
        ("__windows=10", "__win"),
        ("__linx=5", "__linux"),
        ("__glib=", "__glibc"),
    ],
)
def test_misspelt_name_is_refused(options: Options, text: str, near: str) -> None:
    with pytest.raises(InvalidRequestError, match=rf"Near to it is {near}\.") as caught:
        resolve(replace(options, platforms=("linux-64",), virtual_packages=(text,)), None)
    assert f"Write {near}." in str(caught.value)


@pytest.mark.parametrize("name", ["__cuda_arch", "__conda", "__eglibc", "__vendor_thing"])
def test_name_that_a_conda_or_a_plugin_may_have(options: Options, name: str) -> None:
    request = resolve(replace(options, virtual_packages=(f"{name}=1",)), None)
    assert all(machine[name] == "1" for machine in request.virtual_packages.values())


def test_name_that_a_plugin_of_this_conda_has(options: Options) -> None:
    plugin = ModuleType("offline_repo_test_virtual_package")
    packages = [CondaVirtualPackage("glib", "2.80", None)]
    plugin.conda_virtual_packages = hookimpl(lambda: packages)  # type: ignore[attr-defined]
    context.plugin_manager.register(plugin)
    try:
        request = resolve(replace(options, virtual_packages=("__glib=2.80",)), None)
    finally:
        context.plugin_manager.unregister(plugin)
    assert all(machine["__glib"] == "2.80" for machine in request.virtual_packages.values())


def test_misspelt_name_that_is_remembered_is_taken_away(options: Options) -> None:
    before = last(virtual_packages={"linux-64": {"__glib": "2.17"}})
    with pytest.raises(InvalidRequestError, match="__glib="):
        resolve(again(options), before)
    mended = resolve(replace(again(options), virtual_packages=("__glib=",)), before)
    assert "__glib" not in mended.virtual_packages["linux-64"]


@pytest.mark.parametrize(
    ("stated", "linux", "windows"),
    [
        ((), {"__glibc": "2.17"}, {"__win": "11"}),
        (
            ("__cuda=12.4",),
            {"__glibc": "2.17", "__cuda": "12.4"},
            {"__win": "11", "__cuda": "12.4"},
        ),
        (("linux-64:__cuda=12.4",), {"__glibc": "2.17", "__cuda": "12.4"}, {"__win": "11"}),
        (("linux-64:glibc=2.31",), {"__glibc": "2.31"}, {"__win": "11"}),
        (("__glibc=2.31", "__glibc=2.34"), {"__glibc": "2.34"}, {"__win": "11"}),
        (("__win=10",), {"__glibc": "2.17"}, {"__win": "10"}),
        (("__glibc=",), {}, {"__win": "11"}),
        (("win-64:__win=",), {"__glibc": "2.17"}, {}),
        (("win-64:__glibc=",), {"__glibc": "2.17"}, {"__win": "11"}),
        (("__unix=0",), {"__glibc": "2.17", "__unix": "0"}, {"__win": "11"}),
        # what is said of one platform counts more than what is said of all, in any order
        (
            ("win-64:__cuda=11", "__cuda=12"),
            {"__glibc": "2.17", "__cuda": "12"},
            {"__win": "11", "__cuda": "11"},
        ),
        (
            ("win-64:__cuda=", "__cuda=12"),
            {"__glibc": "2.17", "__cuda": "12"},
            {"__win": "11"},
        ),
    ],
)
def test_virtual_packages_are_merged_with_the_remembered(
    options: Options, stated: tuple[str, ...], linux: dict[str, str], windows: dict[str, str]
) -> None:
    request = resolve(replace(again(options), virtual_packages=stated), last())
    assert request.virtual_packages == {"linux-64": linux, "win-64": windows}


def test_machine_that_has_nothing_is_remembered_as_such(options: Options) -> None:
    remembered = last(virtual_packages={"linux-64": {}, "win-64": {"__win": "11"}})
    request = resolve(replace(again(options), virtual_packages=("__cuda=12",)), remembered)
    assert request.virtual_packages["linux-64"] == {"__cuda": "12"}


def test_machine_of_a_platform_that_is_left_out_comes_back_with_it(options: Options) -> None:
    fewer = resolve(replace(again(options), platforms=("win-64",)), last())
    assert fewer.platforms == ("win-64",)
    between = last(platforms=fewer.platforms, virtual_packages=fewer.virtual_packages)
    changed = resolve(replace(again(options), virtual_packages=("__cuda=12",)), between)
    assert changed.virtual_packages["linux-64"] == {"__glibc": "2.17"}
    more = resolve(replace(again(options), platforms=("linux-64", "win-64")), between)
    assert more.virtual_packages == last().request.virtual_packages


@pytest.mark.parametrize(
    ("stated", "platform", "reached"),
    [
        ("__cuda=12.4", "osx-arm64", False),
        ("__cuda=12.4", "linux-aarch64", True),
        ("__unix=0", "win-64", False),
        ("__osx=14", "osx-arm64", True),
        ("__osx=14", "linux-64", False),
        ("__musl=1.2", "win-64", False),
        ("__archspec=1=zen4", "linux-64", True),
        ("__archspec=1=zen4", "osx-64", True),
        ("__archspec=1=zen4", "osx-arm64", False),
        ("__archspec=1=zen4", "linux-aarch64", False),
        ("__archspec=1=m2", "osx-arm64", True),
        ("__archspec=1=unheard_of", "linux-64", True),
        ("__vendor_thing=3", "win-64", True),
    ],
)
def test_what_is_said_of_all_platforms_reaches_those_that_can_have_it(
    options: Options, stated: str, platform: str, reached: bool
) -> None:
    name, _, value = stated.partition("=")
    plain = replace(options, platforms=(platform,))
    before = resolve(plain, None).virtual_packages[platform]
    after = resolve(replace(plain, virtual_packages=(stated,)), None).virtual_packages[platform]
    assert after == ({**before, name: value} if reached else before)
    addressed = replace(plain, virtual_packages=(f"{platform}:{stated}",))
    if reached:
        assert resolve(addressed, None).virtual_packages[platform] == after
    else:
        with pytest.raises(InvalidRequestError, match=platform):
            resolve(addressed, None)


@pytest.mark.parametrize(
    "text",
    [
        "osx-64:__osx=14",  # not asked for
        "linux-46:__glibc=2.17",
        "noarch:__cuda=1",
        ":__cuda=1",
        "linux-64:=2",
        "linux-64:cuda",
        "linux-64:win-64:__cuda=1",
        "__cafe\u0301=1",
        "__\u00e9=1",
    ],
)
def test_platform_of_a_virtual_package_is_one_of_the_request(options: Options, text: str) -> None:
    with pytest.raises(InvalidRequestError):
        resolve(replace(again(options), virtual_packages=(text,)), last())
