"""Which packages are too new to be shipped: `exclude_newer`, as conda 26.9 and uv understand it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from .clock import EPOCH, LAST_SECOND, utc
from .exceptions import InvalidRequestError

#: What takes a cooldown away; conda says so in its own settings.
NONE = ("none", "false")
#: The seconds of units, by their first letter.
UNITS = {"w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1}
WORDS = r"w(?:eeks?)?|d(?:ays?)?|h(?:ours?)?|m(?:in(?:ute)?s?)?|s(?:ec(?:ond)?s?)?"
#: As `7d`, `3d12h`, `7 days`, `P7D`; neither months nor years, which have no fixed length.
DURATION = re.compile(
    rf"(?:\d+\s*(?:{WORDS})\s*)+|P(?:\d+W)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?",
    re.ASCII | re.IGNORECASE,
)
PART = re.compile(r"(\d+)\s*([wdhms])", re.ASCII | re.IGNORECASE)
DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
#: What times of packages have besides whole seconds.
ALMOST = timedelta(microseconds=999_999)
#: https://www.rfc-editor.org/rfc/rfc3339
MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.\d+)?(Z|[+-]\d{2}:\d{2})",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True)
class Cooldown:
    """A bound on the age of packages.

    Attributes:
        text: As it was stated.
        moment: What is newer than this is not shipped; in UTC.
        age: How old a package has to be; None if it was a date that was stated.
    """

    text: str
    moment: datetime
    age: timedelta | None = None

    @property
    def cutoff(self) -> str:
        """The moment, as manifests have it."""
        return utc(self.moment)

    def reason_against(self, when: datetime) -> str | None:
        """Return why what is of this time is too new; None if it is not."""
        if when <= self.moment:
            return None
        return too_new(when, self.age, f"exclude_newer {self.text}")


def cooldown(text: str, now: datetime) -> Cooldown | None:
    """Return the cooldown that a text states; None for none.

    Args:
        text: A duration such as `7d` or `P7D`, a date, which counts to its end in UTC, or a moment
            of RFC 3339; `none`, or nothing.
        now: What a duration ends with.

    Raises:
        InvalidRequestError: It is none of these.
    """
    stripped = text.strip()
    if stripped.lower() in ("", *NONE):
        return None
    try:
        if DURATION.fullmatch(stripped) and (parts := PART.findall(stripped)):
            age = timedelta(seconds=sum(int(n) * UNITS[unit.lower()] for n, unit in parts))
            return Cooldown(stripped, now - age, age)
        if DATE.fullmatch(stripped):
            day = datetime.fromisoformat(stripped).replace(tzinfo=timezone.utc)
            return Cooldown(stripped, day + timedelta(days=1))
        if match := MOMENT.fullmatch(stripped):
            date, time, zone = match.groups()
            zone = zone.upper().replace("Z", "+00:00")
            moment = datetime.fromisoformat(f"{date}T{time}{zone}")
            return Cooldown(stripped, moment.astimezone(timezone.utc))
    except (ValueError, OverflowError):
        pass
    raise InvalidRequestError(
        f"exclude_newer is {stripped[:60]!r}, which is neither a duration nor a date.",
        "Write a duration in weeks, days or hours, such as 14d, 24h or P14D; a date, such as "
        "2026-11-01; a moment with its time zone, such as 2026-11-01T12:00:00Z; or none.",
    )


def due_day(text: str, time: datetime) -> str:
    """Return the day, ISO 8601 in UTC, that is a duration after a time; empty for `none`, or none.

    Raises:
        InvalidRequestError: The text is something else.
    """
    with suppress(InvalidRequestError, OverflowError):
        if (wait := cooldown(text, time)) is None:
            return ""
        if wait.age is not None:
            return f"{time + wait.age:%Y-%m-%d}"
    raise InvalidRequestError(
        f"next_due is {text.strip()[:60]!r}, which is not a duration.",
        "Write how long after each release the next one is due, such as 90d or P90D; or none.",
    )


def too_new(when: datetime, age: timedelta | None, rule: str) -> str:
    """Return that what is of this time is too new for a rule, until it has reached an age."""
    until = f" until {utc(when + age + ALMOST)}" if age else ""
    return f"it is of {utc(when)}, too new for {rule}{until}"


def time_of(record: Mapping[str, Any]) -> datetime | None:
    """Return from when a package is, by its entry in an index; None if that does not tell.

    The time at which the channel listed it counts before that of its making, as in conda 26.9, and
    a number that would be after the year 9999 is of milliseconds.
    """
    value = record.get("indexed_timestamp") or record.get("timestamp")
    try:
        seconds = float(value) if value else math.nan
        seconds = seconds / 1000 if seconds > LAST_SECOND else seconds
        return EPOCH + timedelta(seconds=seconds)
    except (TypeError, ValueError, OverflowError):
        return None
