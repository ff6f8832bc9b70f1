"""Compare a repository with its manifest, file by file."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..files.hashing import UNREADABLE, exists, hash_file
from ..files.web import Place, WebFolder, is_web_page
from ..files.workers import run_all
from .exceptions import UnreadableError
from .halfway import check_current
from .manifest import BESIDE, INDEX_NAME, MANIFEST_NAME
from .names import OF_SYSTEMS, SIBLINGS, is_sibling
from .signing.signature import SIGNATURE_NAME
from .transition import read_next, unfinished

if TYPE_CHECKING:
    from ..progress import Progress
    from .locate import Repository


@dataclass(frozen=True, kw_only=True)
class Report:
    """The damage of a repository, as paths below it.

    Attributes:
        missing: Files in the manifest that do not exist.
        changed: Files with other bytes than the manifest says.
        unreadable: Files that exist, but cannot be read.
        extra: Files that are not in the manifest.
        misleading: Those among the extra ones that conda reads in the place of an index.
        listed: Whether all files of the folder could be listed, as a web server does not; there,
            `extra` has just those that it was asked for, which are misleading.
        files: How many files the manifest names.
        size: Their bytes.
        unfinished: Whether a publication was under way or was interrupted; then each file may be
            in its old or its new state, as the manifests say.
    """

    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    misleading: tuple[str, ...] = ()
    listed: bool = True
    files: int
    size: int
    unfinished: bool = False

    @property
    def good(self) -> bool:
        """Whether every file of the manifest is right; extra ones do no harm to these."""
        return not self.missing and not self.changed and not self.unreadable


def verify(repository: Repository, progress: Progress) -> Report:
    """Read every file of the repository and compare it with the manifest.

    Raises:
        UnreadableError: It has gone meanwhile.
        ChangedError: A web server has another release meanwhile.
    """
    root, manifest = repository.path, repository.manifest
    files, packages = manifest.everything, manifest.packages
    names = tuple(dict.fromkeys((*files, *manifest.on_the_way)))

    def verdict(name: str) -> str:
        result = _verdict(root / name, manifest.allowed(name))
        if name in files:
            progress.advance(files[name].size, packages=name in packages)
        return result

    size = sum(file.size for file in files.values())
    with progress.counting("Checking", len(packages), size):
        threads = root.at_once if isinstance(root, WebFolder) else None
        verdicts = sorted(zip(names, run_all(verdict, names, threads), strict=True))
    if any(result != "good" for _, result in verdicts):
        check_not_gone(root, root / MANIFEST_NAME)
        check_current(root, manifest)
    others = _beside(root, names) if isinstance(root, WebFolder) else _files(root)
    extra = sorted({*others}.difference(names, {MANIFEST_NAME, SIGNATURE_NAME}, BESIDE))
    return Report(
        missing=tuple(name for name, result in verdicts if result == "missing" and name in files),
        changed=tuple(name for name, result in verdicts if result == "changed"),
        unreadable=tuple(name for name, result in verdicts if result == "unreadable"),
        extra=tuple(extra),
        misleading=tuple(name for name in extra if "/" in name and is_sibling(name)),
        listed=not isinstance(root, WebFolder),
        files=len(files),
        size=size,
        unfinished=unfinished(root, manifest, read_next(root)),
    )


def check_not_gone(place: Place, proof: Place) -> None:
    """See that a folder or file is still there, as long as the path `proof` exists.

    Raises:
        UnreadableError: It has gone, so that what was read of it proves nothing.
    """
    try:
        if exists(proof):
            return
        error = OSError(errno.ENOENT, "it has gone, as when a stick is pulled out")
    except OSError as problem:  # of a web server
        error = problem
    raise UnreadableError(place, error)


def _verdict(path: Place, allowed: Mapping[str, int]) -> str:
    """Return whether a file is `good`, `missing`, `changed` or `unreadable`."""
    limit = max(allowed.values())
    try:
        if isinstance(path, Path) and path.stat().st_size not in allowed.values():
            return "changed"
        digests = hash_file(path, limit=limit)
    except FileNotFoundError:
        return "missing"
    except OSError as error:
        return "unreadable" if error.errno in UNREADABLE else "changed"
    return "good" if allowed.get(digests.sha256) == digests.size else "changed"


def _beside(root: WebFolder, names: Iterable[str]) -> Iterator[str]:
    """Yield the files on a server, of which it tells none, that conda may read in the place of an
    index among these names.
    """
    subdirs = {name.rpartition("/")[0] for name in names if name.endswith(f"/{INDEX_NAME}")}
    siblings = [f"{subdir}/{sibling}" for subdir in sorted(subdirs) for sibling in SIBLINGS]
    has = run_all(lambda name: _is_sent(root / name), siblings, root.at_once)
    yield from (name for name, sent in zip(siblings, has, strict=True) if sent)


def _is_sent(path: WebFolder) -> bool:
    """Return whether a server has a file, not a page for what it does not have or show."""
    try:
        with path.open() as file:
            return not is_web_page(file.read(1 << 10))
    except OSError as error:
        if isinstance(error, (FileNotFoundError, PermissionError)):
            return False
        raise UnreadableError(path, error) from error


def _files(root: Path) -> Iterator[str]:
    """Yield the paths below a folder: files, and folders that are links or cannot be read."""
    closed: list[str] = []
    for folder, folders, names in os.walk(root, onerror=lambda e: closed.append(str(e.filename))):
        folders[:] = [name for name in folders if not OF_SYSTEMS.fullmatch(name)]
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        for name in (*names, *links):
            if not OF_SYSTEMS.fullmatch(name):
                yield Path(folder, name).relative_to(root).as_posix()
    for folder in closed:
        yield Path(folder).relative_to(root).as_posix()
