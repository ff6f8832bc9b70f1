"""What a build cannot be spared, alone: `floors.py fetch|plain|decode THREADS REPOSITORY FOLDER`.

`fetch` has the archives of a repository from where they came from, by conda's own sessions, and
writes them to a folder; `plain` does so by Python's own client; `decode` undoes their compression,
as who searches them must. Nothing is hashed, checked or brought to the disk. Prints the seconds,
without the start of Python and conda.
"""

from __future__ import annotations

import bz2
import json
import sys
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from conda.gateways.connection.session import get_session

from conda_offline_repo.repository.manifest import MANIFEST_NAME

try:
    from compression import zstd
except ImportError:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable

PIECE = 1 << 18
#: One for each thread, which stays open.
CONNECTIONS = threading.local()


def fetch(repository: Path, folder: Path, name: str, url: str) -> None:
    session = get_session(url)
    with (
        session.get(url, stream=True, proxies=session.proxies) as answer,
        (folder / name.rpartition("/")[2]).open("wb") as file,
    ):
        for piece in answer.iter_content(PIECE):
            file.write(piece)


def plain(repository: Path, folder: Path, name: str, url: str) -> None:
    parts = urlsplit(url)
    if not hasattr(CONNECTIONS, "open"):
        CONNECTIONS.open = HTTPConnection(parts.netloc)
    CONNECTIONS.open.request("GET", parts.path)
    with CONNECTIONS.open.getresponse() as answer:
        (folder / name.rpartition("/")[2]).write_bytes(answer.read())


def decode(repository: Path, folder: Path, name: str, url: str) -> None:
    if name.endswith(".tar.bz2"):
        with bz2.open(repository / name) as stream:
            while stream.read(PIECE):
                pass
        return
    with zipfile.ZipFile(repository / name) as archive:
        for member in archive.infolist():
            with archive.open(member) as packed:
                decompressor = zstd.ZstdDecompressor()
                while piece := packed.read(PIECE):
                    if member.filename.endswith(".zst"):
                        decompressor.decompress(piece)


def main() -> None:
    work: Callable[..., None] = {"fetch": fetch, "plain": plain, "decode": decode}[sys.argv[1]]
    repository, folder = map(Path, sys.argv[3:5])
    packages = json.loads((repository / MANIFEST_NAME).read_bytes())["packages"]
    urls = {name: package["url"] for name, package in packages.items()}
    folder.mkdir()
    start = time.perf_counter()
    with ThreadPoolExecutor(max_workers=int(sys.argv[2])) as executor:
        list(executor.map(partial(work, repository, folder), urls, urls.values()))
    print(json.dumps({"seconds": time.perf_counter() - start}))


if __name__ == "__main__":
    main()
