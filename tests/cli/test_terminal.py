"""The progress display: what it says, where, and where it is silent; `progress.py` tells it."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tqdm import tqdm

from conda_offline_repo.cli.terminal import INTERVAL, WAITING, Clock, Meter, follow
from tests.conftest import TOKEN
from tests.support.inside import Counted, inside
from tests.support.running import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Vendor
    from tests.support.running import Conda

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals like these")


class Time:
    """What tqdm takes for the time, in seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    clock = Time()
    monkeypatch.setattr("tqdm.std.time", clock)
    monkeypatch.setenv("COLUMNS", "120")
    return clock


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step ends before the first update of its line, however slow the machine is."""
    monkeypatch.setattr("conda_offline_repo.cli.terminal.INTERVAL", 3600.0)


def after(meter: Meter, time: Time, size: int = 0, packages: int = 0) -> str:
    """The line of a meter at its next look, when so much more is done."""
    time.now += INTERVAL
    if size or packages:
        meter.advance(size, packages)
    meter.show()
    return str(meter.bar)


def test_meter_tells_packages_bytes_rate_and_time_left(time: Time) -> None:
    meter = Meter(packages=4, size=100_000_000)
    text = after(meter, time)
    assert text.startswith("0 of 4 packages:   0%|")
    assert text.endswith("| 0.00/100M [00:00<?, ?B/s]")
    meter.advance(1_000_000, 0)
    text = after(meter, time, 1_500_000, 1)
    assert text.startswith("1 of 4 packages:   2%|")
    assert text.endswith("| 2.50M/100M [00:00<00:09, 10.0MB/s]")
    text = after(meter, time, 97_500_000, 3)
    assert text.startswith("4 of 4 packages: 100%|")
    assert "| 100M/100M [00:00<00:00, " in text


def test_rate_is_of_now(time: Time) -> None:
    """What was at hand goes fast and says nothing of the download that follows."""
    meter = Meter(packages=2, size=2_000_000_000)
    after(meter, time)
    assert after(meter, time, 1_000_000_000, 1).endswith("[00:00<00:00, 4.00GB/s]")
    for _ in range(round(10 / INTERVAL)):
        text = after(meter, time, 250_000)
    assert text.endswith("[00:10<16:29, 1.00MB/s]")


def test_rate_knows_of_the_time_without_news(time: Time) -> None:
    meter = Meter(packages=9, size=90_000)
    after(meter, time)
    for _ in range(8):
        for _ in range(3):
            after(meter, time)
        text = after(meter, time, 10_000, 1)
    assert text.endswith(", 10.0kB/s]")


def test_standstill_is_told(time: Time) -> None:
    meter = Meter(packages=1, size=1000)
    after(meter, time)
    assert "waiting" not in after(meter, time, 500)
    for _ in range(round(WAITING / INTERVAL)):
        text = after(meter, time)
    assert text.startswith("0 of 1 package:  50%|")
    assert text.endswith(", waiting]")
    assert "waiting" not in after(meter, time, 400)
    after(meter, time, 100, 1)
    for _ in range(round(WAITING / INTERVAL)):
        assert "waiting" not in after(meter, time)


def test_bytes_to_be_had_again_are_taken_back(time: Time) -> None:
    meter = Meter(packages=1, size=1000)
    after(meter, time, 600)
    text = after(meter, time, -600)
    assert text.startswith("0 of 1 package:   0%|")
    assert "| 0.00/1.00k [" in text


def test_no_time_left_is_told_where_nobody_knows_the_size(time: Time) -> None:
    meter = Meter(packages=2, size=None)
    after(meter, time)
    assert after(meter, time, 4000, 1) == "1 of 2 packages: 4.00kB [00:00, 16.0kB/s]"


def test_nothing_is_left_where_channels_state_too_little(time: Time) -> None:
    meter = Meter(packages=2, size=1000)
    after(meter, time)
    assert after(meter, time, 4000, 1) == "1 of 2 packages: 4.00kB [00:00, 16.0kB/s]"


def test_all_that_came_is_counted_at_the_end(
    time: Time, capsys: pytest.CaptureFixture[str], unhurried: None
) -> None:
    meter = Meter(packages=2, size=1000)
    after(meter, time, 500, 1)
    with follow(meter):
        meter.advance(500, 1)
    last = capsys.readouterr().err.split("\r")[-1]
    assert last.startswith("2 of 2 packages: 100%|")
    assert last.endswith("\n")


def test_short_step_leaves_no_line(capsys: pytest.CaptureFixture[str], unhurried: None) -> None:
    meter = Meter(packages=2, size=1000)
    with follow(meter):
        meter.advance(1000, 2)
    assert capsys.readouterr().err == ""


def test_clock_tells_the_time_from_the_first_second_on(time: Time) -> None:
    clock = Clock("Solving bank for win-64")
    time.now += 0.9
    clock.show()
    assert str(clock.bar) == "Solving bank for win-64 ..."
    time.now += 74.6
    clock.show()
    assert str(clock.bar) == "Solving bank for win-64 ... 01:15"


def test_line_of_a_clock_fits_on_the_terminal(time: Time) -> None:
    clock = Clock("Solving bank for " + "x" * 200)
    time.now += 7200
    clock.show()
    assert len(str(clock.bar)) < 120
    assert str(clock.bar).endswith(" ... 2:00:00")


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
        options = replace(options, customer_solvers=("rattler",))
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
    total = tqdm.format_sizeof(sum(package["size"] for package in size.values()))
    (followed,) = (line for line in text.split("\r\n") if " packages: " in line and "\r" in line)
    shown = [line.strip() for line in followed.split("\r") if line.strip()]
    pattern = rf"([0-3]) of 3 packages: +(\d+)%\|.*\| [0-9.]+k?/{total} \[.*\]"
    matches = [re.fullmatch(pattern, line) for line in shown]
    assert all(matches), shown
    percents = [int(match[2]) for match in matches if match]
    assert percents == sorted(percents)
    assert shown[-1].startswith("3 of 3 packages: 100%|")
    assert f"| {total}/{total} [" in shown[-1]
    assert any(re.search(r"\[00:\d\d<00:\d\d, [0-9.]+[kM]?B/s\]$", line) for line in shown), shown


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
    result = conda.execute(*big(slow, root))
    assert result.status == 0, result
    for text in ("Solving bank for", "Collecting 3 packages"):
        assert text in result.stderr
    assert "\r" not in result.output
    assert " of 3 packages" not in result.output


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
