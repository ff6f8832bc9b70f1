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
