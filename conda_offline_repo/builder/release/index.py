"""The index files of a repository, made by conda-index from the channels' own entries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from conda_index.index import ChannelIndex
from conda_index.index.sqlitecache import CondaIndexCache

from ...repository.index import pieces, with_newer
from ...repository.manifest import INDEX_NAME, SECTIONS, VERSION_3
from .draft import Draft

if TYPE_CHECKING:
    from ..upstream.entry import Entry


def make_index(entries: Iterable[Entry], platforms: Iterable[str]) -> dict[str, Draft]:
    """Index the entries as a channel, without opening an archive.

    Args:
        entries: The archives of the channel; their records are kept key for key.
        platforms: The subdirs to index besides noarch, with or without entries.

    Returns:
        The index files by path, `subdir/repodata.json`.
    """
    by_subdir: dict[str, dict[str, Entry]] = defaultdict(dict)
    for entry in entries:
        by_subdir[entry.subdir][entry.file] = entry
    subdirs = sorted({"noarch", *platforms, *by_subdir})
    with TemporaryDirectory() as scratch:
        maker = ChannelIndex(
            scratch,
            "offline-repo",
            threads=1,
            save_fs_state=False,
            write_current_repodata=False,
            cache_class=_MemoryCache,
            cache_kwargs={"include_stages": ["md"]},
        )
        return {
            f"{subdir}/{INDEX_NAME}": _index_subdir(maker, subdir, by_subdir[subdir])
            for subdir in subdirs
        }


class _MemoryCache(CondaIndexCache):
    """conda-index's database in memory: on disk it would wait for the disk at each package."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name = quote(f"{self.cache_dir}/cache.db")
        # conda-index opens it as a URI, once for writing and once for reading
        self.db_filename = f"file:{name}?mode=memory&cache=shared"


def _index_subdir(maker: ChannelIndex, subdir: str, entries: Mapping[str, Entry]) -> Draft:
    newer, records = (
        {
            file: e.record
            for file, e in entries.items()
            if (e.index_version == VERSION_3) is is_newer
        }
        for is_newer in (True, False)
    )
    # what conda-index wants to see of an entry; the records themselves take its place below
    needed = {"md5": None, "sha256": None, "size": 0}
    with maker.cache_for_subdir(subdir) as cache:
        cache.store_md_state(
            [
                {
                    "path": cache.database_path(file),
                    "mtime": 0,
                    "size": record.get("size", 0),
                    "repodata": {**needed, "name": record["name"]},
                }
                for file, record in records.items()
            ]
        )
        repodata = maker.index_subdir(subdir)  # the database lives as long as it is open
    for section in SECTIONS:
        repodata[section] = {file: records[file] for file in repodata[section]}
    return Draft(pieces(with_newer(repodata, newer) if newer else repodata))
