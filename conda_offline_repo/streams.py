"""Streams that change their output and never fail."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

#: The error numbers of a pipe that nobody reads any more; Windows has the second.
READER_GONE = (errno.EPIPE, errno.EINVAL)


class FilteredStream:
    """A stream that changes all that is written to it, and to the bytes below it.

    Characters that its encoding lacks are escaped. If its reader is gone or its disk is full, the
    rest is dropped: the work whose result is printed is already done.

    Args:
        stream: Where the changed output goes.
        change: Returns a text, or bytes, as they may be written.
    """

    def __init__(self, stream: Any, change: Callable[[Any], Any]) -> None:
        self._stream = stream
        self._change = change
        self._is_stderr = stream in (sys.stderr, sys.__stderr__)

    def write(self, content: Any) -> int:
        """Write a text, or bytes; returns its length."""
        changed = self._change(content)
        with self._unfailing():
            try:
                self._stream.write(changed)
            except UnicodeEncodeError:
                encoding = self._stream.encoding
                self._stream.write(changed.encode(encoding, "backslashreplace").decode(encoding))
        return len(content)

    def writelines(self, lines: Iterable[Any]) -> None:
        """Write texts, or bytes, one after the other."""
        lines = [*lines]
        if lines:
            self.write(lines[0][:0].join(lines))

    def flush(self) -> None:
        """Flush the stream."""
        with self._unfailing():
            self._stream.flush()

    @property
    def buffer(self) -> FilteredStream:
        """The bytes below."""
        encoding, escape = self._stream.encoding, "surrogateescape"

        def change(content: bytes) -> bytes:
            text: str = self._change(bytes(content).decode(encoding, escape))
            return text.encode(encoding, escape)

        return FilteredStream(self._stream.buffer, change)

    @contextmanager
    def _unfailing(self) -> Iterator[None]:
        """Redirect a stream that fails to nowhere, so that Python's last flush cannot fail."""
        try:
            yield
        except OSError as error:
            with suppress(OSError, ValueError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self._stream.fileno())
                os.close(nowhere)
            if sys.stderr and error.errno not in READER_GONE and not self._is_stderr:
                sys.stderr.write(f"warning: the output is incomplete: {error.strerror}\n")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
