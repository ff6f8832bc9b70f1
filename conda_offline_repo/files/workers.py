"""Threads that do not outlast an interruption.

Python waits for the threads of an executor until each has its answer, or its timeout, of a server.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Seconds that all threads get to end when the user interrupts.
GRACE = 0.1
#: Seconds of a thread's turn where others wait for the network, and then have little to do.
TURN = 0.0002
#: Seconds of one wait for a result, because Windows does not interrupt a wait.
WAIT = 1.0


def run_all(
    work: Callable[[Item], Result], items: Sequence[Item], threads: int | None = None
) -> list[Result]:
    """Return the results of the work on each item, in their order; the first error is raised.

    `threads` work at once, by default as many as there are processors.
    """
    results: dict[int, Result] = {}
    numbers, threads = range(len(items)), threads or os.cpu_count() or 1
    with workers(lambda n: work(items[n]), numbers, threads, threading.Event()) as outcomes:
        results.update(outcomes)
    return [results[number] for number in numbers]


@contextmanager
def short_turns() -> Iterator[None]:
    """Let threads take turns more often than they do by themselves, while the context lasts: where
    one of them computes, the others get what they need of the network beside it.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@contextmanager
def workers(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    threads: int,
    stop: threading.Event,
    take: Callable[[], Item | None] | None = None,
) -> Iterator[Iterator[tuple[Item, Result]]]:
    """Work on the items in so many threads.

    Args:
        work: Should end early when `stop` is set.
        items: Those to work on.
        threads: How many.
        stop: Set when the work on an item raises, so that none is begun after it, and when the
            context ends.
        take: Returns the next item, None when there is none; by default they come in their order.
            Should return early when `stop` is set.

    Yields:
        The items with the result of each, as they get ready, until the work on one raises: then
        that is raised. When the context ends, by an error too, all threads have ended, but not
        after an interruption.
    """
    waiting = deque(items)
    results: SimpleQueue[tuple[Item, Any, BaseException | None]] = SimpleQueue()

    def next_item() -> Item | None:
        with suppress(IndexError):  # another thread took the last one
            return waiting.popleft()
        return None

    take = take or next_item

    def run() -> None:
        while not stop.is_set() and (item := take()) is not None:
            try:
                results.put((item, work(item), None))
            except BaseException as error:  # goes to whoever waits for the item
                results.put((item, None, error))
                stop.set()

    def ready() -> tuple[Item, Result]:
        while True:
            with suppress(Empty):
                item, result, error = results.get(timeout=WAIT)
                break
        if error:
            raise error
        return item, result

    running = [threading.Thread(target=run, daemon=True) for _ in items[:threads]]
    for thread in running:
        thread.start()
    deadline = None
    try:
        yield (ready() for _ in items)
    except Exception:  # the threads are waited for, so that nobody writes any more
        raise
    except BaseException:  # an interruption: a stalled server is not waited for
        deadline = time.monotonic() + GRACE
        raise
    finally:
        stop.set()
        for thread in running:
            thread.join(deadline and max(0, deadline - time.monotonic()))
