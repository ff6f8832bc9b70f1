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


def late(created: str, due: str) -> str | None:
    """Return that the next release is late, or that this machine's clock is; None if neither is."""
    now = datetime.now(timezone.utc)
    clock = f"this machine's clock says {now:%Y-%m-%d}"
    if due and utc(now + timedelta(days=1)) < created:
        return f"The release is of {created[:10]}, and {clock}: set it, or nothing is ever late."
    if due and f"{now:%Y-%m-%d}" > due:
        late = f"The next release was due on {due}, and {clock}."
        return f"{late} Ask your vendor for it: it may have been held back on its way."
    return None


def utc(when: datetime) -> str:
    """Return a time in UTC as manifests have it (RFC 3339), in whole seconds."""
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"
