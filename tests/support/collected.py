"""Archives that are collected while nothing else is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda_offline_repo.builder.archives.collect import collecting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from conda_offline_repo.builder.archives.archive import Archive
    from conda_offline_repo.builder.archives.local import LocalArchives
    from conda_offline_repo.builder.upstream.entry import Entry
    from conda_offline_repo.progress import Progress


def collect(
    entries: Iterable[Entry],
    repository: Path,
    staging: Path,
    progress: Progress,
    local: LocalArchives,
    arrived: Callable[[Archive], None],
) -> tuple[Archive, ...]:
    """Return what `collecting` collects, when all is there."""
    with collecting(entries, repository, staging, progress, local, arrived) as finished:
        return finished()
