"""The progress display: what it says, where, and where it is silent; `progress.py` tells it."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.cli.terminal import WINDOW, Clock, Meter, duration
from conda_offline_repo.printable import human
from tests.conftest import TOKEN
from tests.support.inside import Counted, inside
from tests.support.running import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Vendor
    from tests.support.running import Conda

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals like these")


def test_meter_tells_packages_bytes_rate_and_time_left() -> None:
    meter = Meter(packages=4, size=100_000_000, now=1000.0)
    assert meter.text(1000.0) == "0 of 4 packages, 0 bytes of 100.0 MB (0 %), waiting"
    meter.advance(10_000_000, 0)
    meter.advance(10_000_000, 1)
    assert meter.text(1002.0) == (
        "1 of 4 packages, 20.0 MB of 100.0 MB (20 %), 10.0 MB/s, 8 s left"
    )
    meter.advance(80_000_000, 3)
    assert meter.text(1003.0) == "4 of 4 packages, 100.0 MB of 100.0 MB (100 %)"


def test_rate_is_of_now() -> None:
    """What was at hand goes fast and says nothing of the download that follows."""
    meter = Meter(packages=2, size=2_000_000_000, now=0.0)
    meter.advance(1_000_000_000, 1)
    assert ", 1.0 GB/s, 1 s left" in meter.text(1.0)
    for second in range(2, 2 + int(WINDOW)):
        meter.advance(1_000_000, 0)
        text = meter.text(float(second))
    assert text.endswith(", 1.0 MB/s, 16 min 30 s left")


def test_standstill_is_told() -> None:
    meter = Meter(packages=1, size=1000, now=0.0)
    meter.advance(500, 0)
    assert meter.text(1.0).endswith(", 500 bytes/s, 1 s left")
    for second in range(2, 4 + int(WINDOW)):
        text = meter.text(float(second))
    assert text == "0 of 1 package, 500 bytes of 1.0 kB (50 %), waiting"


def test_bytes_to_be_had_again_are_taken_back() -> None:
    meter = Meter(packages=1, size=1000, now=0.0)
    meter.advance(600, 0)
    meter.text(1.0)
    meter.advance(-600, 0)
    assert meter.text(2.0) == "0 of 1 package, 0 bytes of 1.0 kB (0 %), waiting"


def test_no_time_left_is_told_where_nobody_knows_the_size() -> None:
    meter = Meter(packages=2, size=None, now=0.0)
    meter.advance(4000, 1)
    assert meter.text(2.0) == "1 of 2 packages, 4.0 kB, 2.0 kB/s"


def test_nothing_is_left_where_channels_state_too_little() -> None:
    meter = Meter(packages=2, size=1000, now=0.0)
    meter.advance(4000, 1)
    assert "left" not in meter.text(2.0)


def test_clock_tells_the_time_from_the_first_second_on() -> None:
    clock = Clock("Solving bank for win-64", now=100.0)
    assert clock.text(100.9) == "Solving bank for win-64 ..."
    assert clock.text(175.5) == "Solving bank for win-64 ... 1 min 15 s"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (125, "2 min 05 s"), (5400, "1 h 30 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_collecting_counts_what_comes_from_anywhere(tmp_path: Path, vendor: Vendor) -> None:
    with inside(tmp_path / "engineer") as me:
        options = me.options("extra", channels=(vendor.url(vendor.public),))
        first, again = Counted(), Counted()
        size = me.build(options, first).manifest.size
        me.build(options, again)
    for progress in (first, again):
        assert ("Collecting", 2, size) in progress.steps
        assert (progress.done, progress.packages) == (size, 2)


def test_size_that_a_channel_does_not_state_is_not_guessed(tmp_path: Path, vendor: Vendor) -> None:
    vendor.public.add("bare", record={"size": None})
    vendor.public.write()
    progress = Counted()
    with inside(tmp_path / "engineer") as me:
        options = me.options("bare", "extra", channels=(vendor.url(vendor.public),))
        size = me.build(options, progress).manifest.size
    assert ("Collecting", 3, None) in progress.steps
    assert (progress.done, progress.packages) == (size, 3)


def test_archives_are_searched_for_credentials_while_they_come(
    tmp_path: Path, vendor: Vendor
) -> None:
    progress = Counted()
    with inside(tmp_path / "engineer") as me:
        options = me.options("app", channels=vendor.channels[1:4:2], token=TOKEN)
        size = me.build(options, progress).manifest.size
    counted = [step for step in progress.steps if not isinstance(step, str)]
    assert counted == [("Collecting", 2, size)]
    assert (progress.done, progress.packages) == (size, 2)


@pytest.fixture
def slow(vendor: Vendor) -> Vendor:
    """The server, which takes a second for an archive of 400 kB."""
    files = {"share/big.bin": random.Random("big").randbytes(400_000)}
    big = vendor.public.add("big", files=files, depends=["extra"])
    vendor.public.write()
    vendor.server.fault(big.file, "slow", seconds=0.1)
    return vendor


def big(slow: Vendor, root: Path, *options: str) -> tuple[str, ...]:
    channel = ("--no-label-channel", "--override-channels", "-c", slow.url(slow.public))
    build = ("offline-repo", "build", "--label", "bank", "--root", str(root))
    return (*build, *channel, *options, "big")


def on_terminal(conda: Conda, *arguments: str) -> tuple[int, str]:
    """Run conda with a terminal for its stderr; returns its status and what the terminal got."""
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "conda", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        cwd=conda.work,
        env={**conda.variables, "COLUMNS": "120", "TERM": "xterm"},
    ) as process:
        os.close(theirs)
        received = b""
        with suppress(OSError):  # how Linux tells that nobody writes any more
            while content := os.read(ours, 65536):
                received += content
        os.close(ours)
        status = process.wait(PATIENCE)
    return status, received.decode()


@posix
def test_line_on_a_terminal(conda: Conda, slow: Vendor, root: Path) -> None:
    status, text = on_terminal(conda, *big(slow, root))
    assert status == 0, text
    size = json.loads((root / "bank" / "offline-repo.json").read_bytes())["packages"]
    total = human(sum(package["size"] for package in size.values()))
    (followed,) = (line for line in text.split("\r\n") if " packages, " in line and "\r" in line)
    shown = [line.strip() for line in followed.split("\r") if line.strip()]
    pattern = rf"([0-3]) of 3 packages, .* of {re.escape(total)} \((\d+) %\)(, .*)?"
    found = [re.fullmatch(pattern, line) for line in shown]
    assert all(found), shown
    percents = [int(match[2]) for match in found if match]
    assert percents == sorted(percents)
    assert shown[-1] == f"3 of 3 packages, {total} of {total} (100 %)"
    assert any(re.search(r", [0-9.]+ (bytes|kB|MB)/s, \d+ s left$", line) for line in shown), shown


@posix
def test_terminal_shows_what_is_being_solved(conda: Conda, slow: Vendor, root: Path) -> None:
    status, text = on_terminal(conda, *big(slow, root), "--platform", "linux-64")
    assert status == 0, text
    lines = [line.split("\r")[1] for line in text.split("\r\n") if line.startswith("\r")]
    assert [line.partition(" ...")[0] for line in lines][:4] == [
        "Reading the channels",
        "Solving bank for linux-64",
        "Reading the entries of the packages",
        "Proving that the repository installs by itself",
    ]


@posix
@pytest.mark.parametrize("options", [(), ("--quiet",)], ids=["", "quiet"])
def test_terminal_shows_that_use_is_solving(
    conda: Conda, copy: Path, options: tuple[str, ...]
) -> None:
    use = ("offline-repo", "use", str(copy), "-n", "mine", "--yes", "app")
    status, text = on_terminal(conda, *use, *options)
    assert status == 0, text
    assert (f"Solving bank for {conda.envs / 'mine'} ..." in text) == (not options)
    assert "Solving environment: " in text


@posix
@pytest.mark.parametrize("option", ["--quiet", "--json"])
def test_nothing_on_a_terminal_if_not_wanted(
    conda: Conda, slow: Vendor, root: Path, option: str
) -> None:
    assert on_terminal(conda, *big(slow, root, option, "--solver", "classic")) == (0, "")


def test_no_line_where_there_is_no_terminal(conda: Conda, slow: Vendor, root: Path) -> None:
    done = conda.execute(*big(slow, root))
    assert done.status == 0, done
    for text in ("Solving bank for", "Collecting 3 packages"):
        assert text in done.stderr
    assert "\r" not in done.output
    assert " of 3 packages" not in done.output


@posix
def test_error_begins_on_a_line_of_its_own(conda: Conda, slow: Vendor, root: Path) -> None:
    (lost,) = (p for p in slow.public.packages.values() if p.file.startswith("extra-"))
    slow.server.fault(lost.file, "status", status=404)
    status, text = on_terminal(conda, *big(slow, root))
    assert status == 1
    last = text.replace("\r\n", "\n").split("\r")[-1]
    line, _, error = last.partition("\n")
    assert line.strip().startswith("2 of 3 packages")
    assert "HTTP 404" in error
