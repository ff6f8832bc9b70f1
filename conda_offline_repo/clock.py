"""The time of a release."""

from __future__ import annotations

import os
import re
import time
from datetime import datetime, timedelta, timezone

from .exceptions import InvalidRequestError

#: Of the year 9999, the last that a date has four digits for.
LAST_SECOND = 253_402_300_799
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def release_time() -> datetime:
    """Return the time of a new release in UTC, in whole seconds: SOURCE_DATE_EPOCH, if it is set
    (https://reproducible-builds.org/specs/source-date-epoch/), or now.

    Raises:
        InvalidRequestError: It is not a number of seconds, which that specification wants refused.
    """
    text = os.environ.get("SOURCE_DATE_EPOCH") or str(int(time.time()))
    if not re.fullmatch(r"[0-9]{1,12}", text) or int(text) > LAST_SECOND:
        raise InvalidRequestError(
            f"SOURCE_DATE_EPOCH is {text[:40]!r}, which is not a date.",
            "Set it to seconds since 1970, in digits, or unset it.",
        )
    # time.gmtime ends with the year 3000 on Windows
    return EPOCH + timedelta(seconds=int(text))


def utc(when: datetime) -> str:
    """Return a time in UTC as manifests have it (RFC 3339), in whole seconds."""
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"
