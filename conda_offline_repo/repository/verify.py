"""Compare a repository with its manifest, file by file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from errno import EACCES, EIO, EPERM
from typing import TYPE_CHECKING

from ..files.hashing import hash_file
from ..files.workers import run_all
from .manifest import BESIDE, MANIFEST_NAME
from .names import is_sibling
from .signature import SIGNATURE_NAME
from .transition import unfinished

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from ..progress import Progress
    from .locate import Repository

#: What operating systems and copy tools put into folders by themselves.
NOT_OURS = frozenset({"desktop.ini", "thumbs.db", ".ds_store"})

#: How a file that may be right cannot be read.
NOT_LET = (EACCES, EPERM, EIO)


@dataclass(frozen=True, kw_only=True)
class Report:
    """What is wrong with a repository, as paths below it; nothing, if all are empty.

    Attributes:
        missing: In the manifest, but not there.
        changed: There, with other bytes than the manifest says.
        unreadable: There, but this user or this disk does not let them be read.
        extra: There, but not in the manifest.
        misleading: Those among the extra ones that conda reads in the place of an index.
        files: How many files the manifest names.
        size: Their bytes.
        unfinished: Whether a publication was under way or was interrupted; its files may be in
            their old or their new state, each as the manifest says.
    """

    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    misleading: tuple[str, ...] = ()
    files: int
    size: int
    unfinished: bool = False

    @property
    def good(self) -> bool:
        """Whether every file is there and as it should be; extra ones do no harm to these."""
        return not self.missing and not self.changed and not self.unreadable

    @property
    def unchanged(self) -> bool:
        """Whether it is what its last finished publication left, no more and no less."""
        return self.good and not self.extra and not self.unfinished


def verify(repository: Repository, progress: Progress) -> Report:
    """Read every file of the repository and compare it with the manifest.

    Args:
        repository: Which one.
        progress: Told how far it is.
    """
    root = repository.path
    manifest = repository.manifest
    packages = manifest.packages
    stated = manifest.everything
    names = (*stated, *(name for name in manifest.on_the_way if name not in stated))

    def one(name: str) -> str:
        verdict = _verdict(root / name, manifest.allowed(name))
        if name in stated:
            progress.advance(stated[name].size, packages=name in packages)
        return verdict

    size = sum(one.size for one in stated.values())
    with progress.counting("Checking", len(packages), size):
        verdicts = dict(zip(names, run_all(one, names), strict=True))
    besides = {MANIFEST_NAME, SIGNATURE_NAME, *BESIDE}
    extra = set(_files(root)) - set(names) - besides

    def found(verdict: str, among: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(name for name in among if verdicts[name] == verdict))

    return Report(
        missing=found("missing", stated),
        changed=found("changed", names),
        unreadable=found("unreadable", names),
        extra=tuple(sorted(extra)),
        misleading=tuple(sorted(name for name in extra if "/" in name and is_sibling(name))),
        files=len(stated),
        size=size,
        unfinished=unfinished(root, manifest),
    )


def _verdict(path: Path, allowed: Mapping[str, int]) -> str:
    """Return whether a file is `good`, `missing`, `changed` or `unreadable`."""
    try:
        size = path.stat().st_size
        if size not in allowed.values():
            return "changed"
        found = hash_file(path, limit=size)
    except FileNotFoundError:
        return "missing"
    except OSError as error:
        return "unreadable" if error.errno in NOT_LET else "changed"
    return "good" if allowed.get(found.sha256) == found.size else "changed"


def _files(root: Path) -> Iterator[str]:
    """Yield what is below a folder: files, and folders that are links or cannot be looked into."""
    closed: list[str] = []
    for folder, folders, names in os.walk(root, onerror=lambda e: closed.append(str(e.filename))):
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        for name in (*names, *links):
            if name.lower() not in NOT_OURS:
                yield _below(root, os.path.join(folder, name))
    for folder in closed:
        yield _below(root, folder)


def _below(root: Path, path: str) -> str:
    return os.path.relpath(path, root).replace(os.sep, "/")
