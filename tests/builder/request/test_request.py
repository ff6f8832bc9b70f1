"""Options and what is remembered, made one checked request."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.exceptions import NothingAskedError
from conda_offline_repo.builder.request.request import repository_of, resolve
from conda_offline_repo.exceptions import InvalidRequestError
from conda_offline_repo.repository.exceptions import InvalidLabelError
from tests.support.requesting import ACME, LABEL, PUBLIC, SECRET, again, last, opened, urls

if TYPE_CHECKING:
    from conda_offline_repo.builder.options import Options


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
