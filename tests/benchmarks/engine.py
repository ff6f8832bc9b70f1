"""The same work by the Rust engine; run as a script: `engine.py [OPTIONS] FOLDER CACHE SPEC …`.

Solve, download what is not there yet, check every digest, index. What a user would write with
py-rattler: `rattler.solve`, `rattler.package_streaming.download_to_path`, `rattler.index.index_fs`.
Only `repodata.json` is written, as by the plugin: neither a compressed copy nor shards.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from rattler import (
    Channel,
    Client,
    Gateway,
    GenericVirtualPackage,
    PackageName,
    Platform,
    Version,
    solve,
)
from rattler.index import index_fs
from rattler.package_streaming import download_to_path

if TYPE_CHECKING:
    from rattler import RepoDataRecord

#: What the plugin takes a customer's machine to have, unless it is told.
MACHINES = {
    "linux-64": (
        ("__unix", "0", "0"),
        ("__linux", "4.18", "0"),
        ("__glibc", "2.28", "0"),
        ("__archspec", "1", "x86_64"),
    ),
    "win-64": (("__win", "10", "0"), ("__archspec", "1", "x86_64")),
}


def sha256(path: Path) -> bytes:
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.digest()


async def collect(
    record: RepoDataRecord, folder: Path, client: Client, trust: bool, slots: asyncio.Semaphore
) -> Path:
    path: Path = folder / record.subdir / record.file_name
    async with slots:
        there = path.exists() and path.stat().st_size == record.size
        if there and (trust or await asyncio.to_thread(sha256, path) == record.sha256):
            return path
        arriving = path.with_name(f".{path.name}")
        await download_to_path(client, record.url, arriving)
        if await asyncio.to_thread(sha256, arriving) != record.sha256:
            raise ValueError(f"{record.url} is not what its index says")
        arriving.replace(path)
    return path


async def build(options: argparse.Namespace) -> None:
    client = Client.default_client()
    gateway = Gateway(cache_dir=options.cache, client=client)
    solutions = await asyncio.gather(
        *(
            solve(
                [Channel(url) for url in options.channel],
                options.specs,
                gateway,
                platforms=[Platform(platform), Platform("noarch")],
                virtual_packages=[
                    GenericVirtualPackage(PackageName(name), Version(version), text)
                    for name, version, text in MACHINES[platform]
                ],
            )
            for platform in options.platform
        )
    )
    records = {record.url: record for solution in solutions for record in solution}.values()
    for subdir in {"noarch", *options.platform}:
        (options.folder / subdir).mkdir(parents=True, exist_ok=True)
    slots = asyncio.Semaphore(options.threads)
    wanted = set(
        await asyncio.gather(
            *(collect(r, options.folder, client, options.trust_sizes, slots) for r in records)
        )
    )
    for kind in ("*.conda", "*.tar.bz2"):
        for path in options.folder.glob(f"*/{kind}"):
            if path not in wanted:
                path.unlink()
    await index_fs(options.folder, write_zst=False, write_shards=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--channel", "-c", action="append", required=True)
    parser.add_argument("--platform", action="append", required=True)
    parser.add_argument("--threads", type=int, default=5)
    parser.add_argument(
        "--trust-sizes", action="store_true", help="do not hash what is there already"
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("cache", type=Path)
    parser.add_argument("specs", nargs="+")
    asyncio.run(build(parser.parse_args()))


if __name__ == "__main__":
    main()
    # the engine's threads often abort a Python that takes itself down; not at its cost
    os._exit(0)
