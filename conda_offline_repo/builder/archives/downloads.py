"""Many downloads at once: as many as the user wants, and as each server bears."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event
from typing import TypeVar
from urllib.parse import urlsplit

from ..._conda.features import downloads_at_once
from ..._conda.network.hosts import Queue
from ..._conda.network.pools import Pools
from ..._conda.network.sessions import sessions_for, share
from ...files.workers import workers
from .download import Turn

Item = TypeVar("Item")
Result = TypeVar("Result")

#: How many files of this machine are read at once; disks are slower with more.
READERS = 5
#: This machine among the servers.
HERE = ""


@contextmanager
def downloads(
    work: Callable[[Item, Turn], Result],
    items: Sequence[Item],
    stop: Event,
    url: Callable[[Item], str],
    size: Callable[[Item], int] = lambda _: 0,
) -> Iterator[Iterator[tuple[Item, Result]]]:
    """Work on items that have to be downloaded, in many threads; see `workers` for the rest.

    Args:
        work: Gets an item, and its turn for all that is downloaded for it.
        url: Returns where an item is; empty if it is on this machine.
        size: Returns the bytes of an item, 0 where they are unknown.
    """
    most, numbers = downloads_at_once(), range(len(items))
    servers, sizes = [_server(url(item)) for item in items], [size(item) for item in items]
    queue = Queue(numbers, servers.__getitem__, sizes.__getitem__, most, {HERE: READERS})

    def run(number: int) -> Result:
        share(sessions)
        try:
            return work(items[number], Turn(stop, queue.host(number), pools))
        except BaseException:
            stop.set()  # before others are told of a free slot
            raise
        finally:
            queue.end(number, stop)

    of_folders = {url(item).rpartition("/")[0]: url(item) for item in items if url(item)}
    sessions = sessions_for(of_folders.values())
    threads = min(most, sum(host.most for host in queue.hosts.values()))
    with (
        Pools(most) as pools,
        workers(run, numbers, threads, stop, lambda: queue.take(stop)) as outcomes,
    ):
        yield ((items[number], outcome) for number, outcome in outcomes)


def _server(url: str) -> str:
    """Return the server of a URL; this machine for a file."""
    return urlsplit(url).netloc.rpartition("@")[2]
