"""A vendor whose customers want packages of PyPI."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.support.pip_vendor import PipVendor

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.inside import Inside


@pytest.fixture
def vendor(me: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PipVendor:
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    return PipVendor(me, tmp_path)
