"""The indexes of channels, as conda reads and keeps them.

One method of conda's is replaced while a solver runs, `RepodataFetch.fetch_latest_path`, see
`read_by_solver`: there is no setting for it, and solvers make the object that has the method
themselves. It ends with a conda whose own method leaves the text alone, which is to be proposed.
"""

from __future__ import annotations

import codecs
import locale
from contextlib import contextmanager
from inspect import signature
from mmap import ACCESS_READ, mmap
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from conda.base.constants import REPODATA_FN
from conda.base.context import context
from conda.gateways.repodata import (
    RepodataFetch,
    cache_fn_url,
    create_cache_dir,
    get_repo_interface,
)
from conda.models.channel import Channel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

#: What this system writes text files in, by Python's name.
ENCODING = codecs.lookup(locale.getpreferredencoding(False)).name

#: conda's own method, and how many solvers have another in its place now.
FETCH_LATEST_PATH = RepodataFetch.fetch_latest_path
_solvers = 0
_replacing = Lock()
#: What tells conda the name of a dependency; it looks for no dependency that has none.
ALONE = "spec_to_package_name_func"


def shards(names: Sequence[str], urls: Sequence[str]) -> Mapping[str, Any]:
    """Return the sharded indexes (CEP 16) of these subdirs, with the shards of these package names.

    Args:
        names: Package names; the shards of what they depend on come with them if conda cannot be
            told to leave them.
        urls: Subdirs with credentials.

    Returns:
        By URL, conda's `Shards`: none for channels without shards, before conda 26.5, or where
        `repodata_use_shards` is off.
    """
    if not getattr(context, "repodata_use_shards", False):
        return {}
    try:
        from conda.gateways.shards import build_repodata_subset
    except ImportError:
        return {}
    options = (
        {ALONE: lambda _: None} if ALONE in signature(build_repodata_subset).parameters else {}
    )
    return build_repodata_subset(names, {url: Channel(url) for url in urls}, **options) or {}


def shard_entries(shards: Any) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield section, key and entry of each archive in shards; the key is mostly its file name."""
    if hasattr(shards, "iter_records_v3"):
        for (key, section), record in shards.iter_records_v3():
            yield section, key, record
        return
    for key, record in shards.iter_records():
        yield "packages.conda" if key.endswith(".conda") else "packages", key, record


def shard_info(shards: Any) -> Mapping[str, Any]:
    """Return the `info` of a sharded index, for which conda has no public name."""
    info: Mapping[str, Any] = getattr(shards, "repodata_no_packages", {}).get("info") or {}
    return info


def refresh_index_cache(channel: Channel, subdirs: Iterable[str]) -> None:
    """Bring conda's cached index of a local channel up to date, also when conda is offline.

    The libmamba solver, when offline, reads the cached index only and never the channel itself.
    """
    for url in channel.urls(with_credentials=True, subdirs=tuple(subdirs)):
        repodata_fetch(Channel(url)).fetch_latest_path()


class _OnDisk(RepodataFetch):
    """Leaves an index that is in the cache there, where conda would make a text of it."""

    def read_cache(self) -> tuple[str, Any]:
        return "", self.repo_cache.state


def _path_alone(fetch: RepodataFetch) -> Any:
    base, name, interface = fetch.cache_path_base, fetch.repodata_fn, fetch.repo_interface_cls
    return FETCH_LATEST_PATH(_OnDisk(base, fetch.channel, name, repo_interface_cls=interface))


@contextmanager
def read_by_solver() -> Iterator[None]:
    """Leave the reading of indexes to solvers that ask conda only where they lie, for a while.

    conda's own `RepodataFetch.fetch_latest_path` makes a text of an index in the cache and throws
    it away, which takes as long as a solve where an index has hundreds of megabytes. It is back
    when the last thread that asked for this is done, also after an error.
    """
    global _solvers
    with _replacing:
        _solvers += 1
        RepodataFetch.fetch_latest_path = _path_alone
    try:
        yield
    finally:
        with _replacing:
            _solvers -= 1
            if not _solvers:
                RepodataFetch.fetch_latest_path = FETCH_LATEST_PATH


def index_content(channel: Channel) -> bytes | mmap:
    """Return the index of a channel's subdir, up to date, as the JSON that conda has in its cache.

    Raises:
        ValueError: It is empty.
    """
    path, _ = repodata_fetch(channel).fetch_latest_path()
    try:
        content = mapped(path)
        # conda writes and reads it in this system's encoding
        if ENCODING == "utf-8" or bytes(content).isascii():
            return content
        return path.read_text().encode()
    except FileNotFoundError:  # offline, and never read before
        return b"{}"


def mapped(path: Path) -> bytes | mmap:
    """Return a file of the cache without a copy of it in memory, where the system can.

    What has it stays as it is: conda puts a new file in the place, and never writes into it.

    Raises:
        ValueError: It is empty.
    """
    with path.open("rb") as file:
        try:
            return mmap(file.fileno(), 0, access=ACCESS_READ)
        except OSError:  # not on every file system
            return file.read()


def repodata_fetch(channel: Channel) -> RepodataFetch:
    """Return what fetches and caches the index of a channel's subdir.

    conda's `SubdirData` has the same. But it remembers itself, and what asks for it again, as the
    libmamba solver does, fails for a folder whose URL has an escape and a letter that is not ASCII.
    """
    name = cache_fn_url(channel.url(with_credentials=True), REPODATA_FN)
    return _OnDisk(
        Path(create_cache_dir(), name).with_suffix(""),
        channel,
        REPODATA_FN,
        repo_interface_cls=get_repo_interface(),
    )
