"""What packages run where they are installed, as a build finds it out and a manifest keeps it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.archives import contents, facts
from conda_offline_repo.builder.release import compose
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from conda_offline_repo.builder.archives.contents import Contents
    from conda_offline_repo.builder.options import Options
    from conda_offline_repo.builder.outcome import BuildOutcome
    from tests.support.inside import Inside

SCRIPTS = {
    "linux-64/app-1.0-0.conda": {"post-link": ("bin/.app-post-link.sh",)},
    "noarch/lib-1.0-0.tar.bz2": {"menu": ("Menu/lib.json",)},
}
NEW = "noarch/new-1.0-0.conda"


@pytest.fixture
def channel(tmp_path: Path) -> TinyChannel:
    channel = TinyChannel(tmp_path / "channel")
    script = {"bin/.app-post-link.sh": "echo\n"}
    channel.add("app", subdir="linux-64", depends=["lib"], files=script)
    metadata = "lib/python3.12/site-packages/Lib_x-1.0.dist-info/METADATA"
    channel.add("lib", files={"Menu/lib.json": "{}", metadata: ""}, format="tar.bz2")
    channel.add("new", files={"share/new": ""})
    channel.write()
    return channel


@pytest.fixture
def options(me: Inside, channel: TinyChannel) -> Options:
    return me.options("app", channels=(channel.folder.as_uri(),))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the archives that are read, as they are."""
    names: list[str] = []
    contents_of = contents.contents_of

    def counted(path: Path, **more: bool) -> Contents:
        names.append(path.name)
        return contents_of(path, **more)

    monkeypatch.setattr(facts, "contents_of", counted)
    return names


def scripts(outcome: BuildOutcome) -> dict[str, Any]:
    return {name: package.scripts for name, package in outcome.manifest.packages.items()}


def test_new_archives_are_read_once(me: Inside, options: Options, read: list[str]) -> None:
    assert scripts(me.build(options, dry_run=True)) == dict.fromkeys(SCRIPTS)
    read.clear()
    first = me.build(options)
    assert scripts(first) == SCRIPTS
    assert first.manifest.packages["noarch/lib-1.0-0.tar.bz2"].pypi == {"lib-x": "1.0"}
    assert sorted(read) == ["app-1.0-0.conda", "lib-1.0-0.tar.bz2"]
    assert not me.build(options).changed
    more = replace(options, packages=("app", "new"))
    second = me.build(more, dry_run=True)
    assert scripts(second) == {**SCRIPTS, NEW: None}
    second = me.build(more)
    assert scripts(second) == {**SCRIPTS, NEW: {}}
    assert second.manifest.packages["noarch/lib-1.0-0.tar.bz2"].pypi == {"lib-x": "1.0"}
    assert [*dict.fromkeys(read)][2:] == ["new-1.0-0.conda"]


def test_older_releases_are_read_at_the_next(
    me: Inside, options: Options, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(compose, "with_facts", lambda release, *_: release)
        assert scripts(me.build(options)) == dict.fromkeys(SCRIPTS)
    read.clear()
    for dry_run in (True, False):
        outcome = me.build(options, dry_run=dry_run)
        assert not outcome.changed
        assert scripts(outcome) == dict.fromkeys(SCRIPTS)
    assert read == []
    assert scripts(me.build(replace(options, packages=("app", "new")))) == {**SCRIPTS, NEW: {}}
    assert sorted(read) == ["app-1.0-0.conda", "lib-1.0-0.tar.bz2", "new-1.0-0.conda"]


def test_other_bytes_are_read_again(me: Inside, options: Options, channel: TinyChannel) -> None:
    me.build(options)
    channel.add("app", subdir="linux-64", depends=["lib"])
    channel.write()
    assert scripts(me.build(options))["linux-64/app-1.0-0.conda"] == {}
