"""A delivery whose source is a web server: what is asked for, resumed, refused and begun anew."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from queue import Queue
from threading import Event
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.delivery.deliver import deliver
from conda_offline_repo.delivery.exceptions import (
    SourceDamagedError,
    SourceUnfinishedError,
    SourceUnreadableError,
)
from conda_offline_repo.delivery.plan import Terms
from conda_offline_repo.delivery.release_ref import both
from conda_offline_repo.delivery.source import from_folder
from conda_offline_repo.files.atomic import partial
from conda_offline_repo.files.web import WebFolder
from conda_offline_repo.progress import Unwatched
from conda_offline_repo.queries.compare import difference
from conda_offline_repo.queries.contents import list_packages
from conda_offline_repo.repository import halfway
from conda_offline_repo.repository.exceptions import ChangedError, IndexMisfitError
from conda_offline_repo.repository.halfway import check_indexes, once_whole
from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.manifest import MANIFEST_NAME, NEXT_NAME
from conda_offline_repo.repository.publication.staging import staging_folder
from conda_offline_repo.repository.verify import verify
from dev.upstream.server import ChannelServer
from tests.support.delivering import VENDOR, alone, files, run, signed, whole
from tests.support.inside import inside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conda_offline_repo.delivery.deliver import Outcome
    from tests.support.mirror import Mirror

APP = "noarch/app-2.0-0.conda"
INDEX = "noarch/repodata.json"


class Served:
    """A folder, and the server that has it as `bank`."""

    def __init__(self, folder: Path, server: ChannelServer) -> None:
        self.folder, self.server = folder, server
        self.url = f"{server.url}/bank"

    @property
    def place(self) -> WebFolder:
        return WebFolder.at(self.url)

    def sync(self, target: Path) -> Outcome:
        repository = locate_one(self.place)
        check_indexes(repository)
        return deliver(from_folder(repository), target, Unwatched(), Terms())

    def sent(self) -> set[str]:
        """The files that were sent, but those that are always read."""
        paths = {r.path.removeprefix("/bank/") for r in self.server.requests if r.sent_bytes}
        return {path for path in paths if not path.startswith("offline-repo.")}


@pytest.fixture
def served(mirror: Mirror, tmp_path: Path) -> Iterator[Served]:
    folder = mirror.copy(2, tmp_path / "served" / "bank")
    with inside(tmp_path / "me"), ChannelServer(folder.parent) as server:
        yield Served(folder, server)


def test_first_copy_and_what_differs(served: Served, mirror: Mirror, target: Path) -> None:
    mirror.copy(1, served.folder)
    served.sync(target)
    assert files(target) == files(served.folder)
    mirror.copy(2, served.folder)
    served.server.clear()
    outcome = served.sync(target)
    assert files(target) == files(served.folder)
    assert alone(target)
    indexes = {name for name in outcome.plan.source.names if name.endswith("repodata.json")}
    assert served.sent() == {*outcome.plan.lacking} | indexes
    assert not served.sync(target).plan.changes


def test_signatures_come_along(served: Served, mirror: Mirror, target: Path) -> None:
    shutil.rmtree(served.folder)
    shutil.copytree(signed(mirror, 1, target.parent.parent / "signed", VENDOR), served.folder)
    served.sync(target)
    assert locate_one(target).signers == (VENDOR.fingerprint,)
    assert files(target) == files(served.folder)


def test_broken_connections_are_made_anew(served: Served, target: Path) -> None:
    for kind in ("short", "reset"):
        served.server.fault(".conda", kind, times=1)
    served.sync(target)
    assert files(target) == files(served.folder)


def test_file_is_resumed_by_the_next_run(served: Served, mirror: Mirror, target: Path) -> None:
    mirror.copy(1, target)
    content = (served.folder / APP).read_bytes()
    arriving = partial(staging_folder(target) / APP)
    served.server.fault(APP, "status", status=403, times=1)
    with pytest.raises(SourceUnreadableError, match=r"HTTP 403[\s\S]*Run the same command again"):
        served.sync(target)
    assert files(target) == files(mirror.builds[1])
    arriving.write_bytes(content[:100])
    served.server.clear()
    served.sync(target)
    assert files(target) == files(served.folder)
    (request,) = (r for r in served.server.requests if r.path.endswith(APP))
    assert request.range_start == 100
    assert alone(target)


@pytest.mark.parametrize("damage", ["wrong", "missing", "a page"])
def test_damage_at_the_source_changes_nothing(
    served: Served, mirror: Mirror, target: Path, damage: str
) -> None:
    mirror.copy(1, target)
    if damage == "wrong":
        served.server.fault(APP, "wrong")
    elif damage == "missing":
        (served.folder / APP).unlink()
    else:
        (served.folder / APP).write_bytes(b"<html>Log in</html>")
    with pytest.raises(SourceDamagedError, match=APP):
        served.sync(target)
    assert files(target) == files(mirror.builds[1])


def test_release_that_comes_meanwhile(served: Served, mirror: Mirror, target: Path) -> None:
    """The old one's files are gone when they are asked for: it is begun anew with the new one."""
    mirror.copy(1, served.folder)
    located = locate_one(served.place)
    source = from_folder(located)
    mirror.copy(2, served.folder)
    with pytest.raises(ChangedError) as caught:
        deliver(source, target, Unwatched(), Terms())
    assert caught.value.halfway
    with pytest.raises(ChangedError):
        verify(replace(located, path=served.place), Unwatched())
    served.sync(target)
    assert files(target) == files(mirror.builds[2])


