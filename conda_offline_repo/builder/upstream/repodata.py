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
from ...repository.manifest import SECTIONS
from ...repository.names import archive_problem
from ...urls import NETWORK, public, same_server
from .index_problem import check_empty, index_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence
    from mmap import mmap
    from typing import Any, TypeVar

    from ..request.channels import ChannelSource

    Content = TypeVar("Content")


#: Members beside the sections of an index that are read.
OTHERS = ("info", "packages.whl", "v3")
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
        elsewhere: Names of packages that it has, also or only, in sections that older clients do
            not read: wheels, and what needs version 3 of the format.
        has_relations: Whether it builds on other channels (`info.channel_relations`, CEP 42).
    """

    base_url: str
    names: frozenset[str]
    entries: Mapping[str, Mapping[str, Any]]
    elsewhere: frozenset[str]
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
        return str(file).rsplit("-", 2)[0] in self.names


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
        files: The archives of these that suffice; None for all.
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
        else _from_repodata(url, files, all_names=all_names)
        for subdir, url in urls.items()
    }


def _from_shards(shards: Any, url: str, files: Container[str]) -> Index:
    entries, elsewhere = {}, set()
    for section, file, record in indexes.shard_entries(shards):
        if section not in SECTIONS:
            elsewhere.add(record["name"])
        elif file in files:
            entries[file] = record
    return Index(
        base_url=_base_url(url, shards.base_url),
        names=frozenset(shards.package_names),
        entries=entries,
        elsewhere=frozenset(elsewhere),
        has_relations=bool(indexes.shard_info(shards).get("channel_relations")),
    )


def check(source: ChannelSource, subdirs: Sequence[str]) -> None:
    """Read the `repodata.json` of each subdir in search of what is wrong with one.

    Raises:
        NoIndexError: Something is.
    """
    for url in source.channel.urls(with_credentials=True, subdirs=subdirs):
        _from_repodata(url, frozenset(), all_names=True)


def undecoded(url: str) -> dict[str, dict[str, msgspec.Raw]]:
    """Return the entries of a subdir's `repodata.json`, by section and file name, undecoded.

    Raises:
        NoIndexError: It is malformed, or something else is in its place.
        CondaError: It does not exist, or cannot be read.
    """
    type = _object(dict.fromkeys(SECTIONS, dict[str, msgspec.Raw] | None))
    tables = _read(url, lambda content: msgspec.json.decode(content, type=type))
    return dict(zip(SECTIONS, (t or {} for t in msgspec.structs.astuple(tables)), strict=True))


def _from_repodata(url: str, files: Container[str], *, all_names: bool) -> Index:
    return _read(url, lambda content: _decoded(url, content, files, all_names=all_names))


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


def _decoded(url: str, content: bytes | mmap, files: Container[str], *, all_names: bool) -> Index:
    entries, rest = parse(content, files)
    sections = (rest["packages.whl"], *rest["v3"].values())
    return Index(
        base_url=_base_url(url, rest["info"].get("base_url")),
        names=_all_names(content) if all_names else frozenset(),
        entries=entries,
        elsewhere=frozenset(record["name"] for group in sections for record in group.values()),
        has_relations=bool(rest["info"].get("channel_relations")),
    )


def parse(
    content: bytes | mmap, files: Container[str]
) -> tuple[dict[str, Mapping[str, Any]], dict[str, Any]]:
    """Return the entries of some archives in a `repodata.json`, by file name, and the members
    beside its sections, by the names in `OTHERS`; empty objects for members that it lacks.

    Raises:
        ValueError: It is not an index, or a part that is read is not JSON.
    """
    few: tuple[str, ...] = ()
    table: Any = dict[str, msgspec.Raw]
    if isinstance(files, Set) and len(files) <= FEW and not any(map(archive_problem, files)):
        few = tuple(files)
        table = _object(dict.fromkeys(few, msgspec.Raw))
    types = {**dict.fromkeys(OTHERS, msgspec.Raw), **dict.fromkeys(SECTIONS, table | None)}
    decoded = msgspec.json.decode(content, type=_object(types))
    members = dict(zip(types, msgspec.structs.astuple(decoded), strict=True))
    entries: dict[str, Mapping[str, Any]] = {}
    for name in SECTIONS:
        section = members[name] or {}
        if not isinstance(section, dict):
            section = dict(zip(few, msgspec.structs.astuple(section), strict=True))
        entries |= {
            file: json.loads(bytes(entry))
            for file, entry in section.items()
            if file in files and entry not in (None, NULL)
        }
    return entries, {name: json.loads(bytes(members[name] or NULL)) or {} for name in OTHERS}


def _all_names(content: bytes | mmap) -> frozenset[str]:
    sections = _object(dict.fromkeys(SECTIONS, dict[str, _Named] | None))
    tables = msgspec.structs.astuple(msgspec.json.decode(content, type=sections))
    return frozenset(entry.name for table in tables if table for entry in table.values())


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
