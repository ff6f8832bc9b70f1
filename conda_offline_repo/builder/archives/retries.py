"""Which failures of a download are tried again, how often, and after what wait."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from conda.base.context import context
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from typing import TypeVar

    from requests import Response

    Result = TypeVar("Result")

#: HTTP statuses that may be different the next time.
RETRIED = frozenset({408, 413, 425, 429, 500, 502, 503, 504})
#: Seconds; no server may make a build wait longer between two tries.
LONGEST_WAIT = 120.0


class DownloadFailedError(Exception):
    """An archive that cannot be downloaded; the text says why, without secrets."""


class TryAgainError(Exception):
    """A failure that may pass; `wait` is what the server asked for, in seconds."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        self.wait = wait
        super().__init__(reason)


class WrongBytesError(Exception):
    """An answer that is not the archive that the channel states."""


def with_retries(
    attempt: Callable[[], Result], discard: Callable[[], None], stop: threading.Event
) -> Result:
    """Return the result of the first attempt that succeeds.

    Failures that may pass are retried as often as conda is set to; wrong bytes once, from scratch.

    Args:
        attempt: Raises one of the errors of this module if it fails.
        discard: Called after wrong bytes, which must not be resumed.
        stop: Set when the build is given up.

    Raises:
        DownloadFailedError: No attempt succeeded.
    """
    tries_left = context.remote_max_retries
    pause = float(context.remote_backoff_factor)
    wrong_before = False
    while True:
        try:
            return attempt()
        except WrongBytesError as error:
            discard()
            if wrong_before:
                raise DownloadFailedError(str(error)) from None
            wrong_before = True
        except TryAgainError as error:
            if tries_left <= 0 or stop.is_set():
                raise DownloadFailedError(str(error)) from None
            tries_left -= 1
            stop.wait(min(pause if error.wait is None else error.wait, LONGEST_WAIT))
            pause *= 2


def status_error(response: Response) -> Exception:
    """Return the error for an answer whose status is not a success."""
    text = f"the server answers with HTTP {response.status_code}"
    if response.status_code in RETRIED:
        return TryAgainError(text, _retry_after(response))
    return DownloadFailedError(f"{text}, though its index lists it")


def _retry_after(response: Response) -> float | None:
    """Return the seconds that the server asks to wait (RFC 9110, 10.2.3), if it says so."""
    with suppress(HTTPError, TypeError, ValueError, IndexError, OverflowError, OSError):
        return Retry(0).parse_retry_after(response.headers.get("Retry-After", ""))
    return None
