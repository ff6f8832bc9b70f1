"""A vendor who publishes one release after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.inside import Inside, inside
from tests.support.releasing import Releasing
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def releasing(tmp_path: Path) -> Iterator[Releasing]:
    with inside(tmp_path / "me") as me:
        root = tmp_path / "repositories"
        channel = TinyChannel(tmp_path / "channel")
        yield Releasing(Inside(me.conda, root), channel, root / "bank")