def test_readers_while_releases_come_and_go(
    served: Served, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read fits together, if it is read again as long as it does not."""
    monkeypatch.setattr(halfway, "PAUSE", 0.0)
    releases, done, begun = set(), Event(), Queue[None]()

    def come_and_go() -> None:
        try:
            for number in (1, 2) * 4:
                # one that comes and goes while it is read is as good as none
                while not begun.empty():
                    begun.get()
                begun.get(timeout=60)
                run(mirror.builds[number], served.folder, allow_older=True)
        finally:
            done.set()

    def read() -> int:
        begun.put(None)
        repository = locate_one(served.place)
        check_indexes(repository)
        assert list_packages(repository)
        report = verify(repository, Unwatched())
        assert report.good, report
        return repository.manifest.release

    with ThreadPoolExecutor(1) as executor:
        writer = executor.submit(come_and_go)
        while not done.is_set():
            releases.add(once_whole(read, lambda _: None))
        writer.result()
    assert releases.issubset({1, 2})


def test_half_published_source_is_refused(served: Served, target: Path) -> None:
    right = (served.folder / INDEX).read_bytes()
    (served.folder / INDEX).write_bytes(b"{}")
    with pytest.raises(IndexMisfitError, match=INDEX):
        served.sync(target)
    (served.folder / INDEX).write_bytes(right)
    shutil.copy(served.folder / MANIFEST_NAME, served.folder / NEXT_NAME)
    with pytest.raises(SourceUnfinishedError):
        served.sync(target)
    assert not target.exists()


def test_damaged_target_is_repaired(served: Served, target: Path) -> None:
    served.sync(target)
    (target / APP).write_bytes(b"x")
    served.server.clear()
    served.sync(target)
    assert whole(target)
    assert APP in served.sent()


def test_releases_are_compared_wherever_they_are(
    served: Served, mirror: Mirror, tmp_path: Path
) -> None:
    expected = difference(*(locate_one(mirror.builds[n]).manifest for n in (1, 2)))
    manifest = tmp_path / "offline-repo.json"
    shutil.copy(mirror.builds[1] / MANIFEST_NAME, manifest)
    for old in (str(mirror.builds[1]), str(manifest)):
        for new in (served.url, f"{served.url}/{MANIFEST_NAME}"):
            assert difference(*(r.manifest for r in both(old, new, None))) == expected
    first, second = both(f"{served.url}@2", str(served.place), "bank")
    assert first.manifest.release == second.manifest.release == 2
