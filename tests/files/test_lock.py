"""Locks: one holder at a time, nothing left, and no loop without end."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.files import lock as locks
from conda_offline_repo.files.lock import acquire, release
from tests.support.running import PATIENCE
from tests.support.systems import MODES
from tests.support.users import FIRST, as_root, in_child

if TYPE_CHECKING:
    from typing import BinaryIO

HOLDER = """
import sys
from pathlib import Path
from conda_offline_repo.files.lock import acquire
lock = acquire(Path(sys.argv[1]), print)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "PAUSE", 0.001)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """In a folder that does not exist yet."""
    return tmp_path / "a" / "b" / "lock"


def test_nothing_is_left(tmp_path: Path, path: Path) -> None:
    lock = acquire(path, pytest.fail)
    assert path.is_file()
    release(lock)
    assert [*tmp_path.iterdir()] == []


def test_folders_that_others_use_stay(path: Path) -> None:
    lock = acquire(path, pytest.fail)
    (path.parent / "mine").touch()
    release(lock)
    assert [*path.parent.iterdir()] == [path.parent / "mine"]


def test_a_holder_is_waited_for_however_it_ends(path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    holders = []

    def waiting(who: str) -> None:
        holders.append(who)
        holder.kill()

    release(acquire(path, waiting))
    holder.communicate(timeout=PATIENCE)
    assert holders == [f"process {holder.pid}"]
    assert not path.exists()


def test_one_after_the_other(path: Path) -> None:
    """Each removes the file, and the folders, that others are about to lock."""
    inside: list[int] = []
    most = []

    def work(number: int) -> None:
        for _ in range(5):
            lock = acquire(path, lambda _: None)
            inside.append(number)
            most.append(len(inside))
            inside.pop()
            release(lock)

    threads = [threading.Thread(target=work, args=(n,), daemon=True) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert most == [1] * 20


@pytest.mark.parametrize("kind", ["link to a file", "dangling", "nowhere", "circle", "folder"])
def test_what_is_in_the_place_of_the_lock(tmp_path: Path, kind: str) -> None:
    path, outside = tmp_path / "root" / "lock", tmp_path / "outside"
    path.parent.mkdir()
    if kind == "folder":
        path.mkdir()
    elif kind == "link to a file":
        outside.write_text("mine")
        path.symlink_to(outside)
    else:
        targets = {"dangling": outside, "nowhere": outside / "lost", "circle": path}
        path.symlink_to(targets[kind])
    with pytest.raises(OSError, match="the lock lock is a link or a folder") as caught:
        acquire(path, pytest.fail)
    assert caught.value.filename == str(path)
    assert os.path.lexists(path)
    assert outside.exists() is (kind == "link to a file")
    assert not outside.exists() or outside.read_text() == "mine"


def test_a_dangling_folder(tmp_path: Path, path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "gone")
    with pytest.raises(OSError, match="vanishes whenever"):
        acquire(path, pytest.fail)
    assert [*tmp_path.iterdir()] == [tmp_path / "a"]


def test_a_folder_that_is_another_than_was_made(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Windows makes `a` of `a.`: the folder is made, and does not exist."""
    monkeypatch.setattr(type(path), "mkdir", lambda self, **_: None)
    with pytest.raises(OSError, match="vanishes whenever it is made"):
        acquire(path, pytest.fail)
    assert [*tmp_path.iterdir()] == []


def test_a_file_that_vanishes_each_time(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = locks._lock

    def vanishing(file: BinaryIO, place: Path) -> bool:
        held = real(file, place)
        if os.name == "nt":
            monkeypatch.setattr(locks, "_is_current", lambda *_: False)
        else:
            place.unlink()
        return held

    monkeypatch.setattr(locks, "_lock", vanishing)
    with pytest.raises(OSError, match="vanishes whenever it is made"):
        acquire(path, pytest.fail)
    assert os.name == "nt" or [*tmp_path.iterdir()] == []


@pytest.mark.skipif(os.name == "nt", reason=MODES)
def test_a_folder_that_may_not_be_written() -> None:
    with TemporaryDirectory() as name:
        folder, me = Path(name), os.geteuid()
        folder.chmod(0o555)
        os.seteuid(me or 65534)  # root may write everywhere
        try:
            with pytest.raises(PermissionError):
                acquire(folder / "below" / "lock", pytest.fail)
        finally:
            os.seteuid(me)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="only Linux has it")
def test_a_folder_that_has_no_files_of_others() -> None:
    """Any file is missing in it, also when it is to be made."""
    with pytest.raises(OSError, match="vanishes whenever it is made"):
        acquire(Path("/proc/lock"), pytest.fail)


@pytest.mark.skipif(os.name == "nt", reason="locks of another kind")
def test_a_file_system_without_locks(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(OSError, match="No locks"):
        acquire(path, pytest.fail)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.skipif(os.name == "nt", reason="whose folder it is removes any file there")
def test_lock_of_a_user_who_was_killed_is_taken(path: Path) -> None:
    """The file may be read, and not be written."""

    def take(path: Path = path) -> None:
        lock = acquire(path, pytest.fail)
        assert path.read_text() == f"process {os.getpid()}"
        release(lock)

    path.parent.mkdir(parents=True)
    path.write_text("process 1")
    path.chmod(0o444)
    if os.geteuid():
        take()
    else:  # who may write every file
        os.chown(path.parent, FIRST, FIRST)
        assert in_child(lambda: take(Path("lock")), FIRST, path.parent) == 0
    assert not path.exists()


@as_root
def test_lock_that_another_user_holds_is_waited_for(path: Path) -> None:
    def look() -> None:
        class Waited(Exception):
            pass

        def waiting(holder: str) -> None:
            raise Waited(holder)

        with pytest.raises(Waited, match="process"):
            acquire(Path("lock"), waiting)

    path.parent.mkdir(parents=True)
    lock = acquire(path, pytest.fail)
    path.chmod(0o444)
    os.chown(path.parent, FIRST, FIRST)
    assert in_child(look, FIRST, path.parent) == 0
    release(lock)
    assert not path.exists()
