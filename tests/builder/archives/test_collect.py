"""Where the archives of a build come from, and in which order: `collect` and `local`."""

from __future__ import annotations

import hashlib
import random
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from conda.base.context import reset_context

from conda_offline_repo._conda import overrides
from conda_offline_repo.builder.archives.collect import collecting, foresee
from conda_offline_repo.builder.archives.local import LocalArchives
from conda_offline_repo.builder.exceptions import DownloadError
from conda_offline_repo.builder.upstream.entry import Entry
from dev.upstream.server import ChannelServer
from tests.support.collected import collect
from tests.support.inside import Counted, inside
from tests.support.running import PATIENCE
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conda_offline_repo.builder.archives.archive import Archive
    from tests.support.tiny import TinyPackage


class Place:
    """A repository, its staging folder, a package cache of conda's, and the channel."""

    def __init__(self, folder: Path, server: ChannelServer, cache: Path) -> None:
        self.repository = folder / "bank"
        self.staging = folder / ".bank.building"
        self.cache = cache
        self.server = server
        self.channel = TinyChannel(folder / "served" / "public")
        self.progress = Counted()

    def entry(self, package: TinyPackage) -> Entry:
        url = f"{self.server.url}/public/{package.at}"
        return Entry(package.subdir, package.file, package.record, url, url)

    def collect(self, *packages: TinyPackage) -> tuple[Archive, ...]:
        entries = [self.entry(package) for package in packages]
        local = LocalArchives(self.repository.parent)
        return collect(entries, self.repository, self.staging, self.progress, local, lambda _: None)

    @contextmanager
    def collecting(
        self, packages: list[TinyPackage], arrived: Callable[[Archive], None]
    ) -> Iterator[Callable[[], tuple[Archive, ...]]]:
        entries = [self.entry(package) for package in packages]
        local = LocalArchives(self.repository.parent)
        places = self.repository, self.staging
        with collecting(entries, *places, self.progress, local, arrived) as finished:
            yield finished

    def put(self, package: TinyPackage, where: Path, content: bytes | None = None) -> Path:
        """Put an archive, or other bytes under its name, below a folder."""
        path = where / (package.file if where == self.cache else package.at)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(package.path.read_bytes() if content is None else content)
        return path


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    (tmp_path / "served").mkdir()
    with inside(tmp_path / "engineer") as me, ChannelServer(tmp_path / "served") as server:
        yield Place(tmp_path, server, me.conda.pkgs)


def check(archive: Archive, package: TinyPackage) -> None:
    content = package.path.read_bytes()
    assert archive.path.read_bytes() == content
    assert (archive.name, archive.size) == (package.at, len(content))
    assert archive.sha256 == hashlib.sha256(content).hexdigest()
    assert archive.md5 == hashlib.md5(content, usedforsecurity=False).hexdigest()


def test_repository_itself_comes_first(place: Place) -> None:
    package = place.channel.add("app")
    path = place.put(package, place.repository)
    place.put(package, place.cache)
    (archive,) = place.collect(package)
    check(archive, package)
    assert (archive.path, archive.staged) == (path, False)
    assert not place.staging.exists()
    assert place.server.requests == ()


def test_cache_comes_before_the_channel(place: Place) -> None:
    package = place.channel.add("app", format="tar.bz2")
    cached = place.put(package, place.cache)
    (archive,) = place.collect(package)
    check(archive, package)
    assert (archive.path, archive.staged) == (place.staging / package.at, True)
    assert place.server.requests == ()
    assert cached.read_bytes() == package.path.read_bytes()


def test_channel_comes_last(place: Place) -> None:
    packages = [place.channel.add(f"p{number}") for number in range(20)]
    archives = place.collect(*packages)
    assert len(archives) == len(packages)
    found = {archive.name: archive for archive in archives}
    for package in packages:
        check(found[package.at], package)
        assert found[package.at].staged
    asked = place.server.packages()
    assert sorted(asked) == sorted(f"/public/{package.at}" for package in packages)
    size = sum(archive.size for archive in archives)
    assert place.progress.steps == [("Collecting", len(archives), size)]
    assert (place.progress.packages, place.progress.done) == (len(archives), size)


