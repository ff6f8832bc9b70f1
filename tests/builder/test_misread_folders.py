"""Folders where conda does not find a channel: builds do not write there."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.repository.exceptions import FolderNameError
from tests.support.running import snapshot
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path

    from conda_offline_repo.builder.options import Options
    from tests.support.inside import Inside


@pytest.fixture
def options(me: Inside, tmp_path: Path) -> Options:
    channel = TinyChannel(tmp_path / "channel")
    channel.add("app")
    channel.write()
    options = me.options("app", channels=(channel.folder.as_uri(),))
    return replace(options, platforms=("linux-64",))


@pytest.mark.parametrize("name", ["linux-64", "linux-64-mirror", "noarch-2026/repositories"])
def test_root_is_refused(me: Inside, options: Options, tmp_path: Path, name: str) -> None:
    root = tmp_path / "srv" / name
    for dry_run in (True, False):
        with pytest.raises(FolderNameError, match=rf"'{name.split('/')[0]}' for a platform"):
            me.build(replace(options, root=root), dry_run=dry_run)
    assert not root.parent.exists()


def test_repository_that_has_moved_there_stays(
    me: Inside, options: Options, tmp_path: Path
) -> None:
    first = me.build(options)
    moved = tmp_path / "noarch" / "root"
    moved.parent.mkdir()
    first.path.parent.rename(moved)
    before = snapshot(moved)
    with pytest.raises(FolderNameError, match="'noarch' for a platform"):
        me.build(replace(options, root=moved))
    assert snapshot(moved) == before


def test_root_for_another_platform(me: Inside, options: Options, tmp_path: Path) -> None:
    options = replace(options, root=tmp_path / "win-64-mirror")
    assert me.build(options).changed
    with pytest.raises(FolderNameError, match="'win-64-mirror' for a platform"):
        me.build(replace(options, platforms=("linux-64", "win-64")))


def test_folder_of_temporary_files(
    me: Inside, options: Options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "linux-64-tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "linux-64-tmp"))
    with pytest.raises(FolderNameError, match="'linux-64-tmp' for a platform"):
        me.build(options, dry_run=True)
    assert me.build(options).changed
