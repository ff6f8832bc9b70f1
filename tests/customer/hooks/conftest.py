from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.inside import inside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.inside import Inside


@pytest.fixture
def me(tmp_path: Path) -> Iterator[Inside]:
    """The user, offline, without any channel."""
    with inside(tmp_path / "me") as me:
        me.configure(channels=[], offline=True)
        yield me
