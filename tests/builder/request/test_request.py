"""Options and what is remembered, made one checked request."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.exceptions import NothingAskedError
from conda_offline_repo.builder.request.request import repository_of, resolve
from conda_offline_repo.exceptions import InvalidRequestError
from conda_offline_repo.repository.exceptions import InvalidLabelError
from conda_offline_repo.repository.manifest import Manifest, Remembered
from tests.support.inside import inside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conda_offline_repo.builder.options import Options
    from conda_offline_repo.builder.request.request import Request
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


@pytest.mark.parametrize("packages", [("app", "app>>2"), ("acme::app", "public::app")])
def test_packages_are_checked(options: Options, packages: tuple[str, ...]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        resolve(replace(options, packages=packages), None)
    assert repr(packages[1]) in str(caught.value)


def test_nothing_to_ship(options: Options) -> None:
    assert resolve(replace(options, packages=()), None).packages == ()
    with pytest.raises(InvalidRequestError):
        resolve(replace(options, packages=(), label_channel=False), None)
    with pytest.raises(InvalidRequestError):
        resolve(replace(options, channels=()), None)


def test_names_are_checked(options: Options) -> None:
    with pytest.raises(InvalidLabelError):
        repository_of(replace(options, label="a/b"))
    with pytest.raises(InvalidRequestError):
        resolve(replace(options, platforms=("linux-46",)), None)


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


@pytest.mark.parametrize(
    ("add", "remove", "expected"),
    [
        (("new",), (), ("app", "new", "tool")),
        (("new>=2", "new<3"), (), ("app", "new<3", "new>=2", "tool")),
        (("app>=2",), (), ("app>=2", "tool")),
        (("APP>=2",), (), ("APP>=2", "tool")),
        (("public::app",), (), ("public::app", "tool")),
        (("app",), (), ("app", "tool")),
        ((), ("app",), ("tool",)),
        ((), ("app", "app"), ("tool",)),
        (("new",), ("app", "tool"), ("new",)),
    ],
)
def test_list_of_packages_is_changed(
    options: Options, add: tuple[str, ...], remove: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    request = resolve(replace(again(options), add=add, remove=remove), last())
    assert request.packages == expected


@pytest.mark.parametrize("text", ["app", "app>=2,<3", "app >=2,<3", "App"])
def test_remembered_package_is_removed_by_name_or_as_typed(options: Options, text: str) -> None:
    remembered = last(packages=("app>=2,<3", "tool"))
    assert resolve(replace(again(options), remove=(text,)), remembered).packages == ("tool",)


def test_all_that_is_remembered_of_a_name_goes(options: Options) -> None:
    remembered = last(packages=("app<3", "app>=2", "low::app", "tool"))
    assert resolve(replace(again(options), remove=("app",)), remembered).packages == ("tool",)
    assert resolve(replace(again(options), remove=("app<3",)), remembered).packages == (
        *("app>=2", "low::app", "tool"),
    )
    assert resolve(replace(again(options), add=("app",)), remembered).packages == ("app", "tool")


def test_packages_added_in_a_first_build_are_its_packages(options: Options) -> None:
    request = resolve(replace(options, packages=(), add=("app", "tool>=2")), None)
    assert request.packages == ("app", "tool>=2")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"remove": ("nosuch", "app>=2", "nil")}, ["nosuch", "app>=2", "nil", "tool", "- app"]),
        ({"remove": ("app", "tool")}, ["app, tool"]),
        ({"add": ("app>=2",), "remove": ("app",)}, ["app"]),
        ({"packages": ("app",), "add": ("tool",)}, ["--add"]),
        ({"packages": ("app",), "remove": ("tool",)}, ["--remove"]),
        ({"add": ("app===",)}, ["app==="]),
        ({"remove": ("",)}, ["''"]),
    ],
    ids=str,
)
def test_change_of_the_packages_that_makes_no_sense(
    options: Options, change: dict[str, tuple[str, ...]], words: list[str]
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        resolve(replace(again(options), **change), last())  # type: ignore[arg-type]
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("change", [{"add": ("app",)}, {"remove": ("app",)}], ids=str)
def test_all_of_the_label_channel_is_no_list_to_change(
    options: Options, change: dict[str, tuple[str, ...]]
) -> None:
    with pytest.raises(InvalidRequestError, match="all that the label channel publishes"):
        resolve(replace(again(options), **change), last(packages=()))  # type: ignore[arg-type]


def test_removing_from_nothing(options: Options) -> None:
    with pytest.raises(InvalidRequestError, match="no build of this label"):
        resolve(replace(options, packages=(), remove=("app",)), None)


@pytest.mark.parametrize(
    "change",
    [{}, {"platforms": ("win-64",)}, {"add": ("app",)}, {"remove": ("app",)}, {"token": SECRET}],
    ids=str,
)
def test_no_request_and_no_repository(options: Options, change: dict[str, object]) -> None:
    configured = replace(again(options), channels=("acme",), **change)  # type: ignore[arg-type]
    with pytest.raises(NothingAskedError) as caught:
        resolve(configured, None)
    for word in (str(options.root), "'bank'", "--root", "offline_repo_root", "-c"):
        assert word in str(caught.value)


@pytest.mark.parametrize(
    "package",
    [
        f"http://anna:{SECRET}@conda.example.com/acme::app",
        f"http://{SECRET}@conda.example.com/acme::app",
        f"http://conda.example.com/t/{SECRET}/acme::app",
        f"http://conda.example.com/acme?key={SECRET}::app",
        f"app[channel='http://anna:{SECRET}@conda.example.com/acme']",
        f"http://anna:{SECRET}@conda.example.com/acme/noarch/app-1-0.conda",
    ],
)
def test_package_that_would_give_a_secret_away(options: Options, package: str) -> None:
    for field in ("packages", "add", "remove"):
        with pytest.raises(InvalidRequestError, match="password or a token") as caught:
            resolve(replace(options, **{field: (package,)}), None)  # type: ignore[arg-type]
        assert SECRET not in str(caught.value)


def test_label_channel_that_is_named_itself(options: Options) -> None:
    request = resolve(replace(options, channels=("acme/label/bank", "public"), token=SECRET), None)
    assert urls(request) == [LABEL, PUBLIC]
    assert request.label_source == request.sources[0]
    assert opened(request) == [LABEL]
    remembered = last(channels=tuple(urls(request)))
    later = resolve(replace(again(options), token=SECRET), remembered)
    assert (urls(later), opened(later)) == ([LABEL, PUBLIC], [LABEL])


def test_publisher_stays_who_it_is_without_the_label_channel(options: Options) -> None:
    """The token is not sent to whoever comes next."""
    without = replace(again(options), label_channel=False, token=SECRET)
    request = resolve(without, last(channels=(LABEL, PUBLIC)))
    assert (urls(request), opened(request)) == ([PUBLIC], [])
    with pytest.raises(InvalidRequestError, match=ACME):
        resolve(without, last(channels=(LABEL,)))


def test_label_channel_behind_another_publisher(options: Options) -> None:
    misplaced = replace(options, channels=("public", "acme/label/bank"))
    with pytest.raises(InvalidRequestError) as caught:
        resolve(misplaced, None)
    assert f"-c {ACME} -c {PUBLIC}" in str(caught.value)
    as_it_is = resolve(replace(misplaced, label_channel=False), None)
    assert (urls(as_it_is), as_it_is.label_source) == ([PUBLIC, LABEL], None)
    first = replace(options, channels=("acme/label/bank", "public"), label_channel=False)
    assert urls(resolve(first, None)) == [LABEL, PUBLIC]


@pytest.mark.parametrize(
    "remembered",
    [
        {"packages": ("app\x1b[2J",)},
        {"packages": ("app===",)},
        {"platforms": ("linux-46",)},
        {"channels": ("http://[",)},
        {"channels": ()},
        {"virtual_packages": {"\x1b[2J": {}}},
        {"virtual_packages": {"linux-64": {"__glibc": "\x1b[2J"}}},
        {"virtual_packages": {"linux-64": {"a b": "1"}}},
    ],
    ids=str,
)
def test_what_is_remembered_is_checked_too(options: Options, remembered: dict[str, object]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        resolve(again(options), last(**remembered))
    assert "\x1b" not in str(caught.value)


def test_remembered_package_that_is_none_is_replaced(options: Options) -> None:
    request = resolve(replace(again(options), packages=("tool",)), last(packages=("app===",)))
    assert request.packages == ("tool",)


@pytest.mark.parametrize("package", ["a\x1b[31mpp", "app\x9b2J", "app\n", "a\u202epp", "a\xa0b"])
def test_package_with_characters_that_are_not_seen(options: Options, package: str) -> None:
    for field in ("packages", "add", "remove"):
        with pytest.raises(InvalidRequestError) as caught:
            resolve(replace(options, **{field: (package,)}), None)  # type: ignore[arg-type]
        assert str(caught.value).replace("\n", "").isprintable()
        assert repr(package) in str(caught.value)
