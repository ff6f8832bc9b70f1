"""The index of a channel's subdir, as the channel serves it: `repodata.json`, or shards of it.

Of a `repodata.json`, which may have hundreds of megabytes, nothing is kept but what is asked for.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from conda.models.channel import Channel

from ... import _compat
from ...repository.manifest import SECTIONS
from ...urls import NETWORK, public, same_server
from ..exceptions import RefusedAddressError

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence
    from typing import Any

    from ..channels import Source

OPENING = re.compile(r"\s*\{\s*(\})?")
KEY = re.compile(r'("(?:[^"\\]|\\.)*")\s*:\s*')
BETWEEN = re.compile(r"\s*([,}])\s*")


@dataclass(frozen=True)
class Index:
    """The index of one subdir of a channel, or the part of it that was asked for.

    Attributes:
        base_url: Where its archives lie, with the channel's credentials.
        public_url: The same without secrets.
        names: Of all packages.
        entries: The channel's own, by file name.
        elsewhere: Names of packages that it has, also or only, in sections that older clients do
            not read: wheels, and what needs version 3 of the format.
        has_relations: Whether it builds on other channels (`info.channel_relations`, CEP 42).
    """

    base_url: str
    public_url: str
    names: frozenset[str]
    entries: Mapping[str, Mapping[str, Any]]
    elsewhere: frozenset[str]
    has_relations: bool


def load(
    source: Source, subdirs: Sequence[str], names: Sequence[str], files: Container[str]
) -> dict[str, Index]:
    """Read the index of each subdir.

    Args:
        source: The channel.
        subdirs: Which.
        names: Packages whose shards are read, where the channel has shards.
        files: Archives whose entries are wanted.

    Raises:
        ValueError: An index is not what an index is; other errors of conda's if there is none.
    """
    if not subdirs:
        return {}
    addresses = source.channel.urls(with_credentials=True, subdirs=subdirs)
    urls = dict(zip(subdirs, addresses, strict=True))
    shards = _compat.shards(names, list(urls.values()))
    return {
        subdir: _from_shards(shards[url], url, files)
        if url in shards
        else _from_repodata(url, files)
        for subdir, url in urls.items()
    }


def _from_shards(shards: Any, url: str, files: Container[str]) -> Index:
    base_url = _base_url(url, shards.base_url)
    entries, elsewhere = {}, set()
    for section, file, record in _compat.shard_entries(shards):
        if section not in SECTIONS:
            elsewhere.add(record["name"])
        elif file in files:
            entries[file] = record
    return Index(
        base_url=base_url,
        public_url=public(base_url),
        names=frozenset(shards.package_names),
        entries=entries,
        elsewhere=frozenset(elsewhere),
        has_relations=bool(_compat.shard_info(shards).get("channel_relations")),
    )


def _from_repodata(url: str, files: Container[str]) -> Index:
    names: set[str] = set()
    entries: dict[str, Mapping[str, Any]] = {}

    def take(file: str, record: Mapping[str, Any]) -> None:
        names.add(record["name"])
        if file in files:
            entries[file] = record

    repodata, _ = _compat.repodata_fetch(Channel(url)).fetch_latest()
    if isinstance(repodata, str):
        repodata = walk(repodata, take)
    else:  # conda has parsed what it has just downloaded
        for section in SECTIONS:
            for file, record in (repodata.get(section) or {}).items():
                take(file, record)
    info = repodata.get("info") or {}
    base_url = _base_url(url, info.get("base_url"))
    newer = repodata.get("v3") or {}
    others = (repodata.get("packages.whl") or {}, *newer.values())
    return Index(
        base_url,
        public(base_url),
        frozenset(names),
        entries,
        elsewhere=frozenset(record["name"] for group in others for record in group.values()),
        has_relations=bool(info.get("channel_relations")),
    )


def walk(text: str, take: Callable[[str, Mapping[str, Any]], None]) -> dict[str, Any]:
    """Go through a `repodata.json`, one entry after the other.

    Args:
        text: Its content.
        take: Given the file name and the entry of each archive.

    Returns:
        The rest of the index.

    Raises:
        ValueError: It is not the JSON of an index.
    """
    decoder = json.JSONDecoder()
    rest = {}

    def entry(file: str, at: int) -> int:
        value, end = decoder.raw_decode(text, at)
        take(file, value)
        return end

    def member(name: str, at: int) -> int:
        if name in SECTIONS and OPENING.match(text, at):
            return _each(text, at, entry)
        rest[name], end = decoder.raw_decode(text, at)
        return end

    if text[_each(text, 0, member) :].strip():
        raise ValueError("there is something behind the JSON of the index")
    return rest


def _each(text: str, at: int, value: Callable[[str, int], int]) -> int:
    """Go through the members of the JSON object that begins at a place of a text.

    Args:
        text: What it is in.
        at: Its place.
        value: Given each key and the place of its value; returns the end of that.

    Returns:
        The end of the object.
    """
    found = OPENING.match(text, at)
    if found and found[1]:
        return found.end()
    while found:
        key = KEY.match(text, found.end())
        if not key:
            break
        found = BETWEEN.match(text, value(json.loads(key[1]), key.end()))
        if found and found[1] == "}":
            return found.end()
    raise ValueError("the index is not a JSON object")


def _base_url(url: str, stated: Any) -> str:
    """Return where the archives of a subdir lie (CEP 15), with the channel's credentials on its own
    host.

    There is no slash at its end.

    Args:
        url: The subdir, with credentials.
        stated: `info.base_url` of its index: absolute, relative to the subdir, or nothing.

    Raises:
        RefusedAddressError: It is none, or one that this channel must not name.
    """
    if not stated:
        return url
    own = urlsplit(url).scheme
    try:
        if not isinstance(stated, str):
            raise TypeError
        absolute = urljoin(f"{url}/", stated).rstrip("/")
        plain = public(absolute)
        parts = urlsplit(plain)
        same = same_server(url, absolute)
    except (TypeError, ValueError):
        raise RefusedAddressError(public(url), str(stated), "it is no address") from None
    if parts.scheme not in {*NETWORK, own}:
        raise RefusedAddressError(
            public(url), plain, f"packages of {own}: channels lie there too, or on http: or https:"
        )
    if parts.scheme in NETWORK and not parts.hostname:
        raise RefusedAddressError(public(url), plain, "it names no server")
    if not same:
        return plain
    if absolute != plain:
        return absolute
    channel = Channel(url)
    login = f"{channel.auth}@" if channel.auth else ""
    token = f"/t/{channel.token}" if channel.token else ""
    return f"{parts.scheme}://{login}{parts.netloc}{token}{parts.path}"
