"""Compare a repository with its manifest, file by file."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import journal
from .hashing import hash_file
from .manifest import MANIFEST_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..progress import Progress
    from .locate import Repository

#: What operating systems and copy tools put into folders by themselves.
NOT_OURS = frozenset({"desktop.ini", "thumbs.db", ".ds_store"})


@dataclass(frozen=True)
class Report:
    """What is wrong with a repository, as paths below it; nothing, if all are empty.

    Attributes:
        missing: In the manifest, but not there.
        changed: There, with other bytes than the manifest says.
        extra: There, but not in the manifest.
        files: How many files the manifest names.
        size: Their bytes.
        unfinished: Whether a publication was under way or was interrupted; its files may be in
            their old or their new state.
    """

    missing: tuple[str, ...]
    changed: tuple[str, ...]
    extra: tuple[str, ...]
    files: int
    size: int
    unfinished: bool

    @property
    def good(self) -> bool:
        """Whether every file is there and as it should be; extra ones do no harm to these."""
        return not self.missing and not self.changed


def expected(repository: Repository) -> dict[str, tuple[str, int]]:
    """The SHA-256 digest and size of every file that the manifest names."""
    manifest = repository.manifest
    return {
        name: (file.sha256, file.size)
        for files in (manifest.packages, manifest.files)
        for name, file in files.items()
    }


def verify(repository: Repository, progress: Progress) -> Report:
    """Read every file of the repository and compare it with the manifest.

    Args:
        repository: Which one.
        progress: Told how far it is.

    Raises:
        ManifestError: There is a journal that cannot be read.
    """
    root = repository.path
    moving = journal.read(root)
    named = expected(repository)
    packages = repository.manifest.packages

    def one(name: str) -> str:
        verdict = _verdict(root / name, *named[name], moving.get(name, frozenset()))
        progress.advance(named[name][1], packages=name in packages)
        return verdict

    with (
        progress.counting("Checking", len(packages), sum(size for _, size in named.values())),
        ThreadPoolExecutor(max_workers=os.cpu_count()) as executor,
    ):
        verdicts = dict(zip(named, executor.map(one, named), strict=True))
    found = set(_files(root))
    own = {MANIFEST_NAME, journal.JOURNAL_NAME}
    return Report(
        missing=tuple(sorted(name for name, verdict in verdicts.items() if verdict == "missing")),
        changed=tuple(sorted(name for name, verdict in verdicts.items() if verdict == "changed")),
        extra=tuple(sorted(found - set(named) - set(moving) - own)),
        files=len(named),
        size=sum(size for _, size in named.values()),
        unfinished=journal.exists(root),
    )


def _verdict(path: Path, sha256: str, size: int, others: frozenset[str]) -> str:
    """Whether a file is `good`, `missing` or `changed`."""
    try:
        if path.stat().st_size != size and not others:
            return "changed"
        found = hash_file(path).sha256
    except FileNotFoundError:
        return "missing"
    except OSError:
        return "changed"
    return "good" if found == sha256 or found in others else "changed"


def _files(root: Path) -> Iterator[str]:
    for folder, _, names in os.walk(root):
        for name in names:
            if name.lower() not in NOT_OURS:
                path = os.path.relpath(os.path.join(folder, name), root)
                yield path.replace(os.sep, "/")
