"""Repositories that others have open while they are built, and builds that are ended from outside.

Processes and threads as every system has them; Windows refuses to replace or delete an open file.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.progress import Unwatched
from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.publication.staging import exclusive, staging_folder
from conda_offline_repo.repository.verify import verify
from tests.support.inside import inside
from tests.support.running import PATIENCE
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.running import Conda

on_windows = pytest.mark.skipif(os.name != "nt", reason="elsewhere open files hold nobody up")


class Vendor:
    """Builds the bank's repository, release after release; each changes all of it.

    Attributes:
        bank: the repository.
    """

    def __init__(self, conda: Conda, folder: Path) -> None:
        self.conda = conda
        self.folder = folder / "published"
        self.bank = folder / "root" / "bank"
        self.bank.parent.mkdir()

    def release(self, number: int) -> tuple[str, ...]:
        """Publish upstream; gives the command that builds from it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        channel = TinyChannel(self.folder)
        channel.add("app", f"{number}.0", depends=[f"lib =={number}.0", "data"])
        channel.add("lib", f"{number}.0", subdir="win-64")
        channel.add("data", files={"share/data.bin": os.urandom(200_000)})
        channel.write()
        return (
            *("offline-repo", "build", "--label", "bank", "--root", str(self.bank.parent), "app"),
            *("--no-label-channel", "-c", channel.folder.as_uri(), "--override-channels"),
            *("--platform", "win-64"),
        )

    def build(self, number: int) -> None:
        self.conda.run(*self.release(number))
        self.check()

    def check(self) -> None:
        report = verify(locate_one(self.bank), Unwatched())
        assert report.good, report


@pytest.fixture
def vendor(conda: Conda, tmp_path: Path) -> Vendor:
    return Vendor(conda, tmp_path)


def read_on(folder: Path, done: Event) -> int:
    """Read all files of a folder, over and over, as a virus scanner does; counts the rounds."""
    rounds = 0
    while not done.is_set():
        for path in sorted(folder.rglob("*")):
            try:
                with path.open("rb") as file:
                    file.read()
                    time.sleep(0.001)
            except OSError:  # it is gone, or just being replaced
                continue
        rounds += 1
    return rounds


def test_reader_in_a_loop(vendor: Vendor) -> None:
    vendor.build(1)
    result = Event()
    with ThreadPoolExecutor() as executor:
        reader = executor.submit(read_on, vendor.bank, result)
        try:
            for number in (2, 3, 4):
                vendor.build(number)
        finally:
            result.set()
    assert reader.result() > 0


@on_windows
def test_held_file_is_named_and_the_next_build_finishes(vendor: Vendor) -> None:
    vendor.build(1)
    held = vendor.bank / "noarch" / "repodata.json"
    with held.open("rb"):
        result = vendor.conda.fail(*vendor.release(2))
        assert str(held) in result.stderr
        assert "another program has it open" in result.stderr
    vendor.check()
    vendor.build(2)


@on_windows
def test_held_leftover_is_no_failed_build(vendor: Vendor) -> None:
    vendor.build(1)
    leftover = vendor.bank / "noarch" / "app-1.0-0.conda"
    with leftover.open("rb"):
        result = vendor.conda.run(*vendor.release(2))
        assert "app-1.0-0.conda" in result.stderr
    assert leftover.exists()
    vendor.conda.run(*vendor.release(2))
    assert not leftover.exists()
    vendor.check()


@on_windows
def test_read_only_files(vendor: Vendor) -> None:
    vendor.build(1)
    for path in vendor.bank.rglob("*"):
        if path.is_file():
            path.chmod(0o444)
    vendor.build(2)


def staged(vendor: Vendor) -> bool:
    """Whether the archives of the next release are arriving."""
    return any(staging_folder(vendor.bank).glob("noarch/*.conda"))


def publishing(vendor: Vendor) -> bool:
    """Whether the next release has begun to take the place of the last."""
    return (vendor.bank / "noarch" / "app-2.0-0.conda").exists()


def locked(vendor: Vendor) -> bool:
    """Whether the build has begun at all."""
    return staging_folder(vendor.bank).exists()


@pytest.mark.parametrize("moment", [locked, staged, publishing])
def test_build_that_is_ended_from_outside(vendor: Vendor, moment: Callable[[Vendor], bool]) -> None:
    vendor.build(1)
    command = vendor.release(2)
    with subprocess.Popen(
        [sys.executable, "-m", "conda", *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=vendor.conda.work,
        env=vendor.conda.variables,
    ) as process:
        end = time.monotonic() + PATIENCE
        while not moment(vendor) and process.poll() is None:
            assert time.monotonic() < end
        process.kill()
    vendor.check()
    vendor.conda.run(*command)
    vendor.check()
    assert (vendor.bank / "noarch" / "app-2.0-0.conda").exists()
    assert sorted(path.name for path in vendor.bank.parent.iterdir()) == ["bank", "index.html"]


class Told(Unwatched):
    """Progress that is waited for."""

    def __init__(self) -> None:
        self.waiting = Event()

    def step(self, text: str) -> None:
        self.waiting.set()


def test_release_that_is_published_while_a_build_waits_is_built_upon(tmp_path: Path) -> None:
    channel = TinyChannel(tmp_path / "channel")
    for name in ("app", "lib", "tool"):
        channel.add(name)
    channel.write()
    with inside(tmp_path / "engineer") as me:
        options = me.options("app", channels=(channel.folder.as_uri(),))
        again = replace(options, packages=(), channels_named=False)
        bank = me.build(options).path
        first = shutil.copytree(bank, tmp_path / "first")
        me.build(replace(again, add=("lib",)))
        second = bank.rename(tmp_path / "second")
        first.rename(bank)
        result = Told()
        with ThreadPoolExecutor() as executor:
            with exclusive(bank, Unwatched().step):
                building = executor.submit(me.build, replace(again, add=("tool",)), result)
                assert result.waiting.wait(PATIENCE)
                shutil.rmtree(bank)
                second.rename(bank)
            outcome = building.result(PATIENCE)
    assert outcome.manifest.release == 3
    assert outcome.manifest.request.packages == ("app", "lib", "tool")
