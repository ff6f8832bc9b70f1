"""One `use` of an environment at a time."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from ...files.lock import acquire, release
from ..exceptions import TargetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LOCK_NAME = "offline-repo.lock"


@contextmanager
def exclusive(prefix: Path, waiting: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock of an environment, made or not.

    Args:
        prefix: Its folder; it is made if need be, and is gone again if it is left empty.
        waiting: Told once who holds the lock, if it is another `use`.

    Raises:
        TargetError: The folder cannot be written.
    """
    try:
        lock = acquire(prefix / "conda-meta" / LOCK_NAME, waiting)
    except OSError as error:
        raise TargetError(
            f"{prefix} cannot be written: {error.strerror or error}.",
            "Give another path with -p, or ask for write permission to this one.",
        ) from error
    try:
        yield
    finally:
        release(lock)
