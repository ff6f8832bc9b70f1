"""The exemption from conda's cooldown in an environment's own `.condarc`."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_offline_repo.customer.environment.condarc import (
    configured,
    ours,
    restored,
    states_cooldown,
)

CONDARC = Path("e", ".condarc")
CHANNEL, MOVED = "file:///srv/bank", "file:///mnt/bank"
LINE = "exclude_newer: ''\n"


@pytest.mark.parametrize("old", ["", "# mine\nssl_verify: true\n"])
def test_it_stays_when_the_folder_moves_and_goes_with_undo(old: str) -> None:
    assert LINE not in configured(old, CHANNEL, CONDARC)
    text = configured(old, CHANNEL, CONDARC, exempt=True)
    assert text.count(LINE) == 1
    assert text == configured(text, CHANNEL, CONDARC)
    moved = configured(text, MOVED, CONDARC)
    assert moved.count(LINE) == 1
    assert restored(moved, [CHANNEL, MOVED], ours(old, CONDARC), CONDARC) == old


def test_it_is_not_taken_for_what_was_there_before() -> None:
    text = configured("", CHANNEL, CONDARC, exempt=True)
    assert ours(text, CONDARC) == ""


@pytest.mark.parametrize("own", ["exclude_newer: 3d\n", "exclude_newer: ''\n", "cooldown: 3d\n"])
def test_what_the_file_says_itself_stays(own: str) -> None:
    assert states_cooldown(own, CONDARC)
    assert not states_cooldown("offline: true\n", CONDARC)
    text = configured(own, CHANNEL, CONDARC)
    assert own in text
    assert restored(text, [CHANNEL], ours(own, CONDARC), CONDARC) == own


def test_what_somebody_has_changed_since_then_stays() -> None:
    text = configured("", CHANNEL, CONDARC, exempt=True).replace(LINE, "exclude_newer: 3d\n")
    assert restored(text, [CHANNEL], "", CONDARC) == "exclude_newer: 3d\n"
