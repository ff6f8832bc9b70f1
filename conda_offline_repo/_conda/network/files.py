"""A file on a web server, read as one on a disk is, to the same end and with the same errors.

A connection that breaks is made anew as often as conda is set to, and the rest asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from errno import EACCES, EIO, ENOENT
from http import HTTPStatus
from io import RawIOBase, UnsupportedOperation
from typing import TYPE_CHECKING, Any

from ...urls import public
from ..features import downloads_at_once
from .connections import unreached
from .hosts import Host
from .http import ask, chunks, content_length
from .pools import Answer, Pools
from .retries import RETRIED, DownloadFailedError, Tries, TryAgainError, answered, passing
from .sessions import missing_login, with_login

if TYPE_CHECKING:
    from requests import Response


#: What makes caches on the way ask the server whether what they have is its newest.
FRESH = {"Cache-Control": "no-cache"}
#: The statuses of what does not exist, and of what is refused.
ABSENT = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
LOG_IN = "Log in to the server as for conda itself, or ask its owner for permission."
NO_PLUGIN = (
    "conda is set to log in to it with {0}, but no plugin of this name is installed: install it "
    "beside conda, or correct the setting channel_settings."
)
#: What ends a wait for a slot; nothing does.
NEVER = threading.Event()


class ServerError(OSError):
    """A file that a server does not send; `hint` says what to do, and is empty where nothing."""

    def __init__(self, reason: str, url: str, hint: str = "") -> None:
        super().__init__(EIO, reason, url)
        self.hint = hint


class Server:
    """The server of a repository: connections to it, and how many files it is asked for at once."""

    def __init__(self) -> None:
        self.most = downloads_at_once()
        self.pools, self.host = Pools(self.most), Host(self.most)


@dataclass(frozen=True)
class Served:
    """A file on a server.

    Attributes:
        address: With credentials.
        channel: The address of the channel that it is in, whose login is used.
    """

    address: str
    channel: str
    server: Server


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


def answer(served: Served, start: int) -> Generator[bytes]:
    """Yield a file from a byte on as one answer has it.

    Raises:
        TryAgainError: What has not come of it may come later.
        FileNotFoundError, PermissionError, ServerError: It cannot be had.
    """
    address, channel = served.address, served.channel
    url, position = public(address), start
    with in_words(url):
        response = ask(with_login(address, channel), start, served.server.pools, FRESH, channel)
    with closing(response):
        if _is_at_end(response, start):
            return
        _check(response, start, url, channel)
        encoded = response.headers.get("Content-Encoding", "identity") != "identity"
        size = None if encoded else content_length(response)
        # a server that knows no ranges sends all of it
        unwanted = start if response.status_code == HTTPStatus.OK else 0
        end = None if size is None else size + start - unwanted
        arriving = chunks(response)
        while True:
            with in_words(url):
                chunk = next(arriving, b"")
            if not chunk:
                break
            wanted = chunk[unwanted:]
            unwanted -= len(chunk) - len(wanted)
            position += len(wanted)
            if wanted:
                yield wanted
    if end is not None and position < end:
        raise TryAgainError(f"the answer ended after {position} of {end} bytes")


@contextmanager
def in_words(url: str) -> Iterator[None]:
    """Raise what errors of the network mean: a ServerError, or a TryAgainError."""
    try:
        yield
    except TryAgainError:
        raise
    except DownloadFailedError as error:
        raise ServerError(str(error), url, error.hint) from None
    except Exception as error:  # conda's, requests', urllib3's and ssl's
        failure = unreached(error)
        if failure and failure.passing:
            raise TryAgainError(failure.reason, hint=failure.hint) from None
        if failure:
            raise ServerError(failure.reason, url, failure.hint) from None
        if isinstance(error, ValueError):
            raise ServerError("its address is not valid", url) from None
        raise


def _is_at_end(response: Response | Answer, start: int) -> bool:
    """Return whether a server says that a file has no bytes after those that are known."""
    at_end: bool = response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    return at_end and response.headers.get("Content-Range") == f"bytes */{start}"


def _check(response: Response | Answer, start: int, url: str, channel: str) -> None:
    status = response.status_code
    if status in ABSENT:
        raise FileNotFoundError(ENOENT, f"the server does not have it (HTTP {status})", url)
    if status in REFUSED:
        error = PermissionError(EACCES, f"the server refuses it (HTTP {status})", url)
        plugin = missing_login(f"{public(channel)}/noarch")
        vars(error)["hint"] = NO_PLUGIN.format(plugin) if plugin else LOG_IN
        raise error
    if status in RETRIED:
        raise passing(response)
    content_range = str(response.headers.get("Content-Range", ""))
    if status == HTTPStatus.PARTIAL_CONTENT and not content_range.startswith(f"bytes {start}-"):
        raise ServerError("the server sends another part of it than requested", url)
    if status not in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
        raise ServerError(answered(response), url)
