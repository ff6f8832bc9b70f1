"""Packages that no channel has: all of a request at once, as typed, with what there is instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from conda.base.context import context

from conda_offline_repo._conda.classic_solver import CLASSIC
from conda_offline_repo.builder.solving.exceptions import SolveError
from dev.upstream.server import ChannelServer
from tests.support.sharded import INDEX, SHARDS, shard
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.inside import Inside

VERSIONS = ("1.2", "1.10", "1.9", "2.0", "0.1", "0.2", "0.3")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ChannelServer]:
    served = tmp_path / "served"
    high, low = TinyChannel(served / "upper"), TinyChannel(served / "lower")
    high.add("ratingpro", "2.0")
    high.add("ratingpro", "1.0")
    for version in VERSIONS:
        low.add("pytho", version)
    low.add("pytho", "2.0", build="other_1", number=1)
    low.add("linux-only", subdir="linux-64")
    low.add("needy", depends=["absent"])
    for channel in (high, low):
        channel.write()
    with ChannelServer(served) as server:
        yield server


def urls(server: ChannelServer) -> tuple[str, str]:
    return f"{server.url}/upper", f"{server.url}/lower"


def refusal(
    me: Inside, server: ChannelServer, *packages: str, platforms: tuple[str, ...] = ("linux-64",)
) -> str:
    with pytest.raises(SolveError) as caught:
        me.build(me.options(*packages, channels=urls(server), platforms=platforms))
    assert not me.root.exists()
    return str(caught.value)


@pytest.mark.parametrize(
    "sharded",
    [
        False,
        pytest.param(
            True, marks=pytest.mark.skipif(not SHARDS, reason="this conda reads no shards")
        ),
    ],
    ids=["whole", "shards"],
)
def test_all_at_once(me: Inside, server: ChannelServer, tmp_path: Path, sharded: bool) -> None:
    if sharded:
        low = TinyChannel(tmp_path / "served" / "lower")
        for version in VERSIONS:
            low.add("pytho", version)
        low.add("pytho", "2.0", build="other_1", number=1)
        low.write()
        shard(low)
    text = refusal(me, server, "Ratingpr>=2", "pytho >=7", "pytho=2.0=py_0", "zzzzzz", "ratingpro")
    assert "The request cannot be met for linux-64." in text
    assert "Ratingpr>=2: no package has this name; near to it: ratingpro\n" in text
    assert (
        "pytho >=7: no version satisfies; the nearest are 2.0, 1.10, 1.9, 1.2, 0.3 and 2 more\n"
        in text
    )
    assert "pytho=2.0=py_0: no build satisfies; the nearest are 2.0=0, 2.0=other_1\n" in text
    assert "zzzzzz: no package has this name\n" in text
    assert "- ratingpro" not in text
    for url in urls(server):
        assert f"- {url}" in text
    assert any(request.path.endswith(INDEX) for request in server.requests) or not sharded


def test_nearest_versions_and_builds(me: Inside, server: ChannelServer) -> None:
    text = refusal(me, server, "pytho=1.9.4", "ratingpro=1.1", "pytho=2=other_2", "needy>1.0")
    assert "needy>1.0: no version satisfies; the nearest is 1.0\n" in text
    assert "pytho=1.9.4: no version satisfies; the nearest are 1.10, 1.9, 2.0, 1.2, 0.3 and" in text
    assert "ratingpro=1.1: no version satisfies; the nearest are 2.0, 1.0\n" in text
    assert "pytho=2=other_2: no build satisfies; the nearest are 2.0=other_1, 2.0=0\n" in text


def test_on_all_platforms_at_once(me: Inside, server: ChannelServer) -> None:
    text = refusal(
        *(me, server, "linux-only", "ratingpr"), platforms=("linux-64", "osx-64", "win-64")
    )
    assert "linux-only for osx-64, win-64: no package has this name" in text
    assert "ratingpr: no package" in text
    assert "cannot be met for linux-64, osx-64, win-64." in text


def test_on_a_later_platform_than_the_one_without_solution(
    me: Inside, server: ChannelServer
) -> None:
    text = refusal(me, server, "needy", "linux-only", platforms=("linux-64", "win-64"))
    assert "absent" in text
    assert "linux-only for win-64: no package has this name" in text


def test_missing_dependency_is_told_as_the_solver_does(me: Inside, server: ChannelServer) -> None:
    text = refusal(me, server, "needy", "ratingpro")
    assert "absent" in text
    assert "no package has this name" not in text
    assert "that exist" not in text


def test_package_of_one_channel(me: Inside, server: ChannelServer) -> None:
    """What another channel has does not count."""
    high, low = urls(server)
    if context.solver in CLASSIC:
        me.configure(channel_alias=server.url)
        high, low = "upper", "lower"
    text = refusal(me, server, f"{high}::pytho", f"{low}::ratingpro")
    assert f"{high}::pytho: no package has this name" in text
    assert f"{low}::ratingpro: no package has this name" in text
    text = refusal(me, server, f"{low}::pytho>=7", f"{high}::ratingpro")
    assert f"{low}::pytho>=7: no version satisfies; the nearest are 2.0" in text
    assert "::ratingpro:" not in text


def test_what_the_channel_says_is_printed_harmlessly(
    me: Inside, server: ChannelServer, tmp_path: Path
) -> None:
    high = TinyChannel(tmp_path / "served" / "upper")
    high.add("ratingpro", record={"name": "ratingpro\x1b[2J"})
    high.write()
    text = refusal(me, server, "ratingpro")
    assert text.replace("\n", "").isprintable()
