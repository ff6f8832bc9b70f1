"""One archive over the network, through conda's own session.

conda's `download` neither retries 502, 504, resets and stalls, nor waits as long as a server asks
for, nor stops at the size that the channel states; a build that runs unattended needs all three.
The session is conda's, so that logins, tokens, proxies and certificates work as they do for conda.
"""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import closing
from email.utils import parsedate_to_datetime
from itertools import chain, islice
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.gateways.connection.session import get_session
from requests.exceptions import RequestException, SSLError, Timeout
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from ...repository.hashing import Digests, hash_into
from ..exceptions import ChannelRefusedError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from requests import Response, Session

    from ..upstream.entries import Entry

#: Answers that may be different the next time.
PASSING = frozenset({408, 413, 425, 429, 500, 502, 503, 504})
#: Seconds; no server may make a build wait longer between two tries.
LONGEST_WAIT = 120.0
PARTIAL = ".partial"
#: Bytes between two looks at the size and at whether the build was given up. What is less than a
#: piece when a connection breaks is lost.
PIECE = 1 << 16
#: The same once that much has arrived: downloads hinder each other less with larger pieces.
LARGE_PIECE = 1 << 18


class DownloadFailedError(Exception):
    """An archive that could not be had; the text says why, without secrets."""


class _TryAgainError(Exception):
    """A failure that may pass; `wait` is what the server asked for, in seconds."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        self.wait = wait
        super().__init__(reason)


class _WrongBytesError(Exception):
    """An answer that is not the archive that the channel states."""


def download(
    entry: Entry, target: Path, progress: Callable[[int], None], stop: threading.Event
) -> Digests:
    """Download an archive to `target`, hashed while it is written and resumed where possible.

    Args:
        entry: What to download and what its bytes must be.
        target: A path in the staging folder; `target` with `.partial` keeps what has arrived.
        progress: Told the bytes that have arrived; less than zero when they have to be had again.
        stop: Set when the build is given up.

    Raises:
        DownloadFailedError: It could not be had, or is not what the channel states.
        ChannelRefusedError: The server refuses it (401, 403); trying others is no use.
    """
    partial = target.with_name(target.name + PARTIAL)
    tries_left = context.remote_max_retries
    wrong_before = False
    pause = float(context.remote_backoff_factor)
    while True:
        try:
            digests = _attempt(entry, partial, progress, stop)
        except _WrongBytesError as error:
            partial.unlink(missing_ok=True)
            if wrong_before:
                raise DownloadFailedError(str(error)) from None
            wrong_before = True
        except _TryAgainError as error:
            if tries_left <= 0 or stop.is_set():
                raise DownloadFailedError(str(error)) from None
            tries_left -= 1
            stop.wait(min(error.wait if error.wait is not None else pause, LONGEST_WAIT))
            pause *= 2
        else:
            partial.replace(target)
            return digests


class _Arrival:
    """A partial file and the digests of what it holds."""

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
    entry: Entry, partial: Path, progress: Callable[[int], None], stop: threading.Event
) -> Digests:
    with partial.open("a+b") as file:
        arrival = _Arrival(file, progress)
        try:
            if not arrival.received or arrival.received != entry.size:
                _receive(entry, arrival, stop)
            digests = arrival.digests()
            _check(entry, digests)
            file.flush()
            # before publication the disk would have to keep all archives at once
            os.fsync(file.fileno())
        except BaseException:
            progress(-arrival.received)
            raise
        return digests


def _receive(entry: Entry, arrival: _Arrival, stop: threading.Event) -> None:
    """Ask for the rest of an archive and write what comes."""
    session = _session(entry.url)
    headers = {"Accept-Encoding": "identity"}
    if arrival.received:
        headers["Range"] = f"bytes={arrival.received}-"
    patience = (context.remote_connect_timeout_secs, context.remote_read_timeout_secs)
    try:
        with closing(
            session.get(
                entry.url, stream=True, headers=headers, proxies=session.proxies, timeout=patience
            )
        ) as response:
            _check_status(response, entry)
            if arrival.received and not _continues(response, arrival.received):
                arrival.discard()
            expected = entry.size
            if expected is None and response.headers.get("Content-Length", "").isdigit():
                expected = arrival.received + int(response.headers["Content-Length"])
            for chunk in _pieces(response):
                arrival.add(chunk)
                if expected is not None and arrival.received > expected:
                    raise _WrongBytesError(f"the server sends more than its {expected} bytes")
                if stop.is_set():
                    raise _TryAgainError("the build was given up")
    except SSLError:
        raise DownloadFailedError(
            "the server's certificate is not accepted; see `conda config --describe ssl_verify`"
        ) from None
    except Timeout:
        raise _TryAgainError(f"nothing arrived for {patience[1]:g} s") from None
    except (RequestException, HTTPError):
        raise _TryAgainError(
            f"the connection failed or was cut after {arrival.received} bytes"
        ) from None
    if expected is not None and arrival.received < expected:
        raise _TryAgainError(f"the answer ended after {arrival.received} of {expected} bytes")


def _pieces(response: Response) -> Iterator[bytes]:
    first = islice(response.iter_content(PIECE), LARGE_PIECE // PIECE)
    return chain(first, response.iter_content(LARGE_PIECE))


def _session(url: str) -> Session:
    """conda's session of this thread, which leaves the retries to this module.

    Sessions are kept by thread, and downloads run in threads of their own, so no other request of
    conda's is affected.
    """
    session = get_session(url)
    adapter = session.get_adapter(url)
    if hasattr(adapter, "max_retries"):
        adapter.max_retries = Retry(0, read=False)
    return session


def _check_status(response: Response, entry: Entry) -> None:
    status = response.status_code
    if status in (200, 206):
        return
    if status in (401, 403):
        raise ChannelRefusedError(entry.public_url.rpartition("/")[0], status)
    if status == 416:  # more was kept than the server has
        raise _WrongBytesError("the server has fewer bytes than arrived before")
    if status in PASSING:
        raise _TryAgainError(f"the server answers with HTTP {status}", _asked_wait(response))
    raise DownloadFailedError(f"the server answers with HTTP {status}, though its index lists it")


def _asked_wait(response: Response) -> float | None:
    """The seconds of a Retry-After header (RFC 9110, 10.2.3), or None."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def _continues(response: Response, received: int) -> bool:
    """Whether the answer is the rest that was asked for, and not the whole again."""
    stated = response.headers.get("Content-Range", "")
    return response.status_code == 206 and stated.startswith(f"bytes {received}-")


def _check(entry: Entry, digests: Digests) -> None:
    if entry.size is not None and digests.size != entry.size:
        raise _WrongBytesError(f"it has {digests.size} bytes, the index says {entry.size}")
    for algorithm, found, stated in (
        ("sha256", digests.sha256, entry.sha256),
        ("md5", digests.md5, entry.md5),
    ):
        if stated and found != stated:
            raise _WrongBytesError(f"its {algorithm} is {found}, the index says {stated}")
