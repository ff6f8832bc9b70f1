"""What is composed waits on the disk, not in memory."""

from __future__ import annotations

import os
import pickle
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.release.draft import IN_MEMORY, Draft
from conda_offline_repo.repository.package import File

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("count", [0, 1, 3 * IN_MEMORY])
def test_content_comes_back(tmp_path: Path, count: int) -> None:
    content = os.urandom(count)
    draft = Draft([content[:10], content[10:]])
    assert draft.content == draft.content == content
    assert draft.described == File.of(content)
    assert pickle.loads(pickle.dumps(draft)).content == content
    path = tmp_path / "file"
    assert not draft.is_at(path)
    path.write_bytes(content)
    assert draft.is_at(path)
    if os.name != "nt":  # where it takes a privilege
        link = tmp_path / "link"
        link.symlink_to(path)
        assert not draft.is_at(link)
    path.write_bytes(content + b"!")
    assert not draft.is_at(path)
    path.write_bytes(content[:-1] + b"!")
    assert not draft.is_at(path)


def peak(count: int) -> int:
    piece = bytes(1000)
    tracemalloc.start()
    draft = Draft(piece for _ in range(count))
    assert sum(map(len, draft.pieces)) == count * len(piece)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_memory_does_not_grow_with_the_content() -> None:
    peak(1)
    assert peak(20_000) < peak(2_000) + 10_000
