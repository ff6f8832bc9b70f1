"""The meaning of the errors that conda raises or lets through."""

from __future__ import annotations

from errno import EACCES, EAGAIN, EDEADLK, ENOLCK
from pathlib import Path
from typing import TYPE_CHECKING

from conda import CondaError, CondaMultiError
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

#: A server answers with an HTTP error, or not at all.
UNAVAILABLE = (CondaHTTPError, UnavailableInvalidChannel)
#: No solution exists; some solvers end the process instead of raising an error.
UNSOLVED = (
    PackagesNotFoundError,
    ResolvePackageNotFound,
    SpecsConfigurationConflictError,
    SystemExit,
    UnsatisfiableError,
)
#: Python's errors where an index is not as conda and the solvers expect.
MALFORMED = (AssertionError, AttributeError, KeyError, RuntimeError, TypeError, ValueError)
#: A panic of rattler's in Python; the class has no public name.
PANIC = "RustPanic"
#: Another process has a lock, or the file system has no locks.
LOCKED = (EACCES, EAGAIN, EDEADLK, ENOLCK)


def status_code(error: CondaError) -> int | None:
    """Return the HTTP status in an error of conda's, None if the server did not answer."""
    status = getattr(error, "status_code", None) or error._kwargs.get("status_code")
    return status if isinstance(status, int) else None


def address(error: CondaError) -> str:
    """Return the URL of one of `UNAVAILABLE`, which may hold credentials."""
    return error._kwargs.get("url") or error._kwargs.get("channel_url") or ""


def refuses_base_url(error: BaseException) -> bool:
    """Return whether conda refuses the `info.base_url` of an index."""
    return type(error) is ChannelError


def not_found(error: BaseException) -> list[str] | None:
    """Return the packages that, by one of `UNSOLVED`, are in no channel; None for other reasons."""
    if not isinstance(error, (PackagesNotFoundError, ResolvePackageNotFound)):
        return None
    packages = error._kwargs.get("packages") or getattr(error, "packages", None) or error.bad_deps
    return [" ".join(map(str, p)) if isinstance(p, (list, tuple)) else str(p) for p in packages]


def breaks_over_an_index(error: BaseException) -> bool:
    """Return whether py-rattler cannot read an entry of an index.

    It raises a plain OSError without a number; those of conda and requests have their own classes.
    """
    without_number = type(error) is OSError and error.errno is None
    return without_number or type(error).__name__ == PANIC


def index_cache_error(error: BaseException) -> IndexCacheError | None:
    """Return our error where conda cannot use its cache of indexes; None for other errors.

    `error` was raised while conda read an index; before 25.9, the system's own for a lock, too.
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
    if path is None:  # a lock, or a file that is already open
        from conda.gateways.repodata import create_cache_dir

        path = create_cache_dir()
    elif not any(Path(str(path)).is_relative_to(folder) for folder in context.pkgs_dirs):
        return None
    return IndexCacheError(path, "it is locked" if locked else reason, locked=locked)


def change_texts(error: CondaError, change: Callable[[str], str]) -> None:
    """Change in place all texts of an error, or of several in one, that conda's report shows."""
    if isinstance(error, CondaMultiError):
        error.errors = [_of_conda(each) for each in error.errors]
        for each in error.errors:
            change_texts(each, change)
        return
    for name, value in vars(error).items():
        if not name.startswith("_") and value and not isinstance(value, (bool, int)):
            parts = value if isinstance(value, (list, tuple, set)) else (value,)
            setattr(error, name, ", ".join(change(str(part)) for part in parts))
    # conda applies `%` with the keywords to the text: before 26.7 always, since then if any
    error.message = change(str(error)).replace("%", "%%")
    error._kwargs = {"redacted": True}
    error._caused_by = None


def _of_conda(error: Exception) -> CondaError:
    """Return an error, or one of conda's in its place: conda's report as JSON takes no others."""
    if isinstance(error, CondaError):
        return error
    return CondaError(str(error).replace("%", "%%"), redacted=True)
