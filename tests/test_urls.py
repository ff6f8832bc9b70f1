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
    is_misread,
    misread_folders,
    public,
    same_server,
    typed,
)

ENDS = ("", "-x", "1", ".conda", ".d")
SUBDIRS = ("linux-64", "win-64", "osx-64", "noarch")


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
    ("url", "folders"),
    [
        ("file:///srv/linux-64/bank", ("linux-64",)),
        ("file:///srv/Linux-64/bank", ("Linux-64",)),
        ("file:///srv/linux-64-mirror/bank", ("linux-64-mirror",)),
        ("file:///srv/linux-641", ("linux-641",)),
        ("file:///srv/noarch-2026/win-64.d/bank", ("noarch-2026", "win-64.d")),
        ("file:///srv/noarch", ("noarch",)),
        ("file:///X:/linux-64-m/bank", ("linux-64-m",)),
        ("file://server/linux-64-m/bank", ("linux-64-m",)),
        ("file://linux-64/share/bank", ("linux-64",)),
        ("file://server/%74/bank", ("t",)),
        ("file:///srv/%74", ("t",)),
        ("file:///srv/bank.conda", ("bank.conda",)),
        ("file:///srv/bank.tar.bz2", ("bank.tar.bz2",)),
        ("file:///srv/bank.json", ("bank.json",)),
        ("file:///srv/a%2520b", ("a%20b",)),
        ("file:///srv/a%23b", ("a#b",)),
        ("https://h/linux-64/chan", ("linux-64",)),
        ("https://h:8080/get/osx-64-x/chan", ("osx-64-x",)),
        ("https://linux-64.example.com/chan", ("linux-64.example.com",)),
        ("https://h/chan.conda", ("chan.conda",)),
        ("file:///srv/bank", ()),
        ("file:///", ()),
        ("file:///X:", ()),
        ("file:///srv/my-linux-64/linux/bank", ()),
        ("file:///srv/Linux-64-mirror/bank", ()),
        ("file:///srv/.noarch/x.conda/label/conda-bld/bank", ()),
        ("file:///srv/%74/bank", ()),
        ("file:///srv/50%25%20%23/my%20b%C3%A4nk", ()),
        ("file://server/share/bank", ()),
        ("https://h/conda/chan/label/x", ()),
    ],
)
def test_folders_that_conda_misreads(url: str, folders: tuple[str, ...]) -> None:
    assert misread_folders(url, SUBDIRS) == folders


def test_conda_finds_what_it_does_not_misread() -> None:
    names = {f"{a}{b}{c}" for a in ("", "my-") for b in (*SUBDIRS, "t", "a%20b") for c in ENDS}
    paths = [PurePosixPath("/srv", *parts) for n in names for parts in ((n, "bank"), (n,))]
    read = [path for path in paths if not is_misread(file_url(path), SUBDIRS)]
    assert 0 < len(read) < len(paths)
    for path in read:
        for subdir in SUBDIRS:
            (address,) = Channel(file_url(path)).urls(subdirs=(subdir,))
            archive = Channel(f"{address}/x-1-0.conda")
            assert (archive.subdir, archive.package_filename) == (subdir, "x-1-0.conda")
            assert file_path(archive.base_url) == file_path(Channel(address).base_url) == str(path)


def test_only_the_subdirs_that_are_asked_for_count() -> None:
    assert not is_misread("file:///srv/win-64-mirror/bank", ("linux-64", "noarch"))
    assert is_misread("file:///srv/win-64/bank", ("linux-64", "noarch"))


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
