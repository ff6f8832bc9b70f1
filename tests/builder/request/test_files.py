"""What a file says of channels, platforms and packages that no channel holds, in a request."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.options import EnvironmentSpec
from conda_offline_repo.builder.request.inputs.exceptions import InputFileError, PipPartsError
from conda_offline_repo.builder.request.request import resolve
from conda_offline_repo.exceptions import InvalidRequestError, OfflineRepoError
from tests.support.requesting import ACME, ALIAS, LABEL, PUBLIC, last, urls

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conda_offline_repo.builder.options import Options
    from conda_offline_repo.builder.request.request import Request
    from tests.support.inside import Inside

ELSEWHERE = f"{ALIAS}/elsewhere"


@pytest.fixture
def of_file(options: Options, tmp_path: Path) -> Callable[..., Options]:
    """The options of a build from a file with this text: `elsewhere` is configured."""

    def of_file(text: str, *named: str, **changes: object) -> Options:
        path = tmp_path / "environment.yml"
        path.write_text(text)
        changed = replace(
            options,
            packages=(),
            channels=(*named, "elsewhere"),
            configured=("elsewhere",),
            channels_named=bool(named),
            label_channel=False,
            platforms=(),
            native_platform="linux-64",
            environments=(EnvironmentSpec(file=path),),
        )
        return replace(changed, **changes)  # type: ignore[arg-type]

    return of_file


def kinds(request: Request) -> list[str]:
    return [warning.kind for warning in request.warnings]


@pytest.mark.parametrize(
    ("channels", "named", "expected"),
    [
        ("[acme, public]", (), [ACME, PUBLIC]),
        ("[acme]", ("public",), [PUBLIC, ACME]),
        ("[acme, nodefaults]", (), [ACME]),
        ("[nodefaults]", ("public",), [PUBLIC]),
        ("[]", ("public",), [PUBLIC, ELSEWHERE]),
        ("[]", (), [ELSEWHERE]),
    ],
)
def test_configured_channels_are_for_files_without(
    of_file: Callable[..., Options], channels: str, named: tuple[str, ...], expected: list[str]
) -> None:
    request = resolve(of_file(f"channels: {channels}\ndependencies: [app]\n", *named), None)
    assert urls(request) == expected
    assert kinds(request) == (["added-channels"] if channels == "[]" else [])
    for warning in request.warnings:
        assert f"names no channel, so the configured ones are used: {ELSEWHERE}." in warning.text


def test_remembered_channels_of_a_file_without(of_file: Callable[..., Options]) -> None:
    before = last(environments={}, channels=(LABEL, ACME))
    request = resolve(of_file("dependencies: [app]\n", label_channel=True), before)
    assert (urls(request), kinds(request)) == ([LABEL, ACME], [])


def test_other_environment_needs_the_configured_channels(
    of_file: Callable[..., Options],
) -> None:
    options = of_file("channels: [acme]\ndependencies: [app]\n")
    two = (replace(options.environments[0], name="a"), EnvironmentSpec("b", ("tool",)))
    assert urls(resolve(replace(options, environments=two), None)) == [ACME, ELSEWHERE]


def test_no_channel_at_all(of_file: Callable[..., Options]) -> None:
    for text in ("channels: [nodefaults]\ndependencies: [app]\n", "app=1.0=0\n"):
        with pytest.raises(InvalidRequestError) as caught:
            resolve(of_file(text, channels=(), configured=()), None)
        assert "-c" in str(caught.value)
    assert "names no channel, and none is named or configured" in str(caught.value)


@pytest.mark.parametrize(
    ("named", "expected", "warnings"),
    [
        ((), ("osx-64", "win-64"), []),
        (("linux-64", "win-64"), ("linux-64", "win-64"), ["left-out"]),
    ],
)
def test_platforms(
    of_file: Callable[..., Options],
    named: tuple[str, ...],
    expected: tuple[str, ...],
    warnings: list[str],
) -> None:
    text = "channels: [acme]\nplatforms: [win-64, osx-64]\ndependencies: [app]\n"
    request = resolve(of_file(text, platforms=named), last())
    assert (request.platforms, kinds(request)) == (expected, warnings)
    for warning in request.warnings:
        assert "this build is also for linux-64, which it does not list" in warning.text


def test_what_is_left_out_is_said(of_file: Callable[..., Options]) -> None:
    text = "channels: [acme]\nvariables: {A: b}\ndependencies: [app]\n"
    (warning,) = resolve(of_file(text), None).warnings
    assert warning.kind == "left-out"
    assert "environment.yml is followed: `variables`" in warning.text


@pytest.mark.parametrize(
    "text",
    [
        "channels: [acme]\ndependencies: [app]\n",
        "channels: [public]\ndependencies: ['acme::app']\n",
        f"@EXPLICIT\n{ACME}/noarch/lib-1.0-0.conda\n",
    ],
)
@pytest.mark.parametrize(
    ("setting", "channel"), [("denylist_channels", "acme"), ("allowlist_channels", "public")]
)
def test_channels_that_conda_denies(
    me: Inside, of_file: Callable[..., Options], text: str, setting: str, channel: str
) -> None:
    me.configure(channel_alias=ALIAS, **{setting: [channel]})
    with pytest.raises(InvalidRequestError, match=f"{ACME} .*setting {setting}"):
        resolve(of_file(text), None)


def test_channels_that_conda_allows(me: Inside, of_file: Callable[..., Options]) -> None:
    me.configure(channel_alias=ALIAS, allowlist_channels=["acme"], denylist_channels=["public"])
    request = resolve(of_file("channels: [acme]\ndependencies: [app]\n"), None)
    assert urls(request) == [ACME]


@pytest.mark.parametrize("channel", ["https://$ACME_HOST/x", "${ACME_HOST}/x"])
def test_variable_of_a_channel_that_is_not_set(
    of_file: Callable[..., Options], options: Options, channel: str
) -> None:
    wrong = of_file(f"channels: [acme, '{channel}']\ndependencies: [app]\n")
    with pytest.raises(InputFileError, match=r"`channels`: a variable is not set .*ACME_HOST"):
        resolve(wrong, None)
    with pytest.raises(InvalidRequestError, match=r"variable that is not set: .*ACME_HOST"):
        resolve(replace(options, channels=(channel,)), None)


def test_channel_that_a_package_is_named_with(of_file: Callable[..., Options]) -> None:
    request = resolve(of_file("channels: [acme]\ndependencies: [app, 'public::tool']\n"), None)
    assert urls(request) == [ACME, PUBLIC]


LOCK = f"""\
version: 1
metadata: {{}}
package:
- {{name: lib, platform: linux-64, url: "{ACME}/noarch/lib-1.0-0.conda"}}
- {{name: lib, platform: win-64, url: "{ACME}/noarch/lib-1.0-0.conda"}}
- {{name: six, manager: pip, category: dev, platform: linux-64, url: "https://h.example/six.zip"}}
"""


def test_pip_refuses_only_what_it_is_in(of_file: Callable[..., Options]) -> None:
    with pytest.raises(PipPartsError) as caught:
        resolve(of_file(LOCK), None)
    assert "\n  - six (dev, linux-64): an archive of sources\n" in str(caught.value)
    for option in ("--only main", "--platform win-64"):
        assert f"that have none of these: {option}." in "\n".join(caught.value.hints)
    options = of_file(LOCK)
    (spec,) = options.environments
    main = replace(options, environments=(replace(spec, only=("main",)),))
    assert resolve(main, None).platforms == ("linux-64", "win-64")
    assert resolve(replace(options, platforms=("win-64",)), None).platforms == ("win-64",)
    dev = replace(options, environments=(replace(spec, only=("dev",)),), channels=(), configured=())
    with pytest.raises(PipPartsError, match="six"):  # it has nothing else, and so no channel
        resolve(dev, None)


def test_parts_of_what_has_none(of_file: Callable[..., Options]) -> None:
    options = of_file("channels: [acme]\ndependencies: [app]\n")
    (spec,) = options.environments
    for wrong in (replace(spec, only=("prod",)), EnvironmentSpec(only=("prod",))):
        with pytest.raises(OfflineRepoError, match="prod") as caught:
            resolve(replace(options, environments=(wrong,)), None)
        assert "--only" in str(caught.value)
