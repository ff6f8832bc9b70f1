"""conda's package caches.

Archives are looked up by path, because the look-up of conda's `PackageCacheData` (`query`, `get`,
`iter_records`) first reads the whole cache, extracts every archive and deletes what it cannot read.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from conda.core.package_cache_data import PackageCacheData


def folders() -> tuple[Path, ...]:
    """Return the folders of the package caches in use, the writable ones first."""
    # `all_caches_writable_first` leaves out a cache without `urls.txt`, from which conda links, too
    caches = (*PackageCacheData.writable_caches(), *PackageCacheData.read_only_caches())
    return tuple(Path(cache.pkgs_dir) for cache in caches)


def archives(file: str, caches: Iterable[Path] | None = None) -> tuple[Path, ...]:
    """Return the paths of this file name in the caches, by default those in use."""
    caches = folders() if caches is None else caches
    return tuple(path for folder in caches if (path := folder / file).is_file())


def extracted(archive: Path) -> Path:
    """Return the folder to which conda extracts a cached archive."""
    return archive.with_name(archive.name.removesuffix(".conda").removesuffix(".tar.bz2"))
