"""Packages as people type them."""

from __future__ import annotations

import pytest
from conda.models.match_spec import MatchSpec

from conda_offline_repo.exceptions import InvalidRequestError
from conda_offline_repo.specs import PackageSpec, check_together, parse_spec


@pytest.mark.parametrize(
    "text",
    ["app", "app>=2", "app=2.1", "app 2.* py_0", "app[version='>=2']", "public::app", "_x-y.z"],
)
def test_specification(text: str) -> None:
    package = parse_spec(text)
    assert package == text
    assert package.match == MatchSpec(text)


@pytest.mark.parametrize(
    "text",
    ["", "*", "app===", "app>>2", "win-64", "app-1.0-0.conda", "https://example.com/x-1-0.conda"],
    ids=repr,
)
def test_what_is_not_a_specification(text: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        parse_spec(text)
    assert repr(text) in str(caught.value)


def test_endless_specification() -> None:
    alternatives = "|".join(["1.0"] * 200)
    assert parse_spec(f"app {alternatives}").match.name == "app"
    with pytest.raises(InvalidRequestError, match="100000 characters; at most 1000"):
        parse_spec("a" * 100_000)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("app=1.*.4", "not all solvers read the version"),
        ("app=^1.*$", "not all solvers read the version"),
        ("app!=*", "not all solvers read the version"),
        ("app=*1", "not all solvers read the version"),
        ("app~=1", "two parts"),
        ("app=>1", "'=>' is not an operator; write '>='"),
        ("app=", "version is missing"),
        ("app>", "version is missing"),
        ("app>=", "invalid operator"),
        ("app==1.0==2", "invalid character"),
        ("app=1=2 3", "not a build"),
        ("app=1=a**", "not a build"),
        ("app=_1", "empty version component"),
        ("a b::app", "a b' is not a channel"),
        ("app[build='^x($']", "invalid regular expression"),
        ("app==(+", "is not a package specification"),
        ("app[md5=abc]", "its md5 is not a digest"),
        ("app[sha256='*']", "its sha256 is not a digest"),
        ("app[build_number=x]", "not a build number"),
        ("app[version]", "'version' in its brackets is not KEY=VALUE"),
        ("app[asyncio]<2", "extras are not supported"),
        ("app[version=>=1,<2]", "'<2' in its brackets"),
        ("app[extras=[a]]", "not every conda knows 'extras'"),
        ("app[when='python']", "not every conda knows 'when'"),
        ("app[fn0=1]", "not every conda knows 'fn0'"),
        ("app[version='1', version='2']", "twice"),
        ("app[", "not balanced"),
        ("a[pp", "not balanced"),
        ("app]", "not balanced"),
        ("app (>=1)", "leave out a part of it at '('"),
        ("app if python", "leave out a part of it at 'if'"),
        ("app:1.0", "leave out a part of it at ':'"),
        ("äpp", "äpp"),
        ("${APP}", "is not a package specification"),
        ("{{ app }}", "is not a package specification"),
        ("app^1", "is not a package specification"),
        ("ap*", "names no package"),
    ],
)
def test_what_some_solver_would_not_understand_or_leave_out(text: str, problem: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        parse_spec(text)
    assert repr(text) in str(caught.value)
    assert problem in str(caught.value).replace("an invalid", "invalid")


@pytest.mark.parametrize(
    "text",
    [
        "app=1.0.*",
        "app>=1.0.*,<2.0a0",
        "app 3.11.*|3.12.*",
        "app[version='>=1|(<0.9,!=0.8.*)']",
        "app=*=*_mkl",
        "app==1.0=^py38_.*$",
        "app[md5=d41d8cd98f00b204e9800998ecf8427e]",
        "app[build_number='>=3']",
        "https://conda.anaconda.org/acme::app=1!2.0.post1+abc",
        "app=1.0 # as the bank has it: 1 (one)",
        "acme/linux-64::_app-x.y 9e",
    ],
)
def test_what_all_understand(text: str) -> None:
    assert parse_spec(text).match == MatchSpec(text)


def test_server_of_a_channel_is_never_another() -> None:
    """conda 24.7 takes `https://host/acme` for the channel acme of its alias."""
    for text in ("https://host.example/acme::app", "https://host.example/acme/noarch::app=1"):
        match = parse_spec(text).match
        assert str(match.get_raw_value("channel")) == "https://host.example/acme"
        assert not match.get_raw_value("subdir") or "noarch" in text


@pytest.mark.parametrize(
    "channel", ["https://me:opensesame@host", "https://host/t/opensesame", "https://h?opensesame"]
)
def test_credential_of_a_channel_is_refused_and_not_shown(channel: str) -> None:
    with pytest.raises(InvalidRequestError, match="password or a token") as caught:
        parse_spec(f"{channel}/acme::app")
    assert "opensesame" not in "\n".join([str(caught.value), *caught.value.hints])


@pytest.mark.parametrize(
    "packages", [("app=1=a_0", "app=1=b_0"), ("acme::app", "public::app"), ("App=1=a", "app=1=b")]
)
def test_packages_that_exclude_each_other(packages: tuple[str, ...]) -> None:
    with pytest.raises(InvalidRequestError, match="exclude each other") as caught:
        check_together(map(parse_spec, packages))
    for package in packages:
        assert repr(package) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "unqualified"),
    [
        ("app >=1", "app >=1"),
        ("acme::app", "app"),
        ("https://host/acme/noarch::app>=1,<2", "app[version='>=1,<2']"),
        ("acme/linux-64::app=1.0=0", "app==1.0=0"),
        ("app[channel=acme,build_number=0]", "app[build_number=0]"),
    ],
)
def test_without_the_channel(text: str, unqualified: str) -> None:
    package = PackageSpec(text).unqualified
    assert package == unqualified
    assert package.match == MatchSpec(unqualified)
    assert package.match.get_raw_value("channel") is None
