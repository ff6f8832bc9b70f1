"""How far the work is, shown on the terminal."""

from __future__ import annotations

import shutil
import sys
import time
from collections import deque
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

from ..printable import counted, human

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Seconds between two looks at the meter. The work only counts; it never waits for the terminal.
INTERVAL = 0.25
#: Seconds that the rate is the average of: long enough to be calm, short enough to be of now.
WINDOW = 10.0


class Meter:
    """How much of a whole is done, how fast it goes on, and how long it will take.

    Args:
        packages: Of the whole.
        size: Bytes of the whole; None if nobody knows.
        now: When it begins; seconds of any clock.
    """

    def __init__(self, packages: int, size: int | None, now: float) -> None:
        self.packages = packages
        self.size = size
        self.done_packages = 0
        self.done = 0
        self.samples = deque([(now, 0)])
        self.news: deque[tuple[int, int]] = deque()

    def advance(self, size: int, packages: int) -> None:
        """Note what is done, see `Progress.advance`, without a lock to wait for."""
        self.news.append((size, packages))

    def text(self, now: float) -> str:
        """Packages, bytes, rate and time left, as far as they are known."""
        while self.news:
            size, packages = self.news.popleft()
            self.done += size
            self.done_packages += packages
        done = self.done
        self.samples.append((now, done))
        while len(self.samples) > 2 and self.samples[1][0] <= now - WINDOW:
            self.samples.popleft()
        then, before = self.samples[0]
        rate = (done - before) / (now - then) if now > then else 0.0
        parts = [f"{self.done_packages} of {counted(self.packages, 'package')}"]
        if self.size is None:
            parts.append(human(done))
        else:
            percent = 100 * done // max(self.size, 1)
            parts.append(f"{human(done)} of {human(self.size)} ({percent} %)")
        finished = self.done_packages == self.packages
        if rate > 0 and not finished:
            parts.append(f"{human(round(rate))}/s")
            if self.size is not None and self.size > done:
                parts.append(f"{duration((self.size - done) / rate)} left")
        elif not finished:
            parts.append("waiting")
        return ", ".join(parts)


class Clock:
    """How long a step takes already.

    Args:
        step: What it is.
        now: When it begins; seconds of any clock.
    """

    def __init__(self, step: str, now: float) -> None:
        self.step = step
        self.began = now

    def text(self, now: float) -> str:
        """The step, and from the first second on the time since its begin."""
        lasted = int(now - self.began)
        return f"{self.step} ... {duration(lasted)}" if lasted else f"{self.step} ..."


def duration(seconds: float) -> str:
    """Return a time for people: `9 s`, `2 min 05 s`, `1 h 30 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


class TerminalProgress:
    """Shows steps, and a line that follows the packages or the time, on stderr.

    Silent with `--quiet` and `--json`; no line where stderr is no terminal.
    """

    def __init__(self) -> None:
        from conda.base.context import context

        self.silent = bool(context.quiet or context.json)
        self.meter: Meter | None = None

    def step(self, text: str) -> None:
        """Say what begins."""
        if not self.silent:
            print(f"{text} ...", file=sys.stderr, flush=True)

    @contextmanager
    def doing(self, text: str) -> Iterator[None]:
        """Say what begins, and for how long it goes on."""
        if self.silent or not sys.stderr.isatty():
            self.step(text)
            yield
            return
        clock = Clock(text, time.monotonic())
        with _followed(clock, _show(clock, "")):
            yield

    @contextmanager
    def counting(self, what: str, packages: int, size: int | None) -> Iterator[None]:
        """Say what begins, and follow it."""
        known = "" if size is None else f", {human(size)}"
        self.step(f"{what} {counted(packages, 'package')}{known}")
        if self.silent or not sys.stderr.isatty():
            yield
            return
        self.meter = Meter(packages, size, time.monotonic())
        try:
            with _followed(self.meter):
                yield
        finally:
            self.meter = None

    def advance(self, size: int, packages: int = 0) -> None:
        """Count what is done."""
        if self.meter:
            self.meter.advance(size, packages)


@contextmanager
def _followed(source: Meter | Clock, shown: str = "") -> Iterator[None]:
    """Keep the terminal's line up to date meanwhile, in a thread of its own.

    Args:
        source: Of its text.
        shown: What is in the line already.
    """
    ended = Event()
    follower = Thread(target=_follow, args=(source, ended, shown), daemon=True)
    follower.start()
    try:
        yield
    finally:
        ended.set()
        follower.join()


def _follow(source: Meter | Clock, ended: Event, shown: str) -> None:
    """Write the line until the work ends; what is short, and has not begun one, leaves none."""
    while not ended.wait(INTERVAL):
        shown = _show(source, shown)
    if shown:
        _show(source, shown)
        print(file=sys.stderr, flush=True)


def _show(source: Meter | Clock, shown: str) -> str:
    """Write over what is shown."""
    columns = shutil.get_terminal_size().columns
    text = source.text(time.monotonic())[: columns - 1]
    print(f"\r{text.ljust(len(shown))}", end="", file=sys.stderr, flush=True)
    return text
