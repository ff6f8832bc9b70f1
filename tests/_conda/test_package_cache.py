"""Archives in conda's package caches, found by path and left unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conda_offline_repo._conda import package_cache
from tests.support.inside import forget, inside
from tests.support.running import snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.inside import Inside

FILE = "app-1.0-0.conda"


@pytest.fixture
def me(tmp_path: Path) -> Iterator[Inside]:
    caches = tmp_path / "first", tmp_path / "second"
    for cache in caches:
        cache.mkdir()
        (cache / "urls.txt").touch()
    with inside(tmp_path / "me", CONDA_PKGS_DIRS=",".join(map(str, caches))) as me:
        yield me


def test_archives_of_each_cache_in_its_order(me: Inside, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert package_cache.folders() == (first, second)
    assert package_cache.archives(FILE) == ()
    for cache in (first, second):
        (cache / FILE).write_bytes(b"no archive")
    (first / "lib-1.0-0.conda").mkdir()
    before = snapshot(tmp_path)
    forget()
    assert package_cache.archives(FILE) == (first / FILE, second / FILE)
    assert package_cache.archives("lib-1.0-0.conda") == ()
    assert snapshot(tmp_path) == before


def test_folder_of_an_extracted_archive(tmp_path: Path) -> None:
    for name in (FILE, "app-1.0-0.tar.bz2"):
        assert package_cache.extracted(tmp_path / name) == tmp_path / "app-1.0-0"
