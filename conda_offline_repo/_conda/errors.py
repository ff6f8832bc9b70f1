"""What the errors mean that conda raises or lets through, and what they hold."""

from __future__ import annotations

from errno import EACCES, EAGAIN, EDEADLK, ENOLCK
from pathlib import Path
from typing import TYPE_CHECKING

from conda import CondaError
from conda.base.context import context
from conda.exceptions import (
    ChannelError,
    CondaHTTPError,
    LockError,
    PackagesNotFoundError,
    ResolvePackageNotFound,
    SpecsConfigurationConflictError,
    UnavailableInvalidChannel,
    UnsatisfiableError,
)

from .exceptions import IndexCacheError

if TYPE_CHECKING:
    from collections.abc import Callable

#: A server answers with an HTTP status, or not at all.
UNAVAILABLE = (CondaHTTPError, UnavailableInvalidChannel)
#: How solvers say that there is no solution; some end the process where others raise.
UNSOLVED = (
    PackagesNotFoundError,
    ResolvePackageNotFound,
    SpecsConfigurationConflictError,
    SystemExit,
    UnsatisfiableError,
)
#: How Python says that an index is not what conda and the solvers take it for.
MALFORMED = (AssertionError, AttributeError, KeyError, RuntimeError, TypeError, ValueError)
#: What a panic of rattler's becomes in Python; the class has no public name.
PANIC = "RustPanic"
#: How systems say that somebody else has a lock, or that there is none to be had.
LOCKED = (EACCES, EAGAIN, EDEADLK, ENOLCK)


def status_code(error: CondaError) -> int | None:
    """Return the HTTP status behind an error of conda's, None where there was no answer at all."""
    status = getattr(error, "status_code", None) or error._kwargs.get("status_code")
    return status if isinstance(status, int) else None


def address(error: CondaError) -> str:
    """Return the URL that one of `UNAVAILABLE` is about; it may hold credentials."""
    return error._kwargs.get("url") or error._kwargs.get("channel_url") or ""


def refuses_base_url(error: BaseException) -> bool:
    """Return whether conda does not take the `info.base_url` of an index."""
    return type(error) is ChannelError


def not_found(error: BaseException) -> list[str] | None:
    """Return the packages that one of `UNSOLVED` says are in no channel; None if it says another
    thing.
    """
    if not isinstance(error, (PackagesNotFoundError, ResolvePackageNotFound)):
        return None
    packages = error._kwargs.get("packages") or getattr(error, "packages", None) or error.bad_deps
    return [" ".join(map(str, p)) if isinstance(p, (list, tuple)) else str(p) for p in packages]


def breaks_over_an_index(error: BaseException) -> bool:
    """Return whether this is how py-rattler says that it cannot read an entry of an index.

    It raises a plain OSError without a number. conda's own, such as that for a lock, are classes
    of their own, and those of requests, too.
    """
    without_number = type(error) is OSError and error.errno is None
    return without_number or type(error).__name__ == PANIC


def index_cache_error(error: BaseException) -> IndexCacheError | None:
    """Return what to raise where conda cannot use its cache of indexes; None if that is not so.

    Args:
        error: What conda raised while it read an index. Before 25.9 it let the system's own errors
            through, for a lock too.
    """
    path, reason = None, str(error)
    if isinstance(error, LockError):
        locked = True
    elif type(error).__module__ == "sqlite3":  # the cache of shards
        locked = "locked" in reason
    elif isinstance(error, OSError) and not isinstance(error, CondaError) and error.errno:
        path, reason = error.filename, str(error.strerror)
        locked = path is None and error.errno in LOCKED
    else:
        return None
    if path is None:  # of a lock, or of a file that is open already
        from conda.gateways.repodata import create_cache_dir

        path = create_cache_dir()
    elif not any(Path(str(path)).is_relative_to(folder) for folder in context.pkgs_dirs):
        return None
    return IndexCacheError(path, "it is locked" if locked else reason, locked=locked)


def change_texts(error: CondaError, change: Callable[[str], str]) -> None:
    """Change all texts that conda's report shows of an error, in place."""
    for name, value in vars(error).items():
        if not name.startswith("_") and value and not isinstance(value, (bool, int)):
            parts = value if isinstance(value, (list, tuple, set)) else (value,)
            setattr(error, name, ", ".join(change(str(part)) for part in parts))
    # conda applies `%` with the keywords to the text: before 26.7 always, since then if any
    error.message = change(str(error)).replace("%", "%%")
    error._kwargs = {"redacted": True}
    error._caused_by = None
