"""The tests that are skipped on some systems are there under the names that they are skipped by."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.systems import ON_MACOS, ON_WINDOWS, UNDER_WINE

TESTS = Path(__file__).parents[1]
NAMES = [
    f"{path.relative_to(TESTS.parent).as_posix()}::{name}["
    for path in TESTS.rglob("test_*.py")
    for name in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
]


@pytest.mark.parametrize("pattern", [*ON_WINDOWS, *ON_MACOS, *UNDER_WINE])
def test_skipped_tests_exist(pattern: str) -> None:
    without_parameters = re.sub(r"(\\S\*)?\\\[(\.\*-)?(\([^)]*\)|[^|)]*)", "", pattern)
    assert any(re.search(without_parameters, name) for name in NAMES)
