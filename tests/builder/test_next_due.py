"""When the next release is due."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.clock import EPOCH
from conda_offline_repo.cooldown import due_day
from conda_offline_repo.exceptions import InvalidRequestError

if TYPE_CHECKING:
    from tests.support.releasing import Releasing


def at(patch: pytest.MonkeyPatch, seconds: int) -> None:
    patch.setenv("SOURCE_DATE_EPOCH", str(seconds))


DAY = 86_400
#: 2026-11-30T23:30:00Z
NOW = 1_796_081_400


def test_each_release_gets_a_day_and_a_build_without_news_leaves_it(
    releasing: Releasing, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, NOW)
    releasing.release(1, next_due="90d")
    manifest = releasing.manifest
    assert (manifest.created, manifest.due) == ("2026-11-30T23:30:00Z", "2027-02-28")
    assert manifest.request.next_due == "90d"

    at(monkeypatch, NOW + 10 * DAY)
    assert not releasing.build().changed
    assert releasing.manifest == manifest
    outcome = releasing.build(next_due="90d", dry_run=True)
    assert (outcome.changed, outcome.manifest.due) == (True, "2027-03-10")
    outcome = releasing.build(next_due="90d")
    assert (outcome.changed, outcome.request_changes) == (True, ())
    assert (releasing.manifest.release, releasing.manifest.due) == (2, "2027-03-10")
    assert 'datetime="2027-03-10"' in (releasing.bank / "index.html").read_text()
    # named again on the same day, it says the same
    assert not releasing.build(next_due="90d").changed

    at(monkeypatch, NOW + 20 * DAY)
    releasing.release(3)
    assert releasing.manifest.due == "2027-03-20"
    outcome = releasing.build(next_due="none")
    (change,) = outcome.request_changes
    assert (change.what, change.before, change.after) == ("next_due", ("90d",), ())
    assert (releasing.manifest.due, releasing.manifest.request.next_due) == ("", "")
    assert not releasing.build(next_due="none").changed


def test_file_states_a_new_day_only_with_a_new_release(
    releasing: Releasing, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, NOW)
    releasing.release(1, next_due="2 weeks", whole=True)
    assert releasing.manifest.due == "2026-12-14"
    at(monkeypatch, NOW + DAY)
    assert not releasing.build(next_due="2 weeks", whole=True).changed
    assert releasing.manifest.due == "2026-12-14"
    outcome = releasing.build(next_due="P15D", whole=True)
    assert [change.after for change in outcome.request_changes] == [("P15D",)]
    assert releasing.manifest.due == "2026-12-16"


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("12h", "2026-12-01"),
        ("P1W", "2026-12-07"),
        (" 1d ", "2026-12-01"),
        ("0d", "2026-11-30"),
        ("None", ""),
        ("", ""),
    ],
)
def test_day_is_in_utc(text: str, due: str) -> None:
    assert due_day(text, EPOCH + timedelta(seconds=NOW)) == due


@pytest.mark.parametrize(
    "text", ["2027-02-28", "90", "P", "3 months", "soon", "9999999w", "-1d", "9" * 40 + "d"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="next_due is '.*', which is not a duration"):
        due_day(text, EPOCH)
