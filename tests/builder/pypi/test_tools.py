"""What packages of PyPI need at the vendor, and what is said where it is not there."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.pypi.exceptions import PipToolsMissingError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.pip_vendor import PipVendor


def test_all_that_is_missing_is_named_at_once(
    vendor: PipVendor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    vendor.wheel("app", "1.0")
    options = vendor.options("app")
    for module in ("uv", "whl2conda", "installer"):
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("os.defpath", str(tmp_path))
    with pytest.raises(PipToolsMissingError) as raised:
        vendor.me.build(options)
    assert str(raised.value) == (
        "Packages of PyPI need what is not installed: uv, python-installer, whl2conda.\n"
        "Install it beside conda: conda install -n base uv python-installer whl2conda"
    )
    assert not vendor.me.root.exists()


def test_uv_beside_python_will_do(vendor: PipVendor, monkeypatch: pytest.MonkeyPatch) -> None:
    vendor.wheel("app", "1.0")
    monkeypatch.setitem(sys.modules, "uv", None)
    vendor.build("app")
