"""Folders as URLs and back, and what of a URL is shown and trusted."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from conda.models.channel import Channel

from conda_offline_repo.urls import (
    channel_url,
    file_path,
    file_url,
    is_local,
    public,
    same_server,
    typed,
)


@pytest.mark.parametrize(
    ("path", "url"),
    [
        (PurePosixPath("/srv/a b"), "file:///srv/a%20b"),
        (PurePosixPath("/srv/100%#1"), "file:///srv/100%25%231"),
        (PurePosixPath("/srv/t/bank"), "file:///srv/%74/bank"),
        (PureWindowsPath("X:\\repo"), "file:///X:/repo"),
        (PureWindowsPath("\\\\server\\share\\a"), "file://server/share/a"),
        (PureWindowsPath("\\\\?\\X:\\repo"), "file:///X:/repo"),
        (PureWindowsPath("\\\\?\\UNC\\server\\share"), "file://server/share"),
    ],
    ids=str,
)
def test_url_of_a_path(path: PurePosixPath | PureWindowsPath, url: str) -> None:
    assert file_url(path) == url


def test_relative_path_has_no_url() -> None:
    with pytest.raises(ValueError, match="not an absolute path"):
        file_url(PurePosixPath("repo"))


def test_url_of_the_network_has_no_path() -> None:
    with pytest.raises(ValueError, match="not a file URL"):
        file_path("https://h/c")
    assert file_path("file://localhost/srv/a%20b") == "/srv/a b"


@pytest.mark.parametrize(
    ("channel", "local"),
    [
        ("file:///srv/c", True),
        ("./c", True),
        ("/srv/c", True),
        ("~/c", True),
        ("conda-forge", False),
        ("https://h/c", False),
    ],
)
def test_folders_are_local(channel: str, local: bool) -> None:
    assert is_local(channel) is local


def test_channel_has_a_url_without_secrets() -> None:
    for url in ("https://h/c", "https://me:pw@h/c", "https://h/t/tk-1/c", "https://h/c?key=1#x"):
        assert channel_url(Channel(url)) == "https://h/c"


def test_paths_and_back() -> None:
    for path in (
        PurePosixPath("/t/a/t"),
        PurePosixPath("/srv/t/my_x"),
        PureWindowsPath("X:\\t\\a"),
        PureWindowsPath("\\\\server\\t\\a"),
    ):
        url = file_url(path)
        assert "/t/" not in f"{url}/"
        assert file_path(url) == str(path)
    assert file_url(PurePosixPath("/srv/tt/t.x")) == "file:///srv/tt/t.x"


def test_public_takes_tokens_from_the_network_alone() -> None:
    assert public("http://me:pw@h/t/tk-1/c?x=1") == "http://h/c"
    assert public("file:///srv/t/a/c") == "file:///srv/t/a/c"


def test_typed_channels() -> None:
    assert typed("conda-forge") == "conda-forge"
    assert typed("https://h/t/tk-1/c") == "https://h/t/tk-1/c"
    assert typed("/srv/x y") == "/srv/x y"
    assert typed("file:///srv/t/a") == "file:///srv/%74/a"
    assert typed(os.path.join("~", "t", "a")) == file_url(Path.home() / "t" / "a")


@pytest.mark.parametrize(
    ("trusted", "other", "same"),
    [
        ("http://h/a", "http://H/b", True),
        ("http://h/a", "http://h:80/b", True),
        ("https://h/a", "https://h:443/b", True),
        ("http://h/a", "https://h/b", True),
        ("https://h/a", "http://h/b", False),
        ("http://h:8080/a", "https://h:8080/b", False),
        ("http://h/a", "http://h:81/b", False),
        ("http://h/a", "http://h.x/b", False),
        ("http://u:p@h/a", "http://h/b", True),
        ("file:///a", "file:///b", True),
        ("http://h/a", "file:///a", False),
    ],
)
def test_same_server(trusted: str, other: str, same: bool) -> None:
    assert same_server(trusted, other) is same
