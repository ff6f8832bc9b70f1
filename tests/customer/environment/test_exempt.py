"""The exemption from conda's cooldown in an environment's own `.condarc`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.customer.environment.condarc import (
    configured,
    ours,
    restored,
    states_cooldown,
)

if TYPE_CHECKING:
    from conda_offline_repo.customer.environment.exemption import Exemption

CONDARC = Path("e", ".condarc")
CHANNEL, MOVED = "file:///srv/bank", "file:///mnt/bank"
ALL = "exclude_newer: ''\n"
ONE = "- channel: /srv/bank\n  exclude_newer: false\n"
LINES = {"environment": ALL, "channel": ONE}
OTHERS = "# mine\nchannel_settings: # a list\n- channel: https://server/*\n  auth: any\n"


@pytest.mark.parametrize("exempt", ["environment", "channel"])
@pytest.mark.parametrize("old", ["", "# mine\nssl_verify: true\n", OTHERS])
def test_it_stays_when_the_folder_moves_and_goes_with_undo(old: str, exempt: Exemption) -> None:
    line = LINES[exempt]
    assert line not in configured(old, CHANNEL, CONDARC)
    text = configured(old, CHANNEL, CONDARC, exempt=exempt)
    assert text.count(line) == 1
    assert (
        text
        == configured(text, CHANNEL, CONDARC)
        == configured(text, CHANNEL, CONDARC, None, exempt)
    )
    moved = configured(text, MOVED, CONDARC)
    assert moved.count(line.replace("/srv", "/mnt")) == 1
    assert moved.count("exclude_newer") == 1
    assert restored(moved, [CHANNEL, MOVED], ours(old, CONDARC), CONDARC) == old


@pytest.mark.parametrize("exempt", ["environment", "channel"])
def test_it_is_not_taken_for_what_was_there_before(exempt: Exemption) -> None:
    text = configured("", CHANNEL, CONDARC, exempt=exempt)
    assert ours(text, CONDARC) == ""


@pytest.mark.parametrize("own", ["exclude_newer: 3d\n", "exclude_newer: ''\n", "cooldown: 3d\n"])
def test_what_the_file_says_itself_stays(own: str) -> None:
    assert states_cooldown(own, CONDARC)
    assert not states_cooldown("offline: true\n", CONDARC)
    text = configured(own, CHANNEL, CONDARC)
    assert own in text
    assert restored(text, [CHANNEL], ours(own, CONDARC), CONDARC) == own


def test_what_somebody_has_changed_since_then_stays() -> None:
    text = configured("", CHANNEL, CONDARC, exempt="environment").replace(
        ALL, "exclude_newer: 3d\n"
    )
    assert restored(text, [CHANNEL], "", CONDARC) == "exclude_newer: 3d\n"
    text = configured("", CHANNEL, CONDARC, exempt="channel").replace("newer: false", "newer: 3d")
    assert "exclude_newer: 3d" in restored(text, [CHANNEL], "", CONDARC)
