"""Streams whose output is changed on its way, and that never fail."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, BinaryIO, TextIO


class FilteredStream:
    """A text stream that changes all that is written to it, and to the bytes below it.

    What its encoding does not have is escaped. Once nobody reads it any more, or its disk is full,
    the rest goes nowhere: the work whose result is printed is done.

    Args:
        stream: What it is written to.
        change: Returns a text as it may be written.
    """

    def __init__(self, stream: TextIO, change: Callable[[str], str]) -> None:
        self._stream = stream
        self._change = change
        self._is_stderr = stream in (sys.stderr, sys.__stderr__)

    def write(self, text: str) -> int:
        """Write a text; returns its length."""
        changed = self._change(text)
        with self.unfailing():
            try:
                self._stream.write(changed)
            except UnicodeEncodeError:
                encoding = self._stream.encoding
                self._stream.write(changed.encode(encoding, "backslashreplace").decode(encoding))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write texts, one after the other."""
        self.write("".join(lines))

    def flush(self) -> None:
        """Hand on what was written."""
        with self.unfailing():
            self._stream.flush()

    @property
    def buffer(self) -> FilteredBytes:
        """The bytes below."""
        return FilteredBytes(self, self._stream.buffer, self._change)

    @contextmanager
    def unfailing(self) -> Iterator[None]:
        """Let the stream lead nowhere, Python's last flush too, once it cannot be written."""
        try:
            yield
        except OSError as error:
            with suppress(OSError, ValueError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self._stream.fileno())
                os.close(nowhere)
            if not isinstance(error, BrokenPipeError) and not self._is_stderr:
                sys.stderr.write(f"warning: the output is incomplete: {error.strerror}\n")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class FilteredBytes:
    """The bytes below a text stream, changed as its texts are."""

    def __init__(
        self, stream: FilteredStream, buffer: BinaryIO, change: Callable[[str], str]
    ) -> None:
        self._stream = stream
        self._buffer = buffer
        self._change = change

    def write(self, content: bytes) -> int:
        """Write bytes; returns their number."""
        encoding = self._stream.encoding
        changed = self._change(bytes(content).decode(encoding, "surrogateescape"))
        with self._stream.unfailing():
            self._buffer.write(changed.encode(encoding, "surrogateescape"))
        return len(bytes(content))

    def writelines(self, lines: Iterable[bytes]) -> None:
        """Write bytes, one after the other."""
        self.write(b"".join(lines))

    def flush(self) -> None:
        """Hand on what was written."""
        self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._buffer, name)
