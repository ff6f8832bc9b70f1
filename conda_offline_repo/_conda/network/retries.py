"""Which failures of a download are tried again, how often, and after what wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from conda.base.context import context
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from .connections import proxy_of

if TYPE_CHECKING:
    import threading

    from requests import Response

    from .hosts import Host
    from .pools import Answer

    Result = TypeVar("Result")

#: HTTP statuses that may be different the next time.
RETRIED = frozenset({408, 413, 425, 429, 500, 502, 503, 504})
#: Those of a server that has too much to do.
BUSY = frozenset({429, 503})
#: Where a mirror has not come to its end, or somebody has deleted archives.
MISFIT = (
    "The index of {channel} does not fit its archives: the channel is an incomplete copy, or is "
    "being changed. If the same command fails like this again later, tell the owner of the "
    "channel, or name one before it that has the packages."
)
#: Seconds; no server may make a build wait longer between two tries.
LONGEST_WAIT = 120.0


class DownloadFailedError(Exception):
    """An archive that cannot be downloaded; the text says why, without secrets.

    `hint` says what to do, with `{channel}` for the URL of the channel; it is empty where the same
    command may work the next time.
    """

    def __init__(self, reason: str, hint: str = "") -> None:
        self.hint = hint
        super().__init__(reason)


class TryAgainError(Exception):
    """A failure that may pass; `wait` is what the server asked for, in seconds, and `hint` what to
    do if it does not pass.
    """

    def __init__(self, reason: str, wait: float | None = None, hint: str = "") -> None:
        self.wait, self.hint = wait, hint
        super().__init__(reason)


class BusyError(TryAgainError):
    """A server that has too much to do."""


class WrongBytesError(Exception):
    """An answer that is not the archive that the channel states."""


class Tries:
    """As many tries for a file as conda is set to, with longer and longer waits between them.

    A server that has too much to do for many files at once is asked again, and for less, until it
    is their turn; one that sends none is soon given up.

    Args:
        host: The server; it learns how it does, and others have the slot during a wait.
        stop: Ends them.

    Raises:
        DownloadFailedError: There is no use in asking the server.
    """

    def __init__(self, host: Host, stop: threading.Event) -> None:
        if host.gone:
            reason = "it was not asked for, as the server did not send those before"
            raise DownloadFailedError(reason)
        self._host, self._stop, self._before = host, stop, host.state
        self._left: int = context.remote_max_retries
        self._pause = float(context.remote_backoff_factor)

    def wait(self, error: TryAgainError) -> None:
        """Wait for the next try; raises a DownloadFailedError if there is none."""
        of_all = self._host.busy(self._before) and isinstance(error, BusyError)
        if (self._left <= 0 and not of_all) or self._stop.is_set() or self._host.gone:
            self._host.lose()
            raise DownloadFailedError(str(error), error.hint) from None
        # what becomes of others during the wait tells, too: they may be sent as fast as is allowed
        self._before = self._host.state
        with self._host.released(self._stop):
            self._stop.wait(min(self._pause if error.wait is None else error.wait, LONGEST_WAIT))
        if not of_all:
            self._left -= 1
            self._pause *= 2


def with_retries(
    attempt: Callable[[], Result], arriving: Path, stop: threading.Event, host: Host
) -> Result:
    """Return the result of the first attempt that succeeds; wrong bytes are retried once, without
    the file that is arriving.

    Raises:
        DownloadFailedError: No attempt succeeded.
    """
    tries, wrong_before = Tries(host, stop), False
    while True:
        begun, used = time.monotonic(), time.thread_time()
        try:
            result = attempt()
        except WrongBytesError as error:
            arriving.unlink(missing_ok=True)
            if wrong_before:
                raise DownloadFailedError(str(error), MISFIT) from None
            wrong_before = True
        except TryAgainError as error:
            tries.wait(error)
        else:
            passed = time.monotonic() - begun
            host.good((time.thread_time() - used) / passed if passed else 0.0)
            return result


def check_status(response: Response | Answer, received: int) -> None:
    """Check that an answer has the bytes of an archive that come after those that were received.

    Raises:
        DownloadFailedError, TryAgainError, WrongBytesError: The answer has other bytes or none.
    """
    status = response.status_code
    if status == 416:  # more was kept than the server has
        raise WrongBytesError("the server has fewer bytes than arrived before")
    if status == 206:
        content_range = str(response.headers.get("Content-Range", ""))
        if not received or not content_range.startswith(f"bytes {received}-"):
            raise WrongBytesError("the server sends another part of it than requested")
    elif status in RETRIED:
        raise passing(response)
    elif status in (404, 410):
        answer = f"the server answers with HTTP {status}"
        answer = "it does not exist" if response.url.startswith("file:") else answer
        raise DownloadFailedError(f"{answer}, though the index lists it", MISFIT)
    elif status != 200:
        reason = f"the server answers with HTTP {status}, though the index lists it"
        raise DownloadFailedError(reason, "Ask the owner of {channel}.")


def passing(response: Response | Answer) -> TryAgainError:
    """Return the failure of an answer whose status is among `RETRIED`."""
    kind = BusyError if response.status_code in BUSY else TryAgainError
    wait = None
    # the seconds that the server asks to wait (RFC 9110, 10.2.3), if it says so
    with suppress(HTTPError, TypeError, ValueError, IndexError, OverflowError, OSError):
        wait = Retry(0).parse_retry_after(response.headers.get("Retry-After", ""))
    return kind(answered(response), wait)


def answered(response: Response | Answer) -> str:
    """Say with which status a server, or the proxy before it, answers."""
    proxy = proxy_of(response.url)
    server = f"the server, or the proxy {proxy}," if proxy else "the server"
    return f"{server} answers with HTTP {response.status_code}"
