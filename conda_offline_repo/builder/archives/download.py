"""One archive over the network, through conda's own session.

conda's `download` neither retries 502, 504, resets and stalls, nor waits as long as a server asks
for, nor stops at the size that the channel states; a build that runs unattended needs all three.
The session is conda's, so that logins, tokens, proxies and certificates work as they do for conda.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import closing
from typing import TYPE_CHECKING

from conda.base.context import context
from requests.exceptions import RequestException, SSLError, Timeout
from urllib3.exceptions import HTTPError, TimeoutError

from ...files.atomic import partial, replace
from ...files.hashing import Digests, hash_into
from ..exceptions import ChannelRefusedError
from .response import (
    DownloadFailedError,
    TryAgainError,
    WrongBytesError,
    ask,
    asked_wait,
    continues,
    pieces,
    stated_size,
)

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path
    from typing import BinaryIO

    from requests import Response

    from ..upstream.entries import Entry

#: Answers that may be different the next time.
PASSING = frozenset({408, 413, 425, 429, 500, 502, 503, 504})
#: Seconds; no server may make a build wait longer between two tries.
LONGEST_WAIT = 120.0
#: Bytes of an archive whose size the index does not state; far more than any such archive has.
LARGEST_UNSTATED = 4 << 30


def download(
    entry: Entry, target: Path, progress: Callable[[int], None], stop: threading.Event
) -> Digests:
    """Download an archive to `target`, hashed while it is written and resumed where possible.

    Args:
        entry: What to download and what its bytes must be.
        target: A path in the staging folder; `partial` of it keeps what has arrived.
        progress: Gets the bytes that arrive; less than zero when they have to be had again.
        stop: Set when the build is given up.

    Raises:
        DownloadFailedError: It could not be had, or is not what the channel states.
        ChannelRefusedError: The server refuses it (401, 403); trying others is no use.
    """
    arriving = partial(target)
    tries_left = context.remote_max_retries
    wrong_before = False
    pause = float(context.remote_backoff_factor)
    while True:
        try:
            digests = _attempt(entry, arriving, progress, stop)
        except WrongBytesError as error:
            arriving.unlink(missing_ok=True)
            if wrong_before:
                raise DownloadFailedError(str(error)) from None
            wrong_before = True
        except TryAgainError as error:
            if tries_left <= 0 or stop.is_set():
                raise DownloadFailedError(str(error)) from None
            tries_left -= 1
            stop.wait(min(error.wait if error.wait is not None else pause, LONGEST_WAIT))
            pause *= 2
        else:
            replace(arriving, target)
            return digests


class _Arrival:
    """A file that is arriving, and the digests of what it holds."""

    def __init__(self, file: BinaryIO, progress: Callable[[int], None]) -> None:
        self.file = file
        self.progress = progress
        self._start()
        file.seek(0)
        self.received = hash_into(file, self.sha256, self.md5)
        progress(self.received)

    def _start(self) -> None:
        self.sha256 = hashlib.sha256()
        self.md5 = hashlib.md5(usedforsecurity=False)
        self.received = 0

    def add(self, chunk: bytes) -> None:
        self.file.write(chunk)
        self.sha256.update(chunk)
        self.md5.update(chunk)
        self.received += len(chunk)
        self.progress(len(chunk))

    def discard(self) -> None:
        self.file.truncate(0)
        self.progress(-self.received)
        self._start()

    def digests(self) -> Digests:
        return Digests(self.sha256.hexdigest(), self.md5.hexdigest(), self.received)


def _attempt(
    entry: Entry, arriving: Path, progress: Callable[[int], None], stop: threading.Event
) -> Digests:
    # two halves of different uploads would pass where no digest tells
    with arriving.open("a+b" if entry.has_digest else "w+b") as file:
        arrival = _Arrival(file, progress)
        try:
            if not arrival.received or arrival.received != entry.size:
                _receive(entry, arrival, stop)
            digests = arrival.digests()
            _check(entry, digests)
            file.flush()
            # before publication the disk would have to keep all archives at once
            os.fsync(file.fileno())
        except BaseException:  # whatever it is, these bytes do not count
            progress(-arrival.received)
            raise
        return digests


def _receive(entry: Entry, arrival: _Arrival, stop: threading.Event) -> None:
    """Ask for the rest of an archive and write what comes."""
    try:
        with closing(ask(entry.url, arrival.received)) as response:
            _check_status(response, entry, arrival.received)
            if response.status_code != 206 and arrival.received:
                arrival.discard()
            expected = entry.size
            if expected is None and (rest := stated_size(response)) is not None:
                expected = arrival.received + rest
                if expected > LARGEST_UNSTATED:
                    raise _too_large()
            for chunk in pieces(response):
                if stop.is_set():
                    raise TryAgainError("the build was given up")
                arrival.add(chunk)
                if expected is not None and arrival.received > expected:
                    raise WrongBytesError(f"the server sends more than its {expected} bytes")
                if entry.size is None and arrival.received > LARGEST_UNSTATED:
                    arrival.discard()
                    raise _too_large()
    except SSLError:
        raise DownloadFailedError(
            "the server's certificate is not accepted; see `conda config --describe ssl_verify`"
        ) from None
    except ValueError:  # also one of requests'
        raise DownloadFailedError("its address is not valid") from None
    except (Timeout, TimeoutError):
        seconds = context.remote_read_timeout_secs
        raise TryAgainError(f"nothing arrived for {seconds:g} s") from None
    except (RequestException, HTTPError):
        raise TryAgainError(
            f"the connection failed or was cut after {arrival.received} bytes"
        ) from None
    if expected is not None and arrival.received < expected:
        raise TryAgainError(f"the answer ended after {arrival.received} of {expected} bytes")


def _too_large() -> DownloadFailedError:
    return DownloadFailedError(
        f"the server sends more than {LARGEST_UNSTATED} bytes, and the index states no size"
    )


def _check_status(response: Response, entry: Entry, received: int) -> None:
    status = response.status_code
    if status == 200:
        return
    if status == 206:
        if received and continues(response, received):
            return
        raise WrongBytesError("the server sends another part of it than was asked for")
    if status in (401, 403):
        raise ChannelRefusedError(entry.public_url.rpartition("/")[0], status)
    if status == 416:  # more was kept than the server has
        raise WrongBytesError("the server has fewer bytes than arrived before")
    if status in PASSING:
        raise TryAgainError(f"the server answers with HTTP {status}", asked_wait(response))
    raise DownloadFailedError(f"the server answers with HTTP {status}, though its index lists it")


def _check(entry: Entry, digests: Digests) -> None:
    for name in ("size", "sha256", "md5"):
        actual, stated = getattr(digests, name), getattr(entry, name)
        if stated not in (None, actual):
            raise WrongBytesError(f"its {name} is {actual}, the index says {stated}")
