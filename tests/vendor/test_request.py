"""Options and what is remembered, made one checked request."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.exceptions import InvalidRequestError
from conda_offline_repo.repository.exceptions import InvalidLabelError
from conda_offline_repo.repository.manifest import Manifest, Remembered
from conda_offline_repo.vendor.request import resolve
from tests.support.inside import inside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conda_offline_repo.vendor.request import Options, Request
    from tests.support.inside import Inside

ALIAS = "https://conda.example.com"
SECRET = "tk-secret"
LABEL, ACME, PUBLIC = (f"{ALIAS}/{name}" for name in ("acme/label/bank", "acme", "public"))


@pytest.fixture
def me(tmp_path: Path) -> Iterator[Inside]:
    """The release engineer in this process."""
    with inside(tmp_path / "engineer") as me:
        me.configure(channel_alias=ALIAS)
        yield me


@pytest.fixture
def options(me: Inside) -> Options:
    """Those of a first build."""
    return me.options("app", channels=("acme", "public"), label_channel=True)


def last(**remembered: object) -> Manifest:
    """The manifest of a last build for two platforms."""
    request = Remembered(
        packages=("app", "tool"),
        channels=(LABEL, ACME, PUBLIC),
        platforms=("linux-64", "win-64"),
        virtual_packages={"linux-64": {"__glibc": "2.17"}, "win-64": {"__win": "11"}},
    )
    return Manifest("bank", 1, "", replace(request, **remembered), {}, {}, {}, {})  # type: ignore[arg-type]


def urls(request: Request) -> list[str]:
    return [source.url for source in request.sources]


def opened(request: Request) -> list[str]:
    """The channels that a token opens."""
    return [source.url for source in request.sources if source.channel.token == SECRET]


def again(options: Options) -> Options:
    """The options of a build that names nothing but the label."""
    return replace(options, packages=(), channels=(), channels_named=False, platforms=())


def test_first_build(options: Options) -> None:
    request = resolve(options, None)
    assert urls(request) == [LABEL, ACME, PUBLIC]
    assert request.label_source == request.sources[0]
    assert (request.label, request.packages, request.platforms) == ("bank", ("app",), ("linux-64",))


def test_packages_and_platforms_are_sorted_and_named_once(options: Options) -> None:
    request = resolve(
        replace(options, packages=("b", "a", "b"), platforms=("win-64", "linux-64", "win-64")), None
    )
    assert request.packages == ("a", "b")
    assert request.platforms == ("linux-64", "win-64")
    assert list(request.virtual_packages) == ["linux-64", "win-64"]


def test_without_label_channel(options: Options) -> None:
    request = resolve(replace(options, label_channel=False), None)
    assert urls(request) == [ACME, PUBLIC]
    assert request.label_source is None


def test_channel_that_is_named_twice_counts_once(options: Options) -> None:
    request = resolve(replace(options, channels=("acme", "public", "acme", LABEL)), None)
    assert urls(request) == [LABEL, ACME, PUBLIC]


def test_name_that_stands_for_several_channels(me: Inside, options: Options) -> None:
    me.configure(
        channel_alias=ALIAS, custom_multichannels={"all": [f"{ALIAS}/one", f"{ALIAS}/two"]}
    )
    request = resolve(replace(options, channels=("acme", "all")), None)
    assert urls(request)[2:] == [f"{ALIAS}/one", f"{ALIAS}/two"]


def test_label_channel_of_a_channel_with_a_path_and_a_port(options: Options) -> None:
    channel = "http://localhost:8080/get/acme"
    request = resolve(replace(options, channels=(channel,)), None)
    assert urls(request) == [f"{channel}/label/bank", channel]


def test_token_opens_the_publishers_channels_only(options: Options) -> None:
    other = f"{ALIAS}/acme-other"
    request = resolve(replace(options, token=SECRET, channels=("acme", "public", other)), None)
    assert urls(request) == [LABEL, ACME, PUBLIC, other]
    assert opened(request) == [LABEL, ACME]


@pytest.mark.parametrize(
    "channel",
    [
        f"https://conda.example.com/t/{SECRET}/acme",
        f"https://anna:{SECRET}@conda.example.com/acme",
        f"https://conda.example.com/acme?key={SECRET}",
    ],
)
def test_secrets_are_in_no_url_and_no_repr(options: Options, channel: str) -> None:
    request = resolve(replace(options, channels=(channel, "public"), token=None), None)
    assert urls(request) == [LABEL, ACME, PUBLIC]
    assert SECRET not in repr(request)
    assert SECRET not in repr(replace(options, token=SECRET))


@pytest.mark.parametrize("form", ["/t/tk-secret/acme", "anna:pass"])
def test_label_channel_has_the_credentials_of_the_publisher(options: Options, form: str) -> None:
    path = form if form.startswith("/") else "/acme"
    user = "" if form.startswith("/") else f"{form}@"
    request = resolve(
        replace(options, channels=(f"https://{user}conda.example.com{path}", "public")), None
    )
    label, publisher, public = (source.channel for source in request.sources)
    assert (label.token, label.auth) == (publisher.token, publisher.auth)
    assert label.token or label.auth
    assert (public.token, public.auth) == (None, None)


def test_remembers_all_of_the_last_build(options: Options) -> None:
    request = resolve(replace(again(options), token=SECRET), last())
    assert request.packages == ("app", "tool")
    assert urls(request) == [LABEL, ACME, PUBLIC]
    assert opened(request) == [LABEL, ACME]
    assert request.label_source == request.sources[0]
    assert request.platforms == ("linux-64", "win-64")
    assert request.virtual_packages == last().request.virtual_packages


def test_what_is_named_now_wins_over_what_is_remembered(options: Options) -> None:
    request = resolve(
        replace(
            options,
            packages=("other",),
            channels=("public",),
            platforms=("win-64", "osx-arm64"),
        ),
        last(),
    )
    assert request.packages == ("other",)
    assert urls(request) == [f"{PUBLIC}/label/bank", PUBLIC]
    assert request.virtual_packages["win-64"] == {"__win": "11"}
    assert request.virtual_packages["osx-arm64"]["__osx"] == "13.0"


def test_configured_channels_are_not_added_to_the_remembered(options: Options) -> None:
    request = resolve(replace(again(options), channels=("elsewhere",)), last())
    assert urls(request) == [LABEL, ACME, PUBLIC]


def test_configured_channel_lends_its_credentials_to_the_remembered(options: Options) -> None:
    channels = (f"{ALIAS}/t/{SECRET}/acme", "public")
    request = resolve(replace(again(options), channels=channels), last())
    assert urls(request) == [LABEL, ACME, PUBLIC]
    assert opened(request) == [LABEL, ACME]


def test_remembered_label_channel_can_be_left_out(options: Options) -> None:
    request = resolve(replace(again(options), label_channel=False), last())
    assert urls(request) == [ACME, PUBLIC]
    assert request.label_source is None


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
        found = request.virtual_packages[platform]
        assert {name: found.get(name) for name in expected} == expected


@pytest.mark.parametrize("text", ["", "glibc", "=2", "__=2", "a b=1", "__cuda=a b", "../x=1"])
def test_what_is_no_virtual_package(options: Options, text: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        resolve(replace(options, virtual_packages=(text,)), None)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    "package",
    ["app", "app>=2", "app=2.1", "app 2.* py_0", "app[version='>=2']", "public::app", "_x-y.z"],
)
def test_specification(options: Options, package: str) -> None:
    assert resolve(replace(options, packages=(package,)), None).packages == (package,)


@pytest.mark.parametrize(
    "package",
    ["", "app===", "app>>2", "win-64", "app-1.0-0.conda", "https://example.com/x-1-0.conda"],
    ids=repr,
)
def test_what_is_no_specification(options: Options, package: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        resolve(replace(options, packages=(package,)), None)
    assert repr(package) in str(caught.value)


def test_nothing_to_ship(options: Options) -> None:
    assert resolve(replace(options, packages=()), None).packages == ()
    with pytest.raises(InvalidRequestError):
        resolve(replace(options, packages=(), label_channel=False), None)
    with pytest.raises(InvalidRequestError):
        resolve(replace(options, channels=()), None)


@pytest.mark.parametrize("change", [{"label": "a/b"}, {"platforms": ("linux-46",)}], ids=str)
def test_names_are_checked(options: Options, change: dict[str, str]) -> None:
    with pytest.raises((InvalidLabelError, InvalidRequestError)):
        resolve(replace(options, **change), None)  # type: ignore[arg-type]
