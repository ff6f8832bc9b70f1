"""The meaning of the errors that conda raises or lets through."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from errno import EACCES, EAGAIN, EDEADLK, ENOLCK
from pathlib import Path
from socket import gaierror

from conda import CondaError, CondaMultiError
from conda.base.context import context
from conda.exceptions import (
    ChannelError,
    CondaUpgradeError,
    InvalidSpec,
    LockError,
    PackagesNotFoundError,
    ResolvePackageNotFound,
    SpecsConfigurationConflictError,
    UnsatisfiableError,
)

from .exceptions import IndexCacheError

#: No solution exists; some solvers end the process instead of raising an error.
UNSOLVED = (
    PackagesNotFoundError,
    ResolvePackageNotFound,
    SpecsConfigurationConflictError,
    SystemExit,
    UnsatisfiableError,
)
#: Python's errors where an index is not as conda and the solvers expect.
MALFORMED = (
    AssertionError,
    AttributeError,
    EOFError,
    KeyError,
    RuntimeError,
    TypeError,
    ValueError,
)
#: Errors of the same kind whose classes have no public name: each implementation of zstd has its
#: own.
MALFORMED_TOO = "ZstdError"
#: How requests begins to tell that a file of certificates does not exist.
NO_CERTIFICATES = "Could not find "
#: A panic of rattler's in Python; the class has no public name.
PANIC = "RustPanic"
#: Another process has a lock, or the file system has no locks.
LOCKED = (EACCES, EAGAIN, EDEADLK, ENOLCK)


def status_code(error: BaseException) -> int | None:
    """Return the HTTP status in an error of conda's or requests', None if no server answered."""
    keywords, response = getattr(error, "_kwargs", {}), getattr(error, "response", None)
    status = getattr(error, "status_code", None) or keywords.get("status_code")
    status = status or getattr(response, "status_code", None)
    return status if isinstance(status, int) else None


def address(error: BaseException) -> str:
    """Return the URL in an error of conda's or requests', which may hold credentials; empty if it
    has none.
    """
    keywords, request = getattr(error, "_kwargs", {}), getattr(error, "request", None)
    url = keywords.get("url") or keywords.get("channel_url") or getattr(request, "url", None)
    return str(url or "")


def missing_certificates(error: BaseException) -> str:
    """Return the file of certificates that is set and that requests does not find; empty for an
    error of another kind.
    """
    if type(error) is not OSError or not str(error).startswith(NO_CERTIFICATES):
        return ""
    return str(error).partition("invalid path: ")[2]


def is_malformed(error: BaseException) -> bool:
    """Return whether conda or a solver fails like this where an index is not as they expect."""
    return isinstance(error, MALFORMED) or type(error).__name__ == MALFORMED_TOO


def refuses_base_url(error: BaseException) -> bool:
    """Return whether conda refuses the `info.base_url` of an index."""
    return type(error) is ChannelError


def not_found(error: BaseException) -> list[str] | None:
    """Return the packages that, by one of `UNSOLVED`, are in no channel; None for other reasons."""
    if not isinstance(error, (PackagesNotFoundError, ResolvePackageNotFound)):
        return None
    packages = error._kwargs.get("packages") or getattr(error, "packages", None) or error.bad_deps
    return [" ".join(map(str, p)) if isinstance(p, (list, tuple)) else str(p) for p in packages]


def fails_by_itself(error: BaseException) -> bool:
    """Return whether a solver raises this over an index that it cannot read, or out of a fault of
    its own.

    Over an index, py-rattler raises a plain OSError without a number; those of conda and requests
    have their own classes. What conda is asked for is parsed before, so an invalid specification is
    one of the index; so is what conda takes for newer than itself.
    """
    if isinstance(error, (CondaUpgradeError, InvalidSpec)):
        return True
    if isinstance(error, OSError):
        plain = type(error) is OSError and error.errno is None
        return plain and not missing_certificates(error)
    if isinstance(error, (CondaError, MemoryError)):
        return False
    return isinstance(error, Exception) or type(error).__name__ == PANIC


def index_cache_error(error: BaseException) -> IndexCacheError | None:
    """Return our error where conda cannot use its cache of indexes; None for other errors.

    `error` was raised while conda read an index; before 25.9, the system's own for a lock, too.
    """
    path, reason = None, str(error)
    if isinstance(error, LockError):
        locked = True
    elif type(error).__module__ == "sqlite3":  # the cache of shards
        locked = "locked" in reason
    elif isinstance(error, (ConnectionError, TimeoutError, gaierror)) and not error.filename:
        return None
    elif isinstance(error, OSError) and not isinstance(error, CondaError) and error.errno:
        path, reason = error.filename, str(error.strerror)
        locked = isinstance(error, FileExistsError) or (path is None and error.errno in LOCKED)
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
        # after a roll-back, conda puts an empty tuple among them
        error.errors = [_of_conda(part) for part in error.errors if isinstance(part, Exception)]
        for part in error.errors:
            change_texts(part, change)
        return
    for name, value in vars(error).items():
        if not name.startswith("_") and value and not isinstance(value, (bool, int)):
            parts = value if isinstance(value, (list, tuple, set)) else (value,)
            setattr(error, name, ", ".join(change(str(part)) for part in parts))
    # conda applies `%` with the keywords to the text: before 26.7 always, since then if any
    error.message = change(text_of(error)).replace("%", "%%")
    error._kwargs = {"redacted": True}
    error._caused_by = None


def text_of(error: CondaError) -> str:
    """Return the text of an error, also where a link script has printed a `%`, which conda before
    26.7 takes for the place of a keyword.
    """
    with suppress(ValueError, TypeError, KeyError):
        if error._kwargs or type(error).__str__ is not CondaError.__str__:
            return str(error)
    return str(error.message)


def _of_conda(error: Exception) -> CondaError:
    """Return an error, or one of conda's in its place: conda's report as JSON takes no others."""
    if isinstance(error, CondaError):
        return error
    return CondaError(str(error).replace("%", "%%"), redacted=True)
