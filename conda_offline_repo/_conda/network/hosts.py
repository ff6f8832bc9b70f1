"""How many downloads run at once, server by server: found out as TCP does for a network (RFC 5681).

A server is asked for a few files, and for one more with each that it sends, up to the limit. Where
it has too much to do, stalls or breaks off, it is asked for half as much, and for more again, in
steps, while it answers well: soon up to what was too much, and beyond that the later the more often
it was. One server that is slow or busy does not slow down the others.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Generic, TypeVar

Item = TypeVar("Item")

#: How many downloads from a server begin at once, before it has answered any.
FIRST = 10
#: Bytes from which a file is a large one.
LARGE = 1 << 20
#: Of four downloads from a server, so many may be large while small files wait.
LARGE_OF_FOUR = 3
#: Processors that downloads keep busy, at which more of them at once would not be faster: Python's
#: threads take turns at one.
ENOUGH = 0.8
#: Files that a server has not sent, whatever was tried, with none between them that it has, after
#: which it is asked for no more: each would take as long.
GONE = 3
#: Seconds of one wait for a slot, so that nobody waits for ever.
WAIT = 1.0


class Host:
    """A server, and how many downloads from it may run at once.

    Args:
        most: The most that `limit` ever is.
        lock: Guards it.
        more: Called with the lock when more downloads may begin; gets how many.

    Attributes:
        limit: How many may run at once now.
        running: How many run.
        begun: How many have begun and not ended, those that wait for another try included.
        lost: How many files it has not sent, whatever was tried, since the last that it has.
    """

    def __init__(
        self,
        most: int,
        lock: threading.RLock | None = None,
        more: Callable[[int], object] = lambda slots: None,
    ) -> None:
        self.most = self._first = most
        self.limit = min(FIRST, most)
        self.running = self.begun = self.lost = 0
        self._lock = lock or threading.RLock()
        self._freed = threading.Condition(self._lock)
        self._more = more
        self._lowered = self._good = self._busy = self._since = 0
        self._too_much, self._rounds = most + 1, 1

    @property
    def state(self) -> tuple[int, int, int]:
        """How often the limit was lowered, and how many answers were good and busy, until now."""
        return self._lowered, self._good, self._busy

    def good(self, load: float = 0.0) -> None:
        """A download has ended well, and kept so many processors busy while it lasted."""
        with self._lock:
            self._good += 1
            self._since += 1
            self.lost = 0
            slots = max(1, self.limit // 4)
            rounds = self._rounds if self.limit + slots >= self._too_much else 1
            if load * self.limit >= ENOUGH:  # the network is not what is waited for
                return
            if self.limit < self._first:
                self._raise(1)
            elif self._since >= rounds * self.limit:
                if self.limit >= self._too_much:  # no more
                    self._too_much, self._rounds = self.most + 1, 1
                self._raise(slots)

    def lose(self) -> None:
        """A download has failed, whatever was tried."""
        with self._lock:
            self.lost += 1

    @property
    def gone(self) -> bool:
        """Whether there is no use in asking it for more."""
        return self.lost >= GONE

    def _raise(self, slots: int) -> None:
        slots = min(slots, self.most - self.limit)
        self.limit += slots
        self._since = 0
        self._freed.notify(slots)
        self._more(slots)

    def busy(self, before: tuple[int, int, int]) -> bool:
        """The server had too much to do for a try that began in the state `before`.

        Tries that began before the limit was lowered do not lower it again.

        Returns:
            Whether that is not about this file: the server has meanwhile sent others, and has had
            too much to do for others as well.
        """
        lowered, good, busy = before
        with self._lock:
            self._busy += 1
            if lowered == self._lowered:
                self._lowered += 1
                self._since = 0
                self._rounds *= 2 if self.limit >= self._too_much else 1
                self._too_much = self.limit
                self.limit = self._first = max(1, self.limit // 2)
            return self._good > good and self._busy > busy + 1

    @contextmanager
    def held(self, stop: threading.Event) -> Iterator[None]:
        """Wait for a slot, and have it while the context lasts."""
        self._take(stop)
        try:
            yield
        finally:
            self.free(stop)

    @contextmanager
    def released(self, stop: threading.Event) -> Iterator[None]:
        """Leave the slot to others while the context lasts, and wait for one afterwards."""
        self.free(stop)
        try:
            yield
        finally:
            self._take(stop)

    def _take(self, stop: threading.Event) -> None:
        with self._lock:
            while self.running >= self.limit and not stop.is_set():
                self._freed.wait(WAIT)
            self.running += 1

    def free(self, stop: threading.Event) -> None:
        """A download does not run any more; the next that waits for a slot may."""
        with self._lock:
            self.running -= 1
            if stop.is_set():
                self.wake()
            self._freed.notify()

    def wake(self) -> None:
        """Let all that wait for a slot look again, with the lock."""
        self._freed.notify_all()


class Queue(Generic[Item]):
    """Files that are to be downloaded, in the order that serves: of a server the largest first, but
    so that small ones do not wait for large ones; of several, the one with the fewest downloads.

    Args:
        items: What is to be downloaded.
        host: Returns the name of an item's server.
        size: Returns the bytes of an item, 0 where they are unknown.
        most: How many downloads may run at once from one server.
        limits: Less than that, by server.
    """

    def __init__(
        self,
        items: Iterable[Item],
        host: Callable[[Item], str],
        size: Callable[[Item], int],
        most: int,
        limits: Mapping[str, int],
    ) -> None:
        self._host, self._size = host, size
        self._lock = threading.RLock()
        self._begin = threading.Condition(self._lock)
        self._waiting: dict[str, tuple[deque[Item], deque[Item]]] = {}
        for item in sorted(items, key=size, reverse=True):
            large, small = self._waiting.setdefault(host(item), (deque(), deque()))
            (large if size(item) >= LARGE else small).append(item)
        self._large = dict.fromkeys(self._waiting, 0)
        self.hosts: dict[str, Host] = {}
        for name, lines in self._waiting.items():
            least = min(most, limits.get(name, most), sum(map(len, lines)))
            self.hosts[name] = Host(least, self._lock, self._begin.notify)

    def host(self, item: Item) -> Host:
        """Return the server of an item."""
        return self.hosts[self._host(item)]

    def take(self, stop: threading.Event) -> Item | None:
        """Return the next item as soon as it may begin; None if none waits, or when `stop` is set.

        Whoever takes an item hands it to `end`, and takes the next.
        """
        with self._lock:
            while not stop.is_set() and any(map(any, self._waiting.values())):
                if (item := self._next()) is not None:
                    return item
                self._begin.wait(WAIT)
            self._begin.notify_all()
        return None

    def end(self, item: Item, stop: threading.Event) -> None:
        """An item that was taken is done with."""
        with self._lock:
            host = self.host(item)
            host.begun -= 1
            host.free(stop)
            if stop.is_set():
                for other in self.hosts.values():
                    other.wake()
                self._begin.notify_all()
            self._large[self._host(item)] -= self._size(item) >= LARGE

    def _next(self) -> Item | None:
        free = [
            name
            for name, host in self.hosts.items()
            if any(self._waiting[name]) and host.begun < host.limit
        ]
        if not free:
            return None
        name = min(free, key=lambda name: self.hosts[name].begun)
        host, (large, small) = self.hosts[name], self._waiting[name]
        few = self._large[name] < max(1, host.limit * LARGE_OF_FOUR // 4)
        item = (large if large and (few or not small) else small).popleft()
        host.running += 1
        host.begun += 1
        self._large[name] += self._size(item) >= LARGE
        return item
