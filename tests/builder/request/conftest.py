from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.inside import inside
from tests.support.requesting import ALIAS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conda_offline_repo.builder.options import Options
    from tests.support.inside import Inside


@pytest.fixture
def me(tmp_path: Path) -> Iterator[Inside]:
    """The release engineer in this process."""
    with inside(tmp_path / "engineer") as me:
        me.configure(channel_alias=ALIAS)
        yield me


@pytest.fixture
def options(me: Inside) -> Options:
    """Those of a first build."""
    return me.options("app", channels=("acme", "public"), label_channel=True)
