"""A file on a web server, read as one on a disk is, and to the same end.

A connection that breaks is made anew as often as conda is set to, and the rest asked for.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from io import RawIOBase, UnsupportedOperation
from typing import TYPE_CHECKING

from ...urls import public
from .answers import answer, in_words
from .retries import Tries, TryAgainError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from typing import Any

    from .answers import Served

#: What ends a wait for a slot; nothing does.
NEVER = threading.Event()


class ServedFile(RawIOBase):
    """A file on a web server, asked for when it is first read, from where it was sought to."""

    def __init__(self, served: Served) -> None:
        super().__init__()
        self._served, self._start = served, 0
        self._chunks: Generator[bytes] | None = None
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """It is read, never written."""
        return True

    def seekable(self) -> bool:
        """It can be sought until it is read."""
        return self._chunks is None

    def seek(self, offset: int, whence: int = 0) -> int:
        """Begin at a byte of the file, counted from its start."""
        if whence == 1 and not offset:
            return self._start
        if whence or self._chunks is not None:
            raise UnsupportedOperation("seek")
        self._start = offset
        return offset

    def readinto(self, buffer: Any) -> int:
        """Read what has arrived.

        Raises:
            FileNotFoundError, PermissionError, ServerError: The server does not send it.
        """
        if self._chunks is None:
            self._chunks = _stream(self._served, self._start)
        if not self._rest:
            self._rest = memoryview(next(self._chunks, b""))
        target = memoryview(buffer)
        size = min(len(target), len(self._rest))
        target[:size], self._rest = self._rest[:size], self._rest[size:]
        self._start += size
        return size

    def close(self) -> None:
        """Let go of the connection."""
        if self._chunks is not None:
            self._chunks.close()
        super().close()


def content(served: Served, limit: int) -> bytes:
    """Return the content of a file, or soon more than `limit` bytes of it; raises as `ServedFile`.

    Where the connection breaks, it is asked for from the start again, as it may be another one
    meanwhile.
    """
    with _tries(served) as tries:
        while True:
            received = bytearray()
            try:
                for chunk in answer(served, 0):
                    received += chunk
                    if len(received) > limit:
                        break
                return bytes(received)
            except TryAgainError as error:
                tries.wait(error)


def _stream(served: Served, start: int) -> Generator[bytes]:
    with _tries(served) as tries:
        while True:
            try:
                for chunk in answer(served, start):
                    start += len(chunk)
                    yield chunk
                return
            except TryAgainError as error:
                tries.wait(error)


@contextmanager
def _tries(served: Served) -> Iterator[Tries]:
    """Be one of the files that a server is asked for at once, with the tries for it."""
    host = served.server.host
    with host.held(NEVER), in_words(public(served.address)):
        try:
            yield Tries(host, NEVER)
        except (FileNotFoundError, PermissionError, GeneratorExit):  # it has answered
            host.good()
            raise
        host.good()
