"""Paths as people type them."""

from __future__ import annotations

import ntpath
from pathlib import PurePosixPath, PureWindowsPath

import pytest

from conda_offline_repo.files.typed import completed


@pytest.mark.parametrize(
    ("text", "path"),
    [("X:repo", "X:/here/repo"), ("X:", "X:/here"), ("X:..\\repo", "X:/repo")],
)
def test_path_below_the_current_folder_of_a_drive(text: str, path: str) -> None:
    def absolute(relative: PureWindowsPath) -> str:
        return ntpath.normpath(f"X:\\here\\{str(relative)[2:]}")

    assert completed(PureWindowsPath(text), absolute) == PureWindowsPath(path)


@pytest.mark.parametrize(
    "path",
    [
        *(PureWindowsPath(text) for text in ("X:/repo", "repo", "/repo", "//server/share/repo")),
        *(PurePosixPath("X:repo"), PurePosixPath("repo")),
    ],
    ids=repr,
)
def test_other_paths_stay(path: PurePosixPath) -> None:
    assert completed(path, str) is path
