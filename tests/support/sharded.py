"""Tiny channels in shards (CEP 16), as conda-index writes them, and what they then serve."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from typing import TYPE_CHECKING

import msgpack  # type: ignore[import-untyped]
import zstandard
from conda import __version__
from conda.base.context import context
from conda.models.version import VersionOrder
from conda_index.index import ChannelIndex

from conda_offline_repo._conda.classic_solver import CLASSIC
from tests.support.mirror import SOLVERS

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tests.support.tiny import TinyChannel

#: Whether this conda reads shards, which it does for every channel that has them.
SHARDS = importlib.util.find_spec("conda.gateways.shards") is not None
#: Whether this conda installs from version 3 of the index format.
READS_VERSION_3 = "rattler" in SOLVERS and VersionOrder(__version__) >= VersionOrder("26.7")
INDEX = "repodata_shards.msgpack.zst"


def solved_from() -> bool:
    """Whether the configured solver reads shards; the classic one reads the whole index."""
    return SHARDS and context.solver not in CLASSIC


def shard(channel: TinyChannel, *, base_url: str | None = None) -> None:
    """Index a channel in shards, too; what it has as `repodata.json` stays as it is.

    Args:
        channel: written.
        base_url: where its subdirs lie, if elsewhere (CEP 15).
    """
    subdirs = sorted(path.name for path in channel.folder.iterdir() if path.is_dir())
    maker = ChannelIndex(
        channel.folder,
        None,
        subdirs=subdirs,
        threads=1,
        base_url=base_url,
        save_fs_state=False,
        write_current_repodata=False,
        write_monolithic=False,
        write_shards=True,
        cache_kwargs={"include_stages": ["md"]},
    )
    for subdir in subdirs:
        with maker.cache_for_subdir(subdir) as cache:
            cache.store_md_state(
                [
                    {
                        "path": cache.database_path(package.file),
                        "mtime": 0,
                        "size": package.record["size"],
                        "repodata": package.record,
                    }
                    for package in channel.packages.values()
                    if package.subdir == subdir
                ]
            )
    maker.index(None)


def entries(folder: Path) -> dict[str, dict[str, Any]]:
    """The entries of a subdir as its shards serve them, by file name; digests in hexadecimal."""
    archives = {}
    for digest in _unpacked(folder / INDEX)["shards"].values():
        shard = _unpacked(folder / f"{digest.hex()}.msgpack.zst")
        for section in ("packages", "packages.conda"):
            for file, record in shard[section].items():
                archives[file] = {
                    key: value.hex() if isinstance(value, bytes) else value
                    for key, value in record.items()
                }
    return archives


def shard_newer(channel: TinyChannel, subdir: str) -> None:
    """Let a subdir have shards of all that its `repodata.json` has, and no more of that."""
    folder = channel.folder / subdir
    index = json.loads((folder / "repodata.json").read_bytes())
    shards: dict[str, dict[str, Any]] = {}
    for section in ("packages", "packages.conda", "conda", "tar.bz2", "whl"):
        of_version_3 = index.get("v3", {})
        for key, record in {**index.get(section, {}), **of_version_3.get(section, {})}.items():
            digests = {k: bytes.fromhex(record[k]) for k in ("md5", "sha256") if k in record}
            empty: dict[str, Any] = {"packages": {}, "packages.conda": {}, "v3": {}}
            shard = shards.setdefault(record["name"], empty)
            place = shard if section in shard else shard["v3"]
            place.setdefault(section, {})[key] = {**record, **digests}
    known = {}
    for name, shard in shards.items():
        content = packed(shard)
        known[name] = hashlib.sha256(content).digest()
        (folder / f"{known[name].hex()}.msgpack.zst").write_bytes(content)
    info = {
        "base_url": "",
        "shards_base_url": "",
        "subdir": subdir,
        "created_at": "2026-08-21T00:00:00Z",
    }
    whole = {"version": 1, "info": info, "shards": known}
    (folder / "repodata_shards.msgpack.zst").write_bytes(packed(whole))
    (folder / "repodata.json").unlink()


def file_of(folder: Path, name: str) -> str:
    """The file of a subdir that is the shard of a package name."""
    digest: bytes = _unpacked(folder / INDEX)["shards"][name]
    return f"{digest.hex()}.msgpack.zst"


def rename(folder: Path, name: str, file: str, key: str) -> None:
    """Let the shard of a package name serve a file under a key that conda-index would not write."""
    index = _unpacked(folder / INDEX)
    shard = _unpacked(folder / file_of(folder, name))
    shard["packages.conda"][key] = shard["packages.conda"].pop(file)
    content = packed(shard)
    digest = hashlib.sha256(content).digest()
    (folder / f"{digest.hex()}.msgpack.zst").write_bytes(content)
    index["shards"][name] = digest
    (folder / INDEX).write_bytes(packed(index))


def packed(content: dict[str, Any]) -> bytes:
    """Return what a shard, or the index of shards, is as a file."""
    return zstandard.ZstdCompressor().compress(msgpack.dumps(content))


def _unpacked(path: Path) -> dict[str, Any]:
    reader = zstandard.ZstdDecompressor().stream_reader(path.read_bytes())
    content = msgpack.loads(reader.read())
    assert isinstance(content, dict)
    return content
