"""The index of a channel's subdir, as the channel serves it: `repodata.json`, or shards of it.

Of a `repodata.json`, which may have hundreds of megabytes, only what is asked for is decoded.
"""

from __future__ import annotations

import json
from collections.abc import Set
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import msgspec
from conda.models.channel import Channel

from ..._conda import indexes
from ..._conda.exceptions import RefusedAddressError
from ...repository.manifest import KINDS, SECTIONS
from ...repository.names import archive_problem
from ...urls import NETWORK, public, same_server
from .index_problem import check_empty, index_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence
    from mmap import mmap
    from typing import Any, TypeVar

    from ..request.channels import ChannelSource

    Content = TypeVar("Content")


#: Up to so many archives are looked for one by one, which is faster than a table of all.
FEW = 400
#: A `msgspec.Raw` holds undecoded bytes.
NULL = msgspec.Raw(b"null")


class _Named(msgspec.Struct, gc=False):
    name: str


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
        return _name_of(str(file)) in self.names


def _name_of(file: str) -> str:
    return file.rsplit("-", 2)[0]


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
    shards = indexes.shards(names, list(urls.values()))
    return {
        subdir: _from_shards(shards[url], url, files)
        if url in shards
        else _from_repodata(url, files, frozenset(names), all_names=all_names)
        for subdir, url in urls.items()
    }


def _from_shards(shards: Any, url: str, files: Container[str]) -> Index:
    entries, newer = {}, {}
    for section, key, record in indexes.shard_entries(shards):
        if section not in SECTIONS:
            newer[f"{key}.{section.partition('.')[2]}"] = record
        elif key in files:
            entries[key] = record
    return Index(
        base_url=_base_url(url, shards.base_url),
        names=frozenset(shards.package_names),
        entries=entries,
        newer=newer,
        has_relations=bool(indexes.shard_info(shards).get("channel_relations")),
    )


def check(source: ChannelSource, subdirs: Sequence[str]) -> None:
    """Read the `repodata.json` of each subdir in search of what is wrong with one.

    Raises:
        NoIndexError: Something is.
    """
    for url in source.channel.urls(with_credentials=True, subdirs=subdirs):
        _from_repodata(url, frozenset(), frozenset(), all_names=True)


def undecoded(url: str) -> dict[str, dict[str, msgspec.Raw]]:
    """Return the entries of a subdir's `repodata.json`, by section and file name, undecoded.

    Raises:
        NoIndexError: It is malformed, or something else is in its place.
        CondaError: It does not exist, or cannot be read.
    """
    type = _object(dict.fromkeys(SECTIONS, dict[str, msgspec.Raw] | None))
    tables = _read(url, lambda content: msgspec.json.decode(content, type=type))
    return dict(zip(SECTIONS, (t or {} for t in _values(tables)), strict=True))


def _from_repodata(
    url: str, files: Container[str], names: frozenset[str], *, all_names: bool
) -> Index:
    def decoded(content: bytes | mmap) -> Index:
        entries, newer, info = parse(content, files, names)
        return Index(
            base_url=_base_url(url, info.get("base_url")),
            names=_all_names(content) if all_names else frozenset(),
            entries=entries,
            newer=newer,
            has_relations=bool(info.get("channel_relations")),
        )

    return _read(url, decoded)


def _read(url: str, decode: Callable[[bytes | mmap], Content]) -> Content:
    content: bytes | mmap = b""
    try:
        content = indexes.index_content(Channel(url))
        decoded = decode(content)
    except Exception as error:  # conda, msgspec and zstd have no base for what they raise
        if problem := index_problem(url, content, error):
            raise problem from None
        raise
    check_empty(url, content)
    return decoded


def parse(
    content: bytes | mmap, files: Container[str], names: Container[str]
) -> tuple[dict[str, Mapping[str, Any]], dict[str, Mapping[str, Any]], Mapping[str, Any]]:
    """Return the entries of some archives in a `repodata.json`, and those of some packages in its
    sections of version 3, both by file name, and its `info`.

    Raises:
        ValueError: It is not an index, or a part that is read is not JSON.
    """
    few: tuple[str, ...] = ()
    table: Any = dict[str, msgspec.Raw]
    if isinstance(files, Set) and len(files) <= FEW and not any(map(archive_problem, files)):
        few = tuple(files)
        table = _object(dict.fromkeys(few, msgspec.Raw))
    newer = _object(dict.fromkeys(KINDS, dict[str, msgspec.Raw] | None))
    types = {"info": msgspec.Raw, "v3": newer | None, **dict.fromkeys(SECTIONS, table | None)}
    decoded = msgspec.json.decode(content, type=_object(types))
    members = dict(zip(types, _values(decoded), strict=True))
    entries: dict[str, Mapping[str, Any]] = {}
    for name in SECTIONS:
        section = members[name] or {}
        if not isinstance(section, dict):
            section = dict(zip(few, _values(section), strict=True))
        entries |= {
            file: json.loads(bytes(entry))
            for file, entry in section.items()
            if file in files and entry not in (None, NULL)
        }
    of_version_3 = {
        f"{key}.{kind}": json.loads(bytes(entry))
        for kind, table in zip(KINDS, _values(members["v3"]), strict=False)
        for key, entry in (table or {}).items()
        if _name_of(key) in names
    }
    return entries, of_version_3, json.loads(bytes(members["info"] or NULL)) or {}


def _all_names(content: bytes | mmap) -> frozenset[str]:
    table: Any = dict[str, _Named] | None
    newer = _object(dict.fromkeys(KINDS, table))
    index = _object({**dict.fromkeys(SECTIONS, table), "v3": newer | None})
    *tables, of_version_3 = _values(msgspec.json.decode(content, type=index))
    tables += _values(of_version_3)
    return frozenset(entry.name for table in tables if table for entry in table.values())


def _values(decoded: Any) -> tuple[Any, ...]:
    return msgspec.structs.astuple(decoded) if decoded else ()


def _object(types: Mapping[str, Any]) -> type[msgspec.Struct]:
    """Return the type of JSON objects of which these members are read; None where one is absent."""
    fields = [
        (f"member{number}", type, msgspec.field(name=name, default=None))
        for number, (name, type) in enumerate(types.items())
    ]
    return msgspec.defstruct("Object", fields)


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
