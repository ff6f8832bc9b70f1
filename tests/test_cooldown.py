"""How old packages have to be, as a request states it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.clock import EPOCH
from conda_offline_repo.cooldown import cooldown, time_of
from conda_offline_repo.exceptions import InvalidRequestError

if TYPE_CHECKING:
    from typing import Any

NOW = datetime(2026, 11, 30, 10, tzinfo=timezone.utc)
DAY = 86_400


def cutoff(text: str) -> str:
    stated = cooldown(text, NOW)
    assert stated is not None
    return stated.cutoff


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7d", 7 * DAY),
        (" 7D ", 7 * DAY),
        ("P7D", 7 * DAY),
        ("7 days", 7 * DAY),
        ("1w", 7 * DAY),
        ("P1W", 7 * DAY),
        ("168h", 7 * DAY),
        ("PT168H", 7 * DAY),
        ("3d12h", 302_400),
        ("3d 12h", 302_400),
        ("P3DT12H", 302_400),
        ("90m", 5400),
        ("PT90M", 5400),
        ("30s", 30),
        ("0d", 0),
    ],
)
def test_duration_ends_with_the_release(text: str, seconds: int) -> None:
    stated = cooldown(text, NOW)
    assert stated is not None
    assert (stated.text, stated.age) == (text.strip(), timedelta(seconds=seconds))
    assert stated.moment == NOW - timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-01", "2026-11-02T00:00:00Z"),
        ("2024-02-29", "2024-03-01T00:00:00Z"),
        ("2026-11-01T12:00:00Z", "2026-11-01T12:00:00Z"),
        ("2026-11-01t12:00:00z", "2026-11-01T12:00:00Z"),
        ("2026-11-01 12:00:00Z", "2026-11-01T12:00:00Z"),
        ("2026-11-01T12:00:00.75Z", "2026-11-01T12:00:00Z"),
        ("2026-11-01T12:00:00+02:00", "2026-11-01T10:00:00Z"),
        ("2026-10-31T23:30:00-01:00", "2026-11-01T00:30:00Z"),
    ],
)
def test_date_is_itself(text: str, moment: str) -> None:
    assert cutoff(text) == moment
    assert cooldown(text, NOW) == cooldown(text, EPOCH)


@pytest.mark.parametrize("text", ["", " ", "none", "None", "false"])
def test_none_is_none(text: str) -> None:
    assert cooldown(text, NOW) is None


@pytest.mark.parametrize(
    "text",
    [
        *("soon", "7", "604800", "-7d", "7d ago", "1.5h", "d", "P", "PT", "P7DT", "7dP"),
        # months and years have no fixed length
        *("1 month", "P1M", "1y", "P1Y"),
        *("2026-13-01", "2026-02-30", "20261101", "2026-11", "2026-11-01T12:00:00"),
        *("2026-11-01T25:00:00Z", "9999-12-31", "99999999999d", "0001-01-01T00:00:00+02:00"),
        *("٧d", "2026-11-01Z"),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="neither a duration nor a date") as caught:
        cooldown(text, NOW)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("record", "seconds"),
    [
        ({"timestamp": 1_700_000_000_123}, 1_700_000_000.123),
        ({"timestamp": 1_700_000_000}, 1_700_000_000),
        ({"timestamp": 1_700_000_000_123.5}, 1_700_000_000.1235),
        ({"timestamp": "1700000000"}, 1_700_000_000),
        ({"timestamp": 1_000, "indexed_timestamp": 1_700_000_000_000}, 1_700_000_000),
        ({"timestamp": 1_700_000_000_000, "indexed_timestamp": 0}, 1_700_000_000),
        ({}, None),
        ({"timestamp": None}, None),
        ({"timestamp": 0}, None),
        ({"timestamp": "yesterday"}, None),
        ({"timestamp": [1]}, None),
        ({"timestamp": float("nan")}, None),
        ({"timestamp": 1e300}, None),
        ({"timestamp": 10**400}, None),
    ],
)
def test_time_of_an_entry(record: dict[str, Any], seconds: float | None) -> None:
    expected = None if seconds is None else EPOCH + timedelta(seconds=seconds)
    assert time_of(record) == expected


def test_as_conda_understands_it() -> None:
    newer = pytest.importorskip("conda.core.exclude_newer", reason="a setting of conda 26.9")
    parser = newer._CutoffParser(NOW.timestamp())
    for text in ("7d", "P7D", "3d12h", "PT90M", "0d", "2026-11-01", "2026-11-01T12:00:00+02:00"):
        stated = cooldown(text, NOW)
        assert stated is not None
        assert stated.moment.timestamp() == parser.cutoff(text)
    records: list[dict[str, Any]] = [
        {"timestamp": 1_700_000_000_123},
        {"timestamp": 1_700_000_000},
        {"timestamp": 1_000, "indexed_timestamp": 1_700_000_000_000},
        {"timestamp": "yesterday"},
        {},
    ]
    for record in records:
        when = time_of(record)
        assert newer._get_timestamp(record) == (when and pytest.approx(when.timestamp()))


def test_bound_itself_is_old_enough() -> None:
    stated = cooldown("2026-11-01T12:00:00Z", NOW)
    assert stated is not None
    assert stated.reason_against(stated.moment) is None
    reason = stated.reason_against(stated.moment + timedelta(milliseconds=1))
    assert reason == "it is of 2026-11-01T12:00:00Z, too new for exclude_newer 2026-11-01T12:00:00Z"


def test_what_is_too_young_is_free_when_it_is_old_enough() -> None:
    stated = cooldown("7d", NOW)
    assert stated is not None
    until = "it is of 2026-11-30T10:00:00Z, too new for exclude_newer 7d until 2026-12-07T10:00:00Z"
    assert stated.reason_against(NOW) == until
