"""The index of a channel's subdir, as the channel serves it: `repodata.json`, or shards of it."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urljoin, urlsplit

import msgspec
from conda.models.channel import Channel

from ..._conda import index_requests, indexes
from ..._conda.exceptions import RefusedAddressError
from ...repository.manifest import SECTIONS, VERSION_3
from ...urls import NETWORK, public, same_server
from . import decode
from .decode import name_of
from .index_problem import check_empty, index_problem

if TYPE_CHECKING:
    from mmap import mmap

    from ..request.channels import ChannelSource

    Content = TypeVar("Content")


@dataclass(frozen=True)
class Index:
    """The index of a subdir, or a part of it.

    Attributes:
        base_url: Where its archives lie, with the channel's credentials.
        names: Of all packages, if they were read.
        entries: The channel's own, by file name.
        newer: Those of its packages in the sections of version 3 (CEP 48), which older clients do
            not read, by file name: the key and its section's extension.
        has_relations: Whether it builds on other channels (`info.channel_relations`, CEP 42).
    """

    base_url: str
    names: frozenset[str]
    entries: Mapping[str, Mapping[str, Any]]
    newer: Mapping[str, Mapping[str, Any]]
    has_relations: bool

    def known(self, index_version: int) -> dict[str, Mapping[str, Any]]:
        """Return the entries that a version of the index format has; no wheels."""
        if index_version < VERSION_3:
            return {**self.entries}
        newer = {file: e for file, e in self.newer.items() if not file.endswith(".whl")}
        return {**newer, **self.entries}

    @property
    def public_url(self) -> str:
        """Where its archives lie, without secrets."""
        return public(self.base_url)

    def urls(self, file: str) -> tuple[str, str]:
        """Return where an archive lies, without secrets, and with the channel's credentials."""
        return f"{self.public_url}/{file}", f"{self.base_url}/{file}"


@dataclass(frozen=True)
class _FilesOf:
    names: frozenset[str]

    def __contains__(self, file: object) -> bool:
        return name_of(str(file)) in self.names


def load(
    source: ChannelSource,
    subdirs: Sequence[str],
    names: Sequence[str] = (),
    files: Container[str] | None = None,
    *,
    all_names: bool = False,
) -> dict[str, Index]:
    """Read the index of each subdir.

    Args:
        source: The channel.
        subdirs: Those to read.
        names: Packages whose entries are read.
        files: The archives of these that suffice, besides those of version 3; None for all.
        all_names: Whether to read the names of all packages as well.

    Raises:
        RefusedAddressError: An index names an address that this channel must not name.
        NoIndexError: An index is malformed, or something else is in its place.
        CondaError: It does not exist, or cannot be read.
    """
    if not subdirs:
        return {}
    if files is None:
        files = _FilesOf(frozenset(names)) if names else frozenset()
    addresses = source.channel.urls(with_credentials=True, subdirs=subdirs)
    urls = dict(zip(subdirs, addresses, strict=True))
    shards = index_requests.shards(names, list(urls.values()))
    return {
        subdir: _from_shards(shards[url], url, files)
        if url in shards
        else _from_repodata(url, files, frozenset(names), all_names=all_names)
        for subdir, url in urls.items()
    }


def _from_shards(shards: Any, url: str, files: Container[str]) -> Index:
    entries, newer = {}, {}
    for section, file, record in index_requests.shard_entries(shards):
        if section not in SECTIONS:
            newer[file] = record
        elif file in files:
            entries[file] = record
    return Index(
        base_url=_base_url(url, shards.base_url),
        names=frozenset(shards.package_names),
        entries=entries,
        newer=newer,
        has_relations=bool(index_requests.shard_info(shards).get("channel_relations")),
    )


def check(source: ChannelSource, subdirs: Sequence[str]) -> None:
    """Read the `repodata.json` of each subdir in search of what is wrong with one.

    Raises:
        NoIndexError: Something is.
    """
    for url in source.channel.urls(with_credentials=True, subdirs=subdirs):
        _from_repodata(url, frozenset(), frozenset(), all_names=True)


def undecoded(url: str) -> dict[str, dict[str, msgspec.Raw]]:
    """Return the undecoded entries of a subdir's `repodata.json`; see `decode.sections`.

    Raises:
        NoIndexError: It is malformed, or something else is in its place.
        CondaError: It does not exist, or cannot be read.
    """
    return _read(url, partial(decode.sections, entry=msgspec.Raw))


def _from_repodata(
    url: str, files: Container[str], names: frozenset[str], *, all_names: bool
) -> Index:
    def decoded(content: bytes | mmap) -> Index:
        entries, newer, info = decode.parse(content, files, names)
        return Index(
            base_url=_base_url(url, info.get("base_url")),
            names=decode.all_names(content) if all_names else frozenset(),
            entries=entries,
            newer=newer,
            has_relations=bool(info.get("channel_relations")),
        )

    return _read(url, decoded)


def _read(url: str, decoder: Callable[[bytes | mmap], Content]) -> Content:
    content: bytes | mmap = b""
    try:
        content = indexes.index_content(Channel(url))
        decoded = decoder(content)
    except Exception as error:  # conda, msgspec and zstd have no base for what they raise
        if problem := index_problem(url, content, error):
            raise problem from None
        raise
    check_empty(url, content)
    return decoded


def _base_url(url: str, stated: Any) -> str:
    """Return where the archives of a subdir lie (CEP 15), without a slash at its end; with the
    channel's credentials on its own host. Refuses what this channel must not name.
    """
    if not stated:
        return url
    own = urlsplit(url).scheme
    try:
        absolute = urljoin(f"{url}/", stated).rstrip("/")
        plain = public(absolute)
        parts = urlsplit(plain)
        same = same_server(url, absolute)
    except (TypeError, ValueError):
        raise RefusedAddressError(public(url), str(stated), "it is not an address") from None
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
