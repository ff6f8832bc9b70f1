"""The tests that the pages name are there."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs/explanation/promises.md").read_text("utf-8")


def test_named_tests_exist() -> None:
    named = re.findall(r"`((?:\w+/)+test_\w+\.py|builder/(?:\w+/)+|model/)`", PAGE)
    assert len(named) > 30
    assert [name for name in named if not (TESTS / name).exists()] == []
