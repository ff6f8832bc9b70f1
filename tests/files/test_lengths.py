"""Paths that Windows finds too long."""

from __future__ import annotations

from pathlib import PurePath, PurePosixPath, PureWindowsPath

import pytest

from conda_offline_repo.exceptions import InvalidRequestError
from conda_offline_repo.files import lengths
from conda_offline_repo.files.lengths import check_lengths

ARCHIVE = "win-64/app-1.0-0.conda"
FITTING = PureWindowsPath("X:/", "d" * (259 - len(f"X:\\\\{ARCHIVE}")))


@pytest.fixture(autouse=True)
def by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lengths, "_are_longer_allowed", lambda: False)


@pytest.mark.parametrize(
    "folder",
    [FITTING, PureWindowsPath(f"\\\\?\\C:\\{'d' * 300}"), PurePosixPath("/", "d" * 250, "e" * 99)],
)
def test_path_that_fits(folder: PurePath) -> None:
    check_lengths(folder, ["noarch/x", ARCHIVE])
    check_lengths(folder, [])


@pytest.mark.parametrize("folder", [FITTING / "x", PureWindowsPath("//server/share", "d" * 250)])
def test_path_that_is_too_long(folder: PurePath, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidRequestError, match=r"allows 259 in a path") as caught:
        check_lengths(folder, ["noarch/x", ARCHIVE])
    assert str(folder / ARCHIVE) in str(caught.value)
    monkeypatch.setattr(lengths, "_are_longer_allowed", lambda: True)
    check_lengths(folder, [ARCHIVE])
