"""The indexes of channels, as conda reads and caches them.

While a solver runs, `read_by_solver` replaces conda's `RepodataFetch.fetch_latest_path`: no setting
changes it, and solvers make its object themselves. This ends with a conda whose own method does not
read the text, which is to be proposed.
"""

from __future__ import annotations

import codecs
import locale
import os
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from mmap import ACCESS_READ, mmap
from pathlib import Path
from threading import Lock
from typing import Any

from conda.base.constants import REPODATA_FN
from conda.gateways.repodata import (
    RepodataFetch,
    cache_fn_url,
    create_cache_dir,
    get_repo_interface,
)
from conda.models.channel import Channel

#: This system's encoding of text files, by Python's name.
ENCODING = codecs.lookup(locale.getpreferredencoding(False)).name

#: Windows' errors for a file that others have open: access denied, sharing and lock violation, file
#: exists (and is just going), user-mapped (https://learn.microsoft.com/windows/win32/debug/system-error-codes).
HELD = frozenset({5, 32, 33, 183, 1224})
#: Seconds between tries to replace a file that others have open, as a solver has while it solves.
PAUSES = (0.1, 0.4, 1, 2)
#: conda's own method, and how many solvers run without it.
FETCH_LATEST_PATH = RepodataFetch.fetch_latest_path
_solvers = 0
_replacing = Lock()


def refresh_index_cache(channel: Channel, subdirs: Iterable[str]) -> None:
    """Update conda's cached index of a local channel, also if conda is offline.

    The libmamba solver, if offline, reads only the cached index and never the channel.
    """
    for url in channel.urls(with_credentials=True, subdirs=tuple(subdirs)):
        repodata_fetch(Channel(url)).fetch_latest_path()


def ask_again(channels: Iterable[Channel]) -> None:
    """Bring conda's cached indexes of subdirs up to date, as their servers have them now.

    Raises:
        CondaError: A server does not have one, or cannot be reached.
    """
    from .overrides import settings  # most solves have no repository on a server

    fetches = [repodata_fetch(channel) for channel in channels]
    for cache in (fetch.repo_cache for fetch in fetches):
        if not cache.cache_path_json.exists():  # conda 26.9 would ask whether it has changed
            with suppress(OSError):
                cache.cache_path_state.unlink()
    fresh = settings(local_repodata_ttl=0, use_index_cache=False)
    with fresh, ThreadPoolExecutor(len(fetches)) as executor:
        for _ in executor.map(lambda fetch: fetch.fetch_latest_path(), fetches):
            pass


def forget(channels: Iterable[Channel]) -> None:
    """Let conda ask for whole indexes of subdirs the next time, whatever its cache has."""
    for channel in channels:
        with suppress(OSError):  # it may be open elsewhere
            Path(repodata_fetch(channel).cache_path_json).unlink()


def cached_index(channel: Channel) -> bytes:
    """Return the index of a subdir as it is in conda's cache, where it is a text.

    Raises:
        OSError: It cannot be read.
    """
    path = Path(repodata_fetch(channel).cache_path_json)
    return path.read_bytes().replace(os.linesep.encode(), b"\n")


class _OnDisk(RepodataFetch):
    """Leaves an index in the cache instead of reading its text, and waits on Windows where another
    process reads the file that it replaces.
    """

    def read_cache(self) -> tuple[str, Any]:
        return "", self.repo_cache.state

    def fetch_latest_path(self) -> Any:
        for pause in PAUSES:
            try:
                return FETCH_LATEST_PATH(self)
            except OSError as error:
                if getattr(error, "winerror", None) not in HELD:
                    raise
                time.sleep(pause)
        return FETCH_LATEST_PATH(self)


def _path_alone(fetch: RepodataFetch) -> Any:
    base, name, interface = fetch.cache_path_base, fetch.repodata_fn, fetch.repo_interface_cls
    return _OnDisk(base, fetch.channel, name, repo_interface_cls=interface).fetch_latest_path()


@contextmanager
def read_by_solver() -> Iterator[None]:
    """Let solvers alone read indexes whose paths they ask conda for, while the context lasts.

    conda's own `RepodataFetch.fetch_latest_path` also reads the text of a cached index, which takes
    as long as a solve for hundreds of megabytes. It is back when the last thread leaves, also after
    an error.
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
    """Return the current index of a channel's subdir, as the JSON in conda's cache.

    Raises:
        FileNotFoundError: conda is offline and has no index of the channel in its cache.
        ValueError: The index is empty.
    """
    path, _ = repodata_fetch(channel).fetch_latest_path()
    content = mapped(path)
    # conda uses this system's encoding
    if ENCODING == "utf-8" or bytes(content).isascii():
        return content
    return path.read_text().encode()


def mapped(path: Path) -> bytes | mmap:
    """Return the content of a file of the cache, mapped where the file system can.

    The content stays the same, because conda replaces such a file and never writes into it.

    Raises:
        ValueError: The file is empty.
    """
    with path.open("rb") as file:
        if os.name != "nt":  # where nobody could replace a file that is mapped
            with suppress(OSError, ValueError):  # not on every file system
                return mmap(file.fileno(), 0, access=ACCESS_READ)
        content = file.read()
    if not content:
        raise ValueError("it is empty")
    return content


def repodata_fetch(channel: Channel) -> RepodataFetch:
    """Return what fetches and caches the index of a channel's subdir.

    conda's `SubdirData` has the same but caches itself, after which the libmamba solver fails for a
    folder whose URL has an escape and a letter that is not ASCII.
    """
    name = cache_fn_url(channel.url(with_credentials=True), REPODATA_FN)
    return _OnDisk(
        Path(create_cache_dir(), name).with_suffix(""),
        channel,
        REPODATA_FN,
        repo_interface_cls=get_repo_interface(),
    )
