"""Threads that are not waited for when the user wants to leave.

Those of an executor are: Python does not end before a server, or the timeout for it, has let go of
the last of them.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeVar

    Item = TypeVar("Item")
    Result = TypeVar("Result")

#: Seconds that each thread gets to come to an end by itself when the user interrupts.
GRACE = 0.1
#: Seconds; Windows does not interrupt a wait, however long it is.
WAIT = 1.0


def run_all(
    work: Callable[[Item], Result], items: Sequence[Item], threads: int | None = None
) -> list[Result]:
    """Return what some work makes of each item, in their order; the first error is raised.

    Args:
        work: What is done.
        items: What it is done on.
        threads: How many work at once; by default as many as there are processors.
    """
    results: dict[int, Result] = {}
    numbers, threads = range(len(items)), threads or os.cpu_count() or 1
    with workers(lambda n: work(items[n]), numbers, threads, threading.Event()) as outcomes:
        for number, outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
            results[number] = outcome
    return [results[number] for number in numbers]


@contextmanager
def workers(
    work: Callable[[Item], Result], items: Sequence[Item], threads: int, stop: threading.Event
) -> Iterator[Iterator[tuple[Item, Result | BaseException]]]:
    """Do some work on each item, in so many threads.

    Args:
        work: What is done; when `stop` is set it had better end.
        items: What it is done on, in this order.
        threads: How many.
        stop: Set when the context ends.

    Yields:
        The items with what became of each, a result or an exception, as they get ready. When the
        context ends, by an error too, all threads have ended; not so after an interruption.
    """
    todo: SimpleQueue[Item] = SimpleQueue()
    done: SimpleQueue[tuple[Item, Result | BaseException]] = SimpleQueue()
    for item in items:
        todo.put(item)

    def run() -> None:
        while not stop.is_set():
            try:
                item = todo.get_nowait()
            except Empty:
                return
            try:
                done.put((item, work(item)))
            except BaseException as error:  # whoever waits for the item has to hear of it
                done.put((item, error))

    number = min(threads, len(items))
    running = [threading.Thread(target=run, daemon=True) for _ in range(number)]
    for thread in running:
        thread.start()
    patience = None
    try:
        yield (_next(done) for _ in items)
    except Exception:  # the threads are waited for, so that nobody writes any more
        raise
    except BaseException:  # an interruption: a stalled server is not waited for
        patience = GRACE
        raise
    finally:
        stop.set()
        for thread in running:
            thread.join(patience)


def _next(
    done: SimpleQueue[tuple[Item, Result | BaseException]],
) -> tuple[Item, Result | BaseException]:
    while True:
        try:
            return done.get(timeout=WAIT)
        except Empty:
            continue
