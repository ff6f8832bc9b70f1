"""Several environments of one label: each solved for itself, published together."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context

from conda_offline_repo.builder.options import EnvironmentSpec
from conda_offline_repo.builder.solving.exceptions import SolveError
from conda_offline_repo.exceptions import InvalidRequestError
from conda_offline_repo.repository.locate import locate_one
from tests.support.inside import inside
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conda_offline_repo.builder.options import Options
    from conda_offline_repo.builder.outcome import BuildOutcome
    from tests.support.inside import Inside
    from tests.support.running import Conda

PLATFORM: str = context.subdir


@pytest.fixture
def me(tmp_path: Path) -> Iterator[Inside]:
    with inside(tmp_path / "engineer") as me:
        yield me


@pytest.fixture
def channel(tmp_path: Path) -> TinyChannel:
    """Has two versions of `core`, and a tool that goes with the old one alone."""
    channel = TinyChannel(tmp_path / "public")
    channel.add("core", "1.0", depends=["lib"])
    channel.add("core", "2.0", depends=["lib"])
    channel.add("lib", "1.0")
    channel.add("tool", "1.0", depends=["core <2"])
    channel.write()
    return channel


def options(me: Inside, channel: TinyChannel, *environments: EnvironmentSpec) -> Options:
    plain = me.options(channels=(channel.folder.as_uri(),), platforms=(PLATFORM,))
    return replace(plain, environments=environments)


TWO = (EnvironmentSpec("runtime", ("core",)), EnvironmentSpec("tools", ("tool", "core")))


def build(me: Inside, channel: TinyChannel, *environments: EnvironmentSpec) -> BuildOutcome:
    return me.build(options(me, channel, *environments))


def test_each_is_solved_for_itself_and_published_together(me: Inside, channel: TinyChannel) -> None:
    outcome = build(me, channel, *TWO)
    solutions = {
        key: [name.removeprefix("noarch/").removesuffix(".conda") for name in names]
        for key, names in outcome.manifest.solutions.items()
    }
    assert solutions == {
        f"runtime/{PLATFORM}": ["core-2.0-0", "lib-1.0-0"],
        f"tools/{PLATFORM}": ["core-1.0-0", "lib-1.0-0", "tool-1.0-0"],
    }
    assert outcome.manifest.request.environments == {
        "runtime": ("core",),
        "tools": ("core", "tool"),
    }
    assert outcome.manifest.request.packages == ()
    assert locate_one(me.root).manifest == outcome.manifest


def test_environments_are_remembered(me: Inside, channel: TinyChannel) -> None:
    build(me, channel, *TWO)
    assert not build(me, channel).changed
    channel.add("core", "2.1", depends=["lib"])
    channel.write()
    outcome = build(me, channel)
    assert outcome.changed
    assert not outcome.request_changes
    (changed,) = outcome.difference.platforms
    assert changed.platform == f"runtime/{PLATFORM}"
    assert changed.updated == (("core", "2.0", "2.1"),)


def test_change_to_environments_and_back_is_told(me: Inside, channel: TinyChannel) -> None:
    plain = me.options("core", channels=(channel.folder.as_uri(),), platforms=(PLATFORM,))
    me.build(plain)
    outcome = build(me, channel, *TWO)
    (change,) = outcome.request_changes
    assert change.what == "environments"
    assert change.before == ("core",)
    assert change.after == ("runtime: core", "tools: core tool")
    outcome = me.build(plain)
    (change,) = outcome.request_changes
    assert change.after == ("core",)
    assert outcome.manifest.request.environments == {}


def test_unsolvable_environment_is_named(me: Inside, channel: TinyChannel) -> None:
    wrong = EnvironmentSpec("tools", ("tool", "core >=2"))
    with pytest.raises(SolveError, match=f"for {PLATFORM} in the environment tools"):
        build(me, channel, TWO[0], wrong)
    assert not (me.root / "bank").exists()
    with pytest.raises(SolveError, match="(?s)in the environment tools.*near to it: core"):
        build(me, channel, TWO[0], EnvironmentSpec("tools", ("coer",)))


@pytest.mark.parametrize("name", ["a/b", "con", "", "x" * 65, "a b", "-n", "noarch"])
def test_name_that_cannot_be_one(me: Inside, channel: TinyChannel, name: str) -> None:
    if not name:  # one without a name is the only one
        return
    with pytest.raises(InvalidRequestError, match="cannot name an environment"):
        build(me, channel, EnvironmentSpec(name, ("core",)))


def test_names_that_windows_cannot_tell_apart(me: Inside, channel: TinyChannel) -> None:
    with pytest.raises(InvalidRequestError, match="two of this name"):
        build(me, channel, EnvironmentSpec("tools", ("core",)), EnvironmentSpec("Tools", ("tool",)))


def test_list_is_not_changed_by_add_and_remove(me: Inside, channel: TinyChannel) -> None:
    build(me, channel, *TWO)
    with pytest.raises(InvalidRequestError, match="environments"):
        me.build(replace(options(me, channel), add=("lib",)))


def test_releases_with_environments_are_kept(me: Inside, channel: TinyChannel) -> None:
    me.build(replace(options(me, channel, *TWO), keep=2))
    channel.add("core", "2.1", depends=["lib"])
    channel.write()
    outcome = me.build(replace(options(me, channel), keep=2))
    assert set(outcome.manifest.releases[1].solutions) == set(outcome.manifest.solutions)
    assert not outcome.warnings


def test_customer_gets_each_environment_as_it_was_solved(
    me: Inside, channel: TinyChannel, customer: Conda
) -> None:
    build(me, channel, *TWO)
    bank = me.root / "bank"
    customer.use(bank, "-n", "rating", "--environment", "runtime")
    assert customer.installed("rating") == {"core": "2.0", "lib": "1.0"}
    customer.use(bank, "-n", "tools", "--environment", "tools")
    assert customer.installed("tools") == {"core": "1.0", "lib": "1.0", "tool": "1.0"}
    channel.add("core", "2.1", depends=["lib"])
    channel.write()
    build(me, channel)
    result = customer.use(bank, "-n", "rating", "--environment", "runtime")
    assert customer.installed("rating")["core"] == "2.1"
    assert "--environment" not in result.stdout  # it has all of it now
    result = customer.use(bank, "-n", "other")
    assert "--environment runtime" in result.stdout


def test_customer_who_names_no_environment_or_a_wrong_one(
    me: Inside, channel: TinyChannel, customer: Conda
) -> None:
    build(me, channel, *TWO)
    bank = me.root / "bank"
    result = customer.fail("offline-repo", "use", bank, "-n", "a", "--environment", "tolls")
    assert "has the environments runtime, tools, not 'tolls'" in result.stderr
    result = customer.fail("offline-repo", "use", bank, "-n", "a", "--release", "1")
    assert "--environment runtime" in result.stderr
    assert not (customer.envs / "a").exists()
    result = customer.fail("offline-repo", "use", bank, "-n", "a", "--environment", "tools", "core")
    assert "take no packages" in result.stderr


def test_readme_says_which_environments_there_are(me: Inside, channel: TinyChannel) -> None:
    build(me, channel, *TWO)
    text = (me.root / "bank" / "README.txt").read_text()
    assert "NAME is one of: runtime, tools." in text
    assert "conda install PACKAGE" in text


def test_manifest_of_a_label_with_one_environment_is_as_before(
    me: Inside, channel: TinyChannel
) -> None:
    plain = me.options("core", channels=(channel.folder.as_uri(),), platforms=(PLATFORM,))
    me.build(plain)
    stated = json.loads((me.root / "bank" / "offline-repo.json").read_bytes())
    assert set(stated["solutions"]) == {PLATFORM}
    assert set(stated["request"]) == {"packages", "channels", "platforms", "virtual_packages"}
