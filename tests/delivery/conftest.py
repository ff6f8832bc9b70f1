"""Where releases are delivered to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.mirror import Mirror


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where it goes; not there yet."""
    return tmp_path / "share" / "bank"


@pytest.fixture
def arrived(mirror: Mirror, target: Path) -> Path:
    """A target that has the first release."""
    return mirror.copy(1, target)
