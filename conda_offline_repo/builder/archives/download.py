"""One archive over the network, through conda's own session.

conda's `download` neither retries 502, 504, resets and stalls, nor waits as long as a server asks
for, nor stops at the size that the channel states; a build that runs unattended needs all three.
The session is conda's, so that logins, tokens, proxies and certificates work as they do for conda.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from urllib3.exceptions import HTTPError

from ..._conda.network.connections import unreached
from ..._conda.network.http import ask, chunks, content_length
from ..._conda.network.retries import (
    MISFIT,
    DownloadFailedError,
    TryAgainError,
    WrongBytesError,
    check_status,
    with_retries,
)
from ...files.atomic import partial, replace
from ...files.hashing import Digests, hash_into
from ..exceptions import ChannelRefusedError

if TYPE_CHECKING:
    import threading

    from ..._conda.network.hosts import Host
    from ..._conda.network.pools import Pools
    from ..upstream.entry import Entry

#: No archive begins like one.
WEB_PAGE = "the server sends a web page in its place, such as that of a login"
LOG_IN = (
    "Log in to the channel as for conda itself. If your network wants a login of its own, log in "
    "with a browser."
)
#: Bytes of an archive whose size the index does not state; far more than any such archive has.
LARGEST_UNSTATED = 4 << 30
#: Bytes from which an archive is synced as it comes. Publication syncs all of them, which is fast
#: for small ones, many at once.
SYNCED = 1 << 18


@dataclass(frozen=True)
class Turn:
    """The turn of one download among others.

    Attributes:
        stop: Set when the command is given up.
        host: The server.
        pools: Connections of the command.
    """

    stop: threading.Event
    host: Host
    pools: Pools

    def download(
        self,
        entry: Entry,
        target: Path,
        progress: Callable[[int], None],
        largest: int | None = None,
    ) -> Digests:
        """Download an archive to `target`, hashed while it is written and resumed where possible.

        Args:
            entry: The archive and what its bytes must be.
            target: A path in the staging folder; `partial` of it keeps the bytes that have arrived.
            progress: Gets the number of bytes that arrive; negative when they are discarded.
            largest: Bytes that it may have where the index states no size; None for an archive.

        Raises:
            DownloadFailedError: It cannot be downloaded, or is not what the channel states.
            ChannelRefusedError: The server refuses it (401, 403); trying others is no use.
        """
        arriving = partial(target)
        digests = with_retries(
            lambda: _attempt(entry, arriving, progress, self, largest or LARGEST_UNSTATED),
            arriving,
            self.stop,
            self.host,
        )
        replace(arriving, target)
        return digests


class _Arrival:
    """A file that is arriving, and the digests of its content."""

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


def _attempt(
    entry: Entry,
    arriving: Path,
    progress: Callable[[int], None],
    turn: Turn,
    largest: int,
) -> Digests:
    # two halves of different uploads would pass where no digest tells
    with arriving.open("a+b" if entry.has_digest else "w+b") as file:
        arrival = _Arrival(file, progress)
        try:
            if not arrival.received or arrival.received != entry.size:
                _receive(entry, arrival, turn, largest)
            sha256, md5 = arrival.sha256.hexdigest(), arrival.md5.hexdigest()
            digests = Digests(sha256, md5, arrival.received)
            for name, actual in vars(digests).items():
                if (stated := getattr(entry, name)) not in (None, actual):
                    raise WrongBytesError(f"its {name} is {actual}, the index says {stated}")
            file.flush()
            if arrival.received >= SYNCED:  # or the disk would get them all before publication
                os.fsync(file.fileno())
        except BaseException:  # whatever it is, these bytes do not count
            progress(-arrival.received)
            raise
        return digests


def _receive(entry: Entry, arrival: _Arrival, turn: Turn, largest: int) -> None:
    """Ask for the rest of an archive and write what comes."""
    too_large = DownloadFailedError(
        f"the server sends more than {largest} bytes, and the index states no size"
    )
    try:
        with closing(ask(entry.url, arrival.received, turn.pools)) as response:
            if response.status_code in (401, 403):
                channel = entry.public_url.rpartition("/")[0]
                raise ChannelRefusedError(channel, response.status_code)
            check_status(response, arrival.received)
            if response.status_code != 206 and arrival.received:
                arrival.discard()
            expected, rest = entry.size, content_length(response)
            announced = None if rest is None else arrival.received + rest
            if expected is None and announced is not None:
                expected = announced
                if expected > largest:
                    raise too_large
            for chunk in chunks(response):
                if not arrival.received and chunk.lstrip().startswith(b"<"):
                    raise DownloadFailedError(WEB_PAGE, LOG_IN)
                if turn.stop.is_set():
                    raise TryAgainError("the build was given up")
                arrival.add(chunk)
                if expected is None and arrival.received > largest:
                    arrival.discard()
                    raise too_large
                if expected is not None and arrival.received > expected:
                    raise WrongBytesError(f"the server sends more than its {expected} bytes")
                del chunk  # see `chunks`
    except (OSError, HTTPError, ValueError) as error:  # requests' are of these kinds
        failure = unreached(error)
        if failure and failure.passing:
            after = f" after {arrival.received} bytes" if arrival.received else ""
            raise TryAgainError(f"{failure.reason}{after}") from None
        if failure:
            raise DownloadFailedError(failure.reason, failure.hint) from None
        if isinstance(error, ValueError):
            raise DownloadFailedError("its address is not valid") from None
        raise
    if expected is not None and arrival.received < expected:
        # all that the server has arrived, if it says so
        hint = MISFIT if announced == arrival.received else ""
        reason = f"the answer ended after {arrival.received} of {expected} bytes"
        raise TryAgainError(reason, hint=hint)
