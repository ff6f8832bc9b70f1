"""One build of a label at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.repository.publication.staging import exclusive, staging_folder
from tests.support.running import PATIENCE, tree
from tests.support.tiny import TinyChannel
from tests.support.warm import warm_conda

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.running import Conda


@pytest.fixture
def channel(tmp_path: Path) -> TinyChannel:
    channel = TinyChannel(tmp_path / "published")
    channel.add("app")
    channel.add("tool")
    channel.write()
    return channel


class Started:
    """A build in the background."""

    def __init__(self, conda: Conda, channel: TinyChannel, root: Path, label: str, package: str):
        command = (
            *("offline-repo", "build", "--label", label, "--root", root, "--no-label-channel"),
            *("-c", channel.folder.as_uri(), "--override-channels", package),
        )
        self.process = subprocess.Popen(
            [sys.executable, "-m", "conda", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=conda.work,
            encoding="utf-8",
            env=conda.variables,
        )

    def first_words(self) -> str:
        """The first line that it says on stderr."""
        assert self.process.stderr is not None
        return self.process.stderr.readline()

    def finish(self) -> str:
        """See it succeed; returns the rest of what it says on stderr."""
        _, errors = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0, errors
        return errors


def build_number(repository: Path) -> int:
    return int(json.loads((repository / "offline-repo.json").read_bytes())["build"])


def test_builds_of_one_label_wait_for_each_other(
    conda: Conda, channel: TinyChannel, root: Path
) -> None:
    with exclusive(root / "bank", lambda _: None):
        builds = [Started(conda, channel, root, "bank", name) for name in ("app", "tool")]
        for build in builds:
            assert f"process {os.getpid()}" in build.first_words()
        assert not (root / "bank").exists()
    for build in builds:
        build.finish()
    # the second saw what the first had made, or both would have made build 1
    assert build_number(root / "bank") == 2
    assert sorted(path.name for path in root.iterdir()) == ["bank", "index.html"]


def test_builds_of_other_labels_do_not_wait(conda: Conda, channel: TinyChannel, root: Path) -> None:
    with exclusive(root / "bank", lambda _: None):
        errors = Started(conda, channel, root, "bakery", "app").finish()
        assert "process" not in errors
        assert build_number(root / "bakery") == 1
    assert sorted(path.name for path in root.iterdir()) == ["bakery", "index.html"]


@pytest.fixture
def killed(channel: TinyChannel) -> Iterator[Path]:
    """A root in which the build of a label was killed, in the middle of its work."""
    with warm_conda() as warm:
        root = warm.folder / "root"
        command = (
            *("offline-repo", "build", "--label", "bank", "--root", root, "--no-label-channel"),
            *("-c", channel.folder.as_uri(), "--override-channels", "app"),
        )
        assert warm.execute(*command, folder=root, fault="kill", number=20).status == -9
        yield root


def test_a_killed_build_holds_no_lock(conda: Conda, channel: TinyChannel, killed: Path) -> None:
    assert list(staging_folder(killed / "bank").iterdir())
    errors = Started(conda, channel, killed, "bank", "app").finish()
    assert "process" not in errors
    assert sorted(path.name for path in killed.iterdir()) == ["bank", "index.html"]


def test_folder_of_somebody_else_with_the_name_of_ours_is_left_alone(
    conda: Conda, channel: TinyChannel, root: Path
) -> None:
    staging = staging_folder(root / "bank")
    staging.mkdir(parents=True)
    (staging / "precious").write_text("mine")
    command = ("--label", "bank", "--root", root, "--no-label-channel", "--override-channels")
    told = conda.fail("offline-repo", "build", *command, "-c", channel.folder.as_uri(), "app")
    assert f"ForeignFolderError: {staging}" in told.stderr
    assert [path.name for path in root.rglob("*")] == [staging.name, "precious"]


def test_no_path_of_a_build_is_longer_than_those_of_its_result(tmp_path: Path) -> None:
    """Where the repository fits into the paths that Windows allows, its build does."""
    channel = TinyChannel(tmp_path / "published")
    with warm_conda() as warm:
        root = warm.folder / "root"
        for version in ("1.0", "2.0"):
            channel.add("app", version, build="py311h06a4308_0", depends=[f"lib =={version}"])
            channel.add("lib", version, build="h1234567_0", subdir="win-64")
            channel.add("conda-offline-repo-base", version, build="pyhd8ed1ab_0")
            channel.write()
            done = warm.build(
                *("--label", "bank", "--root", root, "--no-label-channel", "--with-plugin"),
                *("-q", "--platform", "win-64"),
                *("-c", channel.folder.as_uri(), "--override-channels", "app"),
                folder=root,
            )
            longest = max(len(path) for path in tree(root))
            longer = {step for step in done.steps if len(step.partition(" ")[2]) > longest}
            assert not longer, longest
