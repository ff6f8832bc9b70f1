from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.suite import with_environments

if TYPE_CHECKING:
    from pathlib import Path

    from conda_offline_repo.repository.locate import Repository


@pytest.fixture
def folder(published: Path, tmp_path: Path) -> Path:
    """A copy of the label of `tests.support.suite`, to be changed."""
    return shutil.copytree(published, tmp_path / "root" / "acme")


@pytest.fixture
def acme(folder: Path) -> Repository:
    """The same with its environments."""
    return with_environments(folder)
