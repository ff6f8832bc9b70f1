"""How far the work is, shown on the terminal by tqdm."""

from __future__ import annotations

import shutil
import sys
from collections import deque
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

from conda.base.context import context

from ..printable import counted, human

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

#: Seconds between two looks at the work, which only counts and never waits for the terminal.
INTERVAL = 0.25
#: Seconds without news after which the line says so.
WAITING = 5.0
#: Columns that the time needs beside the name of a step.
TIME = len(" ... 1:23:45")


class TerminalProgress:
    """Shows steps, and a line that follows the packages or the time, on stderr.

    Silent with `--quiet` and `--json`; no line where stderr is no terminal.
    """

    def __init__(self) -> None:
        self._silent = bool(context.quiet or context.json)
        self._followed = not self._silent and sys.stderr.isatty()
        self._meter: Meter | None = None

    def step(self, text: str) -> None:
        """Say what begins."""
        if not self._silent:
            print(f"{text} ...", file=sys.stderr, flush=True)

    @contextmanager
    def doing(self, text: str) -> Iterator[None]:
        """Say what begins, and for how long it goes on."""
        if self._followed:
            with _follow(Clock(text)):
                yield
        else:
            self.step(text)
            yield

    @contextmanager
    def counting(self, what: str, packages: int, size: int | None) -> Iterator[None]:
        """Say what begins, and follow it."""
        known = "" if size is None else f", {human(size)}"
        self.step(f"{what} {counted(packages, 'package')}{known}")
        if not self._followed:
            yield
            return
        self._meter = Meter(packages, size)
        try:
            with _follow(self._meter):
                yield
        finally:
            self._meter = None

    def advance(self, size: int, packages: int = 0) -> None:
        """Count what is done."""
        if self._meter:
            self._meter.advance(size, packages)


class Meter:
    """How much of a whole is done, how fast it goes on, and how long it will take.

    Args:
        packages: Of the whole.
        size: Bytes of the whole; None if nobody knows.
    """

    def __init__(self, packages: int, size: int | None) -> None:
        self.bar: Any = None
        self._packages = packages
        self._size = size
        self._done = 0
        self._waited = 0.0
        self._news: deque[tuple[int, int]] = deque()

    def advance(self, size: int, packages: int) -> None:
        """Note what is done, see `Progress.advance`, without a lock to wait for."""
        self._news.append((size, packages))

    def show(self) -> None:
        """Show what is done by now."""
        size = 0
        self._waited = 0.0 if self._news else self._waited + INTERVAL
        while self._news:
            more, packages = self._news.popleft()
            size += more
            self._done += packages
        text = f"{self._done} of {counted(self._packages, 'package')}"
        if self.bar is None:  # a short step leaves no line
            self.bar = _bar(text, total=self._size, initial=size, unit="B", unit_scale=True)
            return
        self.bar.ncols = _columns()
        self.bar.set_description_str(text, refresh=False)
        waits = self._waited >= WAITING and self._done < self._packages
        self.bar.set_postfix_str("waiting" if waits else "", refresh=False)
        if size:
            self.bar.update(size)
        else:  # an update would take the time without news for none
            self.bar.refresh()

    def close(self) -> None:
        """Show how it ended, and leave the line."""
        if self.bar is not None:
            self.show()
            self.bar.close()


class Clock:
    """How long a step takes already; from the first second on.

    Args:
        step: What it is.
    """

    def __init__(self, step: str) -> None:
        self.bar = _bar(step[: _columns() - TIME], bar_format="{desc} ...")

    def show(self) -> None:
        """Show the time by now."""
        if self.bar.format_dict["elapsed"] >= 1:
            self.bar.bar_format = "{desc} ... {elapsed}"
        self.bar.refresh()

    def close(self) -> None:
        """Show how long it took, and leave the line."""
        self.show()
        self.bar.close()


def _bar(text: str, **options: Any) -> Any:
    from tqdm import tqdm  # takes its time, and few runs show a line

    options |= {"desc": text, "file": sys.stderr, "mininterval": 0, "miniters": 0}
    # a terminal that does not know its size says that it has no rows, and tqdm is silent then
    return tqdm(ncols=_columns(), nrows=20, **options)


def _columns() -> int:
    return shutil.get_terminal_size().columns - 1


@contextmanager
def _follow(shown: Meter | Clock) -> Iterator[None]:
    """Keep the terminal's line up to date meanwhile, in a thread of its own."""
    ended = Event()

    def follow() -> None:
        while not ended.wait(INTERVAL):
            shown.show()

    follower = Thread(target=follow, daemon=True)
    follower.start()
    try:
        yield
    finally:
        ended.set()
        follower.join()
        shown.close()
