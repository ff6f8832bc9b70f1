"""What a build asks servers for, to read indexes: at once, each once, and in shards where it can.

During a build, `asked_once` replaces `RepodataCache.stale`: the setting that comes near,
`local_repodata_ttl`, counts whole seconds from 2 on. This ends with a conda that can be told since
when an index has to be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from inspect import signature
from typing import Any

from conda.base.context import context
from conda.gateways.repodata import RepodataCache
from conda.models.channel import Channel

from .features import DOWNLOADS
from .indexes import mapped, repodata_fetch
from .overrides import settings
from .solver import reads_shards

#: The parameter that names a dependency for conda, which ignores those without a name.
ALONE = "spec_to_package_name_func"
#: Under these keys conda keeps when it asked for an index, how large the answer was, and whether
#: there are shards.
ASKED, SIZE, HAS_SHARDS = "refresh_ns", "size", "has_shards"
#: Seconds.
FOREVER = 10**9
#: The time since which an index need not be asked for, in nanoseconds, if there is one.
_since: int | None = None


def shards(names: Sequence[str], urls: Sequence[str]) -> Mapping[str, Any]:
    """Return the sharded indexes (CEP 16) of these subdirs, with the shards of these package names.

    Args:
        names: Package names; some versions of conda add the shards of their dependencies.
        urls: Subdirs with credentials.

    Returns:
        By URL, conda's `Shards`: none for channels without shards, before conda 26.5, where
        `repodata_use_shards` is off, or where a solver without shards has read `repodata.json`.
    """
    if not getattr(context, "repodata_use_shards", False):
        return {}
    try:
        from conda.gateways.shards import build_repodata_subset
    except ImportError:
        return {}
    if not reads_shards():  # the solver has asked for the other index, which is enough for both
        urls = [
            url for url in urls if not _asked(repodata_fetch(Channel(url)).repo_cache.load_state())
        ]
    known = signature(build_repodata_subset).parameters
    # without the version, digests of entries of version 3 stay bytes
    wanted = {ALONE: lambda _: None, "repodata_version": 3}
    options = {name: value for name, value in wanted.items() if name in known}
    return build_repodata_subset(names, {url: Channel(url) for url in urls}, **options) or {}


def shard_entries(shards: Any) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield section, file name and entry of each archive in shards.

    The sections are `packages`, `packages.conda`, and `v3.` with the extension, which keys of
    version 3 lack (CEP 48).
    """
    if hasattr(shards, "iter_records_v3"):
        for (key, section), record in shards.iter_records_v3():
            version, _, extension = section.partition(".")
            yield section, f"{key}.{extension}" if version == "v3" else key, record
        return
    for key, record in shards.iter_records():
        yield "packages.conda" if key.endswith(".conda") else "packages", key, record


def shard_info(shards: Any) -> Mapping[str, Any]:
    """Return the `info` of a sharded index, for which conda has no public name."""
    info: Mapping[str, Any] = getattr(shards, "repodata_no_packages", {}).get("info") or {}
    return info


def cached_versions(url: str, names: Iterable[str]) -> dict[str, set[str]] | None:
    """Return the versions of some packages in conda's cached index of a subdir; None without one.

    No server is asked, and the cache stays as it is.
    """
    cache = repodata_fetch(Channel(url)).repo_cache
    paths = [cache.cache_path_json, getattr(cache, "cache_path_shards", cache.cache_path_json)]
    times = {p.stat().st_mtime: p for p in paths if p.is_file() and p.stat().st_size}
    if not times:
        return None
    if times[max(times)] == paths[0]:
        pattern = (
            rf'"((?:{"|".join(map(re.escape, names))})(?:-[^-"]+){{2}}\.(?:conda|tar\.bz2))"\s*:'
        )
        files = [*map(bytes.decode, re.findall(pattern.encode(), mapped(paths[0])))]
    else:
        with settings(offline=True, local_repodata_ttl=FOREVER):
            files = [e[1] for s in shards([*names], [url]).values() for e in shard_entries(s)]
    versions: dict[str, set[str]] = {}
    for name, version, _ in (file.rsplit("-", 2) for file in files):
        versions.setdefault(name, set()).add(version)
    return versions


@contextmanager
def asked_once(since: float) -> Iterator[None]:
    """Let conda ask no server again, while the context lasts, for an index that it has asked for
    since then (`time.time()`), and for many shards at once, unless the user has set how many.
    """
    global _since
    before, stale = _since, RepodataCache.stale
    _since = int(since * 1e9)
    RepodataCache.stale = lambda cache: not _asked(cache.state) and stale(cache)
    try:
        with settings(_repodata_threads=context.repodata_threads or DOWNLOADS):
            yield
    finally:
        _since, RepodataCache.stale = before, stale


def _asked(state: Mapping[str, Any]) -> bool:
    # what was saved with another file has no size
    return bool(_since is not None and state.get(ASKED, 0) >= _since and state.get(SIZE))


def ask(url: str, *, sharded: bool) -> None:
    """Bring conda's cached index of a subdir of a server up to date; several threads may do that.

    Args:
        url: With credentials.
        sharded: Whether its sharded index is wanted, if it has one, and not its `repodata.json`.
    """
    fetch = repodata_fetch(Channel(url))
    before = dict(fetch.repo_cache.load_state())
    if _asked(before) or (sharded and (_has_shards(fetch.repo_cache) or shards((), (url,)))):
        return
    absent = _absent_shards(fetch.repo_cache)
    if before:  # after merely asking for shards, conda takes the index for new, without its tag
        _save(fetch.repo_cache, before, absent)
    fetch.fetch_latest_path()
    if absent:  # which conda forgets with a new index
        _save(fetch.repo_cache, fetch.repo_cache.load_state(), absent)


def _has_shards(cache: RepodataCache) -> bool:
    """Return whether this command has asked for a sharded index, which conda writes each time."""
    if _since is None or not hasattr(cache, "cache_path_shards"):  # before conda 26.5
        return False
    with suppress(FileNotFoundError):
        return bool(cache.cache_path_shards.stat().st_mtime_ns >= _since)
    return False


def _absent_shards(cache: RepodataCache) -> dict[str, Any]:
    """Return what conda keeps of the shards of a subdir, if it is that there are none."""
    with suppress(FileNotFoundError, ValueError), cache.lock("r+") as file:
        known: dict[str, Any] = json.loads(file.read())
        if not known.get(HAS_SHARDS, {"value": True})["value"]:
            return {HAS_SHARDS: known[HAS_SHARDS]}
    return {}


def _save(cache: RepodataCache, *states: Mapping[str, Any]) -> None:
    for state in states:
        cache.state.update(state)
    cache.refresh(cache.state.get(ASKED, 1))