def test_largest_archive_is_downloaded_first(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that begins when all others are done would be waited for alone."""
    monkeypatch.setenv("CONDA_FETCH_THREADS", "1")
    reset_context()
    packages = {
        size: place.channel.add(
            f"p{size}", files={"share/x.bin": random.Random(size).randbytes(size * 1000)}
        )
        for size in (1, 300, 20, 4)
    }
    place.collect(*packages.values())
    by_size = sorted(packages.values(), key=lambda p: p.path.stat().st_size, reverse=True)
    assert list(place.server.packages()) == [f"/public/{package.at}" for package in by_size]


def test_archives_come_while_something_else_is_done(place: Place) -> None:
    packages = [place.channel.add(f"p{number}") for number in range(3)]
    came = threading.Semaphore(0)
    with place.collecting(packages, lambda archive: came.release()) as finished:
        for _ in packages:
            assert came.acquire(timeout=PATIENCE)
        assert place.progress.steps == []
        assert place.progress.done == 0
        archives = finished()
    size = sum(archive.size for archive in archives)
    assert place.progress.steps == [("Collecting", 3, size)]
    assert (place.progress.packages, place.progress.done) == (3, size)


def test_archives_come_while_something_else_is_offline(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a proof is, whose package caches are others, too."""
    monkeypatch.setenv("CONDA_FETCH_THREADS", "1")
    reset_context()
    moved = place.channel.add("moved")
    cached = place.channel.add("cached", files={"x": random.Random(1).randbytes(5000)})
    place.put(cached, place.cache)
    came, told = threading.Event(), threading.Event()

    def arrived(_: Archive) -> None:
        came.set()
        assert told.wait(PATIENCE)

    with ChannelServer(tmp_path / "served") as other:
        to = {"Location": f"{other.url}/public/{moved.at}?signed"}
        place.server.fault(moved.file, "status", status=302, headers=to)
        with place.collecting([cached, moved], arrived) as finished:
            assert came.wait(PATIENCE)
            with overrides.settings(offline=True, _pkgs_dirs=(str(tmp_path / "pkgs"),)):
                before = place.server.requests
                told.set()
                archives = finished()
        assert [request.path for request in other.requests] == [f"/public/{moved.at}?signed"]
        assert not before, "the thread had asked before"
    assert {archive.name for archive in archives} == {moved.at, cached.at}
    assert not [path for path in place.server.packages() if path.endswith(cached.at)]


def test_nobody_writes_when_something_else_fails_meanwhile(place: Place) -> None:
    packages = [place.channel.add(f"p{number:02}") for number in range(40)]
    came, threads = threading.Event(), set[threading.Thread]()

    def arrived(_: Archive) -> None:
        threads.add(threading.current_thread())
        came.set()

    def fail() -> None:
        with place.collecting(packages, arrived):
            assert came.wait(PATIENCE)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not any(thread.is_alive() for thread in threads)


def test_what_an_interrupted_build_left_is_used(place: Place) -> None:
    package = place.channel.add("app")
    place.put(package, place.staging)
    (archive,) = place.collect(package)
    check(archive, package)
    assert place.server.requests == ()


@pytest.mark.parametrize("where", ["repository", "staging", "cache"])
@pytest.mark.parametrize("damage", ["other byte", "cut", "longer", "empty"])
def test_wrong_bytes_are_passed_over(place: Place, where: str, damage: str) -> None:
    package = place.channel.add("app")
    good = package.path.read_bytes()
    wrong = {
        "other byte": good[:-1] + bytes([good[-1] ^ 1]),
        "cut": good[:-1],
        "longer": good + b"x",
        "empty": b"",
    }[damage]
    path = place.put(package, getattr(place, where), wrong)
    (archive,) = place.collect(package)
    check(archive, package)
    assert archive.staged
    assert place.server.packages() == [f"/public/{package.at}"]
    if where != "staging":
        assert path.read_bytes() == wrong


@pytest.mark.parametrize("gone", [("sha256",), ("md5",), ("size",), ("sha256", "size")], ids=str)
def test_one_digest_is_enough(place: Place, gone: tuple[str, ...]) -> None:
    package = place.channel.add("app", record=dict.fromkeys(gone))
    place.put(package, place.repository)
    (archive,) = place.collect(package)
    check(archive, package)
    assert place.server.requests == ()


def test_digests_in_upper_case(place: Place) -> None:
    package = place.channel.add("app")
    for name in ("sha256", "md5"):
        package.record[name] = package.record[name].upper()
    place.put(package, place.repository)
    (archive,) = place.collect(package)
    check(archive, package)
    assert place.server.requests == ()


def test_failures_are_told_together(place: Place) -> None:
    packages = [place.channel.add(name) for name in ("one", "two", "three")]
    for package in packages[:2]:
        package.path.unlink()
    with pytest.raises(DownloadError) as caught:
        place.collect(*packages)
    text = str(caught.value)
    assert packages[0].at in text
    assert packages[1].at in text
    assert packages[2].at not in text
    assert (place.staging / packages[2].at).exists()


def test_plan_downloads_nothing(place: Place) -> None:
    there, missing = place.channel.add("there"), place.channel.add("missing")
    place.put(there, place.repository)
    first, second = foresee([place.entry(p) for p in (there, missing)], place.repository)
    assert (first.name, first.staged) == (there.at, False)
    assert (second.name, second.staged) == (missing.at, True)
    assert second.size == missing.record["size"]
    assert place.server.requests == ()
