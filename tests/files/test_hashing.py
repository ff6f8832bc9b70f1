"""One reader for what may not be a file, may be a link, or may have no end."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.files.hashing import copy_file, hash_file, read_regular
from tests.support.systems import DEVICES, PIPES

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_of_at_most_so_many_bytes(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_regular(path, 5) == b"12345"
    with pytest.raises(OSError, match="larger than 4 bytes"):
        read_regular(path, 4)
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "lost", 5)
    with pytest.raises(IsADirectoryError):
        read_regular(tmp_path, 5)


@pytest.mark.skipif(os.name == "nt", reason=DEVICES)
def test_a_link_is_followed_where_it_may_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    link = tmp_path / "link"
    link.symlink_to("file")
    assert read_regular(link, 5, links=True) == b"12345"
    with pytest.raises(OSError, match="a link"):
        read_regular(link, 5)
    link.unlink()
    link.symlink_to("link")
    with pytest.raises(OSError, match="link"):
        read_regular(link, 5, links=True)


@pytest.mark.skipif(os.name == "nt", reason=PIPES)
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for read in (
        lambda: read_regular(pipe, 5),
        lambda: hash_file(pipe),
        lambda: copy_file(pipe, tmp_path / "copy"),
    ):
        with pytest.raises(OSError, match="not a regular file"):
            read()
    assert not (tmp_path / "copy").exists()
