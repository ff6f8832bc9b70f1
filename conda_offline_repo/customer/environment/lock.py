"""Environments that are not to be changed: while another `use` is at work, or because they are
frozen (CEP 22).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..._conda import features
from ...files.lock import acquire, release
from ...files.permissions import shared
from ..exceptions import FrozenEnvironmentError
from .files import cannot_be_written, read_text

LOCK_NAME = "offline-repo.lock"


@contextmanager
def exclusive(prefix: Path, waiting: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock of an environment, made or not, and make files for whom the environment is.

    Args:
        prefix: Its folder; made if need be, and removed again if it stays empty.
        waiting: Called once with who holds the lock, if it is another `use`.

    Raises:
        TargetError: The folder cannot be written.
    """
    try:
        with shared(prefix):
            lock = acquire(prefix / "conda-meta" / LOCK_NAME, waiting)
    except OSError as error:
        raise cannot_be_written(prefix, error) from error
    try:
        with shared(prefix):  # which exists now
            yield
    finally:
        release(lock)


def check_not_frozen(prefix: Path) -> None:
    """Refuse to change an environment with `conda-meta/frozen`, unless conda is to override that.

    Raises:
        CondaError: It is frozen; conda's own error, where this conda has it.
    """
    path = prefix / "conda-meta" / "frozen"
    if not features.protects_frozen() or not os.path.lexists(path):
        return
    try:
        message = json.loads(read_text(path))["message"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        message = ""
    message = message if isinstance(message, str) else ""
    raise features.frozen_error(prefix, message) or FrozenEnvironmentError(prefix, message)
