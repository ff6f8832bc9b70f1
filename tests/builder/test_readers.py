"""Whoever reads the repository while it is updated finds every file that the index names.

A reader has an index in hand and looks for the files that it names. Deletions come after the index
that does without the deleted files, so a file may be missing only if the index in the repository is
another one by then; the reader who looks again finds all of them.
"""

from __future__ import annotations

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING

import pytest

from tests.support import bench as benches
from tests.support.warm import warm_conda

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from tests.support.bench import Bench

BUILDS = 10
#: How often each reader reads everything, at least.
ROUNDS = 100
READERS = 3


@pytest.fixture
def bench() -> Iterator[Bench]:
    with warm_conda() as warm:
        yield benches.first(warm)


def test_no_reader_misses_a_file(bench: Bench) -> None:
    result = Event()
    repository = bench.before / "bank"

    def build(number: int) -> None:
        channel = benches.published(bench.channel.folder)
        if number % 2:
            benches.release(channel)
        finished = bench.build(bench.before)
        assert finished.status == 0, str(finished)

    build(0)
    with ThreadPoolExecutor(READERS) as executor:
        readers = [executor.submit(read_on, repository, result) for _ in range(READERS)]
        try:
            for number in range(1, BUILDS + 1):
                build(number)
        finally:
            result.set()
    rounds, held = zip(*(reader.result() for reader in readers), strict=True)
    assert min(rounds) >= ROUNDS
    # both states and those between them were seen, or the readers would have proved nothing
    assert len(set().union(*held)) > 4
    manifest = json.loads((repository / "offline-repo.json").read_bytes())
    assert manifest["build"] == BUILDS + 1


def read_on(repository: Path, done: Event) -> tuple[int, set[str]]:
    """Read until the builds are done; returns how often, and which indexes were seen."""
    rounds = 0
    held: set[str] = set()
    while rounds < ROUNDS or not done.is_set():
        for subdir in ("linux-64", "noarch"):
            held.add(read_index(repository / subdir / "repodata.json", thorough=rounds % 3 == 0))
        held.add(read_manifest(repository))
        rounds += 1
        done.wait(0.001)  # three who never pause leave the builds nothing of the processor
    return rounds, held


def read_index(path: Path, *, thorough: bool) -> str:
    content, identity = take(path)
    repodata = json.loads(content)
    records = {**repodata["packages"], **repodata["packages.conda"]}
    look(path, identity, {path.parent / name: records[name] for name in records}, thorough)
    return f"{path.parent.name} {hashlib.sha256(content).hexdigest()}"


def read_manifest(repository: Path) -> str:
    path = repository / "offline-repo.json"
    content, identity = take(path)
    packages = json.loads(content)["packages"]
    look(path, identity, {repository / name: packages[name] for name in packages}, False)
    return hashlib.sha256(content).hexdigest()


def take(path: Path) -> tuple[bytes, tuple[int, int]]:
    """Read a file; also tells what it is, so that another of the same content is another."""
    with path.open("rb") as file:
        return file.read(), identify(os.fstat(file.fileno()))


def identify(status: os.stat_result) -> tuple[int, int]:
    return status.st_ino, status.st_mtime_ns


def look(
    index: Path, identity: tuple[int, int], named: Mapping[Path, Mapping[str, Any]], thorough: bool
) -> None:
    """Look for every file that an index names, which has just been read."""
    for path in missing(named, thorough):
        assert identify(index.stat()) != identity, f"{index} names {path}, which is not there"


def missing(named: Mapping[Path, Mapping[str, Any]], thorough: bool) -> Iterable[Path]:
    for path, record in named.items():
        try:
            if thorough:
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                assert digest == record["sha256"], f"{path} has other bytes"
            else:
                assert path.stat().st_size == record["size"], f"{path} has another size"
        except FileNotFoundError:
            yield path
