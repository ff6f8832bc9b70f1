"""The progress of the work, shown on the terminal by tqdm."""

from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Event, Lock, Thread
from typing import Any

from conda.base.context import context

from ..printable import counted, human

log = logging.getLogger(__name__)
#: Seconds between two updates of the line. The work only counts: it never waits for the terminal.
INTERVAL = 0.25
#: Seconds without progress after which the line says so.
WAITING = 5.0
#: Columns that the time needs beside the name of a step.
TIME = len(" ... 1:23:45")


class TerminalProgress:
    """Shows steps, and a line that follows the packages or the time, on stderr.

    Silent with `--quiet`, with `--json` and without a stderr; no line where that is not a terminal.
    """

    def __init__(self) -> None:
        self._silent = bool(context.quiet or context.json or sys.stderr is None)
        self._followed = not self._silent and sys.stderr.isatty()
        self._meter = Meter(0, None)

    def step(self, text: str) -> None:
        """See `Progress.step`."""
        log.info("%s ...", text)
        if not self._silent:
            print(f"{text} ...", file=sys.stderr, flush=True)

    def doing(self, text: str) -> AbstractContextManager[None]:
        """See `Progress.doing`."""
        if self._followed:
            log.info("%s ...", text)
            return follow(Clock(text))
        self.step(text)
        return nullcontext()

    def counting(self, doing: str, packages: int, size: int | None) -> AbstractContextManager[None]:
        """See `Progress.counting`."""
        known = "" if size is None else f", {human(size)}"
        self.step(f"{doing} {counted(packages, 'package')}{known}")
        self._meter = Meter(packages, size)
        return follow(self._meter) if self._followed else nullcontext()

    def advance(self, size: int, packages: int = 0) -> None:
        """See `Progress.advance`."""
        self._meter.advance(size, packages)


class Meter:
    """Shows how much of some packages is done, how fast, and how long the rest will take.

    Args:
        packages: How many.
        size: Bytes of all; None if unknown.
    """

    def __init__(self, packages: int, size: int | None) -> None:
        self.bar: Any = None
        self._packages, self._size = packages, size
        self._packages_done = self._size_done = 0
        self._waited = 0.0
        self._lock = Lock()

    def advance(self, size: int, packages: int) -> None:
        """See `Progress.advance`."""
        with self._lock:
            self._size_done += size
            self._packages_done += packages
            self._waited = 0.0

    def show(self) -> None:
        """Update the line."""
        text = f"{self._packages_done} of {counted(self._packages, 'package')}"
        if self.bar is None:  # a short step leaves no line
            size = {"total": self._size, "initial": self._size_done}
            self.bar = _bar(text, **size, unit="B", unit_scale=True)
            return
        self.bar.ncols = _columns()
        self.bar.set_description_str(text, refresh=False)
        waits = self._waited >= WAITING and self._packages_done < self._packages
        self.bar.set_postfix_str("waiting" if waits else "", refresh=False)
        self._waited += INTERVAL
        if size := self._size_done - self.bar.n:
            self.bar.update(size)
        else:  # an update would leave the time without news out of the rate
            self.bar.refresh()


class Clock:
    """Shows how long a step has taken, from the first second on."""

    def __init__(self, step: str) -> None:
        self.bar = _bar(step[: _columns() - TIME], bar_format="{desc} ...")

    def show(self) -> None:
        """Update the line."""
        if self.bar.format_dict["elapsed"] >= 1:
            self.bar.bar_format = "{desc} ... {elapsed}"
        self.bar.refresh()


def _bar(text: str, **options: Any) -> Any:
    from tqdm import tqdm  # slow to import, and few runs show a line

    options |= {"desc": text, "file": sys.stderr, "mininterval": 0, "miniters": 0}
    # a terminal that does not know its size says that it has no rows, and tqdm is silent then
    return tqdm(ncols=_columns(), nrows=20, **options)


def _columns() -> int:
    return shutil.get_terminal_size().columns - 1


@contextmanager
def follow(shown: Meter | Clock) -> Iterator[None]:
    """Update the line of `shown` meanwhile, in a thread, and leave it on the terminal."""
    ended = Event()

    def update() -> None:
        while not ended.wait(INTERVAL):
            shown.show()

    updater = Thread(target=update, daemon=True)
    updater.start()
    try:
        yield
    finally:
        ended.set()
        updater.join()
        if shown.bar is not None:
            shown.show()
            shown.bar.close()
