"""Many downloads at once: as many as the user wants, and as each server bears."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..._conda.features import downloads_at_once
from ..._conda.network.hosts import Queue
from ..._conda.network.pools import Pools
from ...files.workers import workers
from .download import download

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeAlias, TypeVar

    from ...files.hashing import Digests

    Item = TypeVar("Item")
    Result = TypeVar("Result")
    Download: TypeAlias = Callable[..., Digests]

#: How many files of this machine are read at once; disks are slower with more.
READERS = 5
#: This machine among the servers.
HERE = ""


@contextmanager
def downloads(
    work: Callable[[Item, Download], Result],
    items: Sequence[Item],
    stop: threading.Event,
    url: Callable[[Item], str],
    size: Callable[[Item], int] = lambda _: 0,
) -> Iterator[Iterator[tuple[Item, Result | BaseException]]]:
    """Work on items that have to be downloaded, in many threads; see `workers` for the rest.

    Args:
        work: Gets an item and `download`, which lacks no more than an entry, its target and where
            to report progress.
        url: Returns where an item is; empty if it is on this machine.
        size: Returns the bytes of an item, 0 where they are unknown.
    """
    most = downloads_at_once()
    queue = Queue(items, lambda item: _server(url(item)), size, most, {HERE: READERS})

    def run(item: Item) -> Result:
        host = queue.host(item)
        try:
            return work(item, partial(download, stop=stop, pools=pools, host=host))
        except BaseException:
            stop.set()  # before others are told of a free slot
            raise
        finally:
            queue.end(item, stop)

    threads = min(most, sum(host.most for host in queue.hosts.values()))
    with (
        Pools(most) as pools,
        workers(run, items, threads, stop, lambda: queue.take(stop)) as outcomes,
    ):
        yield outcomes


def _server(url: str) -> str:
    """Return the server of a URL; this machine for a file."""
    return urlsplit(url).netloc.rpartition("@")[2]
