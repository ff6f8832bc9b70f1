"""A store, in a folder, that fails or dies at one of its steps."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import fsspec
from fsspec.implementations.local import LocalFileSystem

from conda_offline_repo.delivery.remote.connect import open_store
from conda_offline_repo.delivery.remote.protocols import KNOWN, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from conda_offline_repo.delivery.remote.store import Store


class KilledError(BaseException):
    """What ends a process: nothing that it does comes after."""


class FaultyFileSystem(LocalFileSystem):  # type: ignore[misc]
    """Files in a folder, of which one change goes wrong.

    Attributes:
        fails_at: the number of the change, from 1; 0 for none.
        fault: `kill` before or `late` after it, `torn` in the middle of what is written; `refuse`
            for an error.
        changes: what has been changed so far.
        after: called after each change.
    """

    protocol = ("faulty", "whole")
    cachable = False
    fails_at = 0
    fault = ""
    changes: list[str]
    reads: list[str]
    after: Callable[[], None] = staticmethod(lambda: None)

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return (path.partition("://")[2] or path).replace(os.sep, "/")

    def _change(self, name: str, path: str, content: bytes | None = None) -> None:
        if self.fails_at and len(self.changes) >= self.fails_at and self.fault != "refuse":
            raise KilledError  # the dead do not clean up
        self.changes.append(f"{name} {path}")
        if len(self.changes) == self.fails_at:
            if self.fault == "refuse":
                raise PermissionError(13, "Access Denied", path)
            if self.fault == "torn" and content is not None:
                super().pipe_file(path, content[: len(content) // 2])
            if self.fault != "late":
                raise KilledError

    def _changed(self) -> None:
        if len(self.changes) == self.fails_at and self.fault == "late":
            raise KilledError
        self.after()

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:
        self._change("write", path, value)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(value)
        self._changed()

    def mv(self, path1: str, path2: str, **kwargs: Any) -> None:
        self._change("rename", path2)
        os.replace(path1, path2)
        self._changed()

    def rm_file(self, path: str) -> None:
        self._change("delete", path)
        Path(path).unlink()
        self._changed()

    def cat_file(self, path: str, *arguments: Any, **kwargs: Any) -> bytes:
        self.reads.append(path)
        content: bytes = super().cat_file(path, *arguments, **kwargs)
        return content


fsspec.register_implementation("faulty", FaultyFileSystem, clobber=True)
fsspec.register_implementation("whole", FaultyFileSystem, clobber=True)
#: One that can rename, and one whose objects appear when all of them has arrived.
KNOWN["faulty"] = Protocol(renames=True)
KNOWN["whole"] = Protocol(objects=True)


def faulty(folder: Path, protocol: str = "faulty", *, at: int = 0, fault: str = "kill") -> Store:
    """The store in a folder; see `FaultyFileSystem`."""
    store = open_store(f"{protocol}://{folder.as_posix()}")
    store.system.fails_at, store.system.fault = at, fault
    store.system.changes, store.system.reads = [], []
    return store


def copy(folder: Path, target: Path) -> None:
    """Bring a folder to the state of another, or of none."""
    shutil.rmtree(target, ignore_errors=True)
    if folder.exists():
        shutil.copytree(folder, target)
