"""conda-lock.yml and pixi.lock, through py-rattler."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ....repository.names import LABEL, check_platform
from .exceptions import (
    LONGEST,
    InputFileError,
    LockReaderMissingError,
    PipPartsError,
    shown,
    unusable,
)
from .pinned import NOARCH, Environment, absolute_url, pin, together

if TYPE_CHECKING:
    from typing import Any

    from .pinned import PinnedArchive

BRACKET = re.compile(r"[\[\]{}]")
DEPTH = 1000


def read_lock_file(path: Path, text: str) -> tuple[Environment, ...]:
    """Return the environments of a lock file, sorted by name, each for all its platforms.

    A conda-lock.yml has one environment: all of it, whatever the categories. conda-lock solves them
    together. Environments without any package are left out. Paths are relative to the file.

    Raises:
        InputFileError: It cannot be read, names no archive, or one that is not in a channel.
        PipPartsError: It has packages for pip.
        LockReaderMissingError: py-rattler is not installed.
    """
    lock = _parsed(path, text)
    _check_kinds(path, lock)
    environments = [
        Environment(name, exact=exact, channels=tuple(map(str, environment.channels())))
        for name, environment in sorted(lock.environments(), key=lambda pair: pair[0])
        if (exact := _exact(path, name, environment))
    ]
    if not environments:
        raise InputFileError(path, "it names no archive")
    if len(environments) == 1:
        return (replace(environments[0], name=""),)
    for environment in environments:
        if not LABEL.fullmatch(environment.name):
            raise InputFileError(path, f"{environment.name!r} cannot be the name of an environment")
    return tuple(environments)


def _parsed(path: Path, text: str) -> Any:
    try:
        from rattler import LockFile, LockPlatform  # noqa: F401  the second came with 0.24
        from rattler.exceptions import ParseCondaLockError
    except ImportError:
        raise LockReaderMissingError(path) from None
    if _is_deep(text):
        raise InputFileError(path, "it is nested too deep")
    with TemporaryDirectory(prefix="offline-repo-") as folder:
        # rattler opens whatever a path leads to, and takes a byte order mark for a document
        copy = Path(folder, "lock.yml")
        copy.write_bytes(text.encode())
        try:
            return LockFile.from_path(copy)
        except ParseCondaLockError as error:
            raise InputFileError(
                path,
                shown(" ".join(str(error).split()))[:LONGEST].rstrip("."),
                "If a newer pixi or conda-lock has written it: conda update -n base py-rattler",
            ) from None


def _is_deep(text: str) -> bool:
    """Return whether more brackets are open at once than rattler reads in a reasonable time."""
    depth = 0
    for bracket in BRACKET.finditer(text):
        depth = depth + 1 if bracket[0] in "[{" else max(depth - 1, 0)
        if depth > DEPTH:
            return True
    return False


def _check_kinds(path: Path, lock: Any) -> None:
    """Check that all packages are archives of channels."""
    from rattler import CondaLockedBinaryPackage, PypiLockedPackage

    packages = [
        package
        for _, environment in lock.environments()
        for platform in environment.platforms()
        for package in environment.packages(platform) or ()
    ]
    kinds = (PypiLockedPackage, CondaLockedBinaryPackage)
    pip = {str(package.name) for package in packages if isinstance(package, PypiLockedPackage)}
    sources = {str(package.name) for package in packages if not isinstance(package, kinds)}
    if pip:
        raise PipPartsError(path, sorted(pip))
    if sources:
        raise InputFileError(
            path,
            f"it has packages that are built from their sources: {', '.join(sorted(sources))}",
            "Build them into a channel of your own and lock them from there.",
        )


def _exact(path: Path, name: str, environment: Any) -> dict[str, tuple[PinnedArchive, ...]]:
    """Return the archives of an environment by platform, of those that have any."""
    variants: dict[str, list[str]] = defaultdict(list)
    exact = {}
    for platform in environment.platforms():
        subdir = str(platform.subdir)
        archives = [_archive(path, p, platform) for p in environment.packages(platform) or ()]
        if not archives:
            continue
        variants[subdir].append(platform.name)
        with unusable(path, where=f"in its environment {name!r} for {subdir}, "):
            own, exact[subdir] = together(archives)
            if own not in (subdir, NOARCH):
                raise ValueError(f"it has packages for {own}")
    for subdir, names in variants.items():
        if len(names) > 1:
            raise InputFileError(
                path,
                f"its environment {name!r} is locked for {subdir} in several ways: "
                f"{', '.join(sorted(names))}",
                "A repository has one solution for a platform: lock those as environments.",
            )
    return dict(sorted(exact.items()))


def _archive(path: Path, package: Any, platform: Any) -> PinnedArchive:
    record = package.package_record
    digests = [digest.hex() if digest else None for digest in (record.sha256, record.md5)]
    where = f"{package.name} for {platform.name} is not an archive of a channel: "
    with unusable(path, where=where):
        check_platform(str(platform.subdir))
        return pin(absolute_url(str(package.location), path.parent), *digests)
