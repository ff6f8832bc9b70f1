"""Files that take the place of others; Windows' errors for files in use are raised here."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.files import atomic
from tests.support.systems import MODES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def held(number: int) -> PermissionError:
    """Windows' error for a file that is open elsewhere."""
    error = PermissionError(errno.EACCES, "Access is denied", "source")
    error.winerror = number  # type: ignore[attr-defined, unused-ignore]
    return error


def failing(
    monkeypatch: pytest.MonkeyPatch, times: int, error: Callable[[], OSError]
) -> Callable[[], int]:
    """Let renaming fail so many times; returns what counts the tries."""
    real, tries = os.replace, []

    def rename(source: object, target: object) -> None:
        tries.append(source)
        if len(tries) <= times:
            raise error()
        real(source, target)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "replace", rename)
    monkeypatch.setattr(atomic, "PAUSES", (1e-6, 1e-6))
    return lambda: len(tries)


@pytest.mark.parametrize("number", [5, 32, 33])
def test_a_file_that_is_let_go_of_is_replaced(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: int
) -> None:
    tries = failing(monkeypatch, 3, lambda: held(number))
    (tmp_path / "new").write_text("new")
    (tmp_path / "old").write_text("old")
    atomic.replace(tmp_path / "new", tmp_path / "old")
    assert (tmp_path / "old").read_text() == "new"
    assert tries() == 4


def test_a_file_that_stays_held_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    failing(monkeypatch, 10**6, lambda: held(32))
    monkeypatch.setattr(atomic, "PATIENCE", 0.0)
    (tmp_path / "new").write_text("new")
    (tmp_path / "old").write_text("old")
    with pytest.raises(PermissionError, match="another program has it open") as caught:
        atomic.replace(tmp_path / "new", tmp_path / "old")
    assert (caught.value.filename, caught.value.filename2) == (str(tmp_path / "old"), None)
    assert (tmp_path / "old").read_text() == "old"


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), PermissionError(13, "no")])
def test_other_errors_are_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: OSError
) -> None:
    tries = failing(monkeypatch, 10**6, lambda: error)
    with pytest.raises(type(error)):
        atomic.replace(tmp_path / "new", tmp_path / "old")
    assert tries() == 1


def test_a_read_only_mark_is_taken_away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.write_text("old")
    old.chmod(0o444)
    (tmp_path / "new").write_text("new")
    modes = []

    def denied() -> OSError:
        modes.append(stat.S_IMODE(old.stat().st_mode))
        return held(5)

    failing(monkeypatch, 2, denied)
    atomic.replace(tmp_path / "new", old)
    assert modes[0] == 0o444
    assert modes[1] & stat.S_IWRITE
    assert old.read_text() == "new"


def test_a_missing_file_counts_as_removed(tmp_path: Path) -> None:
    atomic.remove(tmp_path / "nothing")


def test_files_are_written_all_or_none(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("old")

    def write(reason: str = "") -> None:
        with atomic.all_or_none() as beside:
            for path in (first, second):
                with beside(path) as file:
                    file.write(b"new")
                    if path == second and reason:
                        raise OSError(reason)
                assert not second.exists()

    with pytest.raises(OSError, match="full"):
        write("full")
    assert tree(tmp_path) == {"first": "old"}
    write()
    assert tree(tmp_path) == {"first": "new", "second": "new"}


def test_the_first_that_cannot_be_renamed_ends_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nothing is left beside; what has its place keeps it."""
    monkeypatch.setattr(atomic, "PATIENCE", 0.0)
    (tmp_path / "second").mkdir()

    def write() -> None:
        with atomic.all_or_none() as beside:
            for name in ("first", "second", "third"):
                with beside(tmp_path / name) as file:
                    file.write(b"new")

    with pytest.raises(OSError, match="second"):
        write()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first", "second"]


@pytest.mark.skipif(os.name == "nt", reason=MODES)
def test_permissions_of_what_is_replaced_stay(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o600)
    with atomic.all_or_none() as beside, beside(path) as file:
        assert stat.S_IMODE(os.stat(file.name).st_mode) == 0o600, "before anything is in it"
        file.write(b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_lies_beside_is_not_written_through(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    folder.mkdir()
    outside.write_text("mine")
    (folder / f"file{atomic.STAGED}").symlink_to(outside)
    with atomic.all_or_none() as beside, beside(folder / "file") as file:
        file.write(b"new")
    assert tree(folder) == {"file": "new"}
    assert outside.read_text() == "mine"


def tree(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}
