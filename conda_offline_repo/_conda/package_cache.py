"""conda's package caches, for the vendor and the customer.

conda's `PackageCacheData` says which there are. What is in one is looked for by path: its own
look-up (`query`, `get`, `iter_records`) first reads the whole cache, extracts every archive that is
not extracted yet, and deletes what it cannot read.
"""

from __future__ import annotations

from pathlib import Path

from conda.core.package_cache_data import PackageCacheData


def folders() -> tuple[Path, ...]:
    """Return the folders of the package caches in use, those that can be written first."""
    # `all_caches_writable_first` leaves out a cache without `urls.txt`, which conda yet links from
    caches = (*PackageCacheData.writable_caches(), *PackageCacheData.read_only_caches())
    return tuple(Path(cache.pkgs_dir) for cache in caches)


def archives(file: str) -> tuple[Path, ...]:
    """Return the archives of this file name, one at most of each cache."""
    return tuple(path for folder in folders() if (path := folder / file).is_file())


def extracted(archive: Path) -> Path:
    """Return the folder that conda extracts a cached archive to."""
    return archive.with_name(archive.name.removesuffix(".conda").removesuffix(".tar.bz2"))
