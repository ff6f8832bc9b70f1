"""conda-lock.yml and pixi.lock, through py-rattler."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ....exceptions import InvalidRequestError
from ....repository.names import LABEL, check_platform
from .exceptions import LONGEST, InputFileError, LockReaderMissingError, PipPartsError, shown
from .locked import NOARCH, Environment, absolute_url, pin, together

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .locked import PinnedArchive

BRACKET = re.compile(r"[\[\]{}]")
DEPTH = 1000


def read_lock_file(path: Path, text: str) -> tuple[Environment, ...]:
    """Return the environments of a lock file, sorted by name, each for all its platforms.

    A conda-lock.yml has one environment: all of it, whatever the categories. conda-lock solves them
    together. Environments without any package are left out. Paths are seen from the file.

    Raises:
        InputFileError: It cannot be read, names no archive, or what it names is not in a channel.
        PipPartsError: It has packages for pip.
        LockReaderMissingError: py-rattler is not installed.
    """
    lock = _parsed(path, text)
    _check_kinds(path, lock)
    found = {}
    for name, environment in sorted(lock.environments(), key=lambda item: item[0]):
        if exact := _exact(path, name, environment):
            channels = tuple(map(str, environment.channels()))
            found[name] = Environment(name=name, exact=exact, channels=channels)
    if not found:
        raise InputFileError(path, "it names no archive")
    if len(found) == 1:
        (only,) = found.values()
        return (Environment(exact=only.exact, channels=only.channels),)
    for name in found:
        if not LABEL.fullmatch(name):
            raise InputFileError(path, f"{name!r} cannot be the name of an environment")
    return tuple(found.values())


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

    pip, sources = set(), set()
    for _, environment in lock.environments():
        for _, package in _packages(environment):
            if isinstance(package, PypiLockedPackage):
                pip.add(str(package.name))
            elif not isinstance(package, CondaLockedBinaryPackage):
                sources.add(str(package.name))
    if pip:
        raise PipPartsError(path, sorted(pip))
    if sources:
        raise InputFileError(
            path,
            f"it has packages that are built from their sources: {', '.join(sorted(sources))}",
            "Build them into a channel of your own and lock them from there.",
        )


def _packages(environment: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each package with the platform that it is locked for."""
    for platform in environment.platforms():
        for package in environment.packages(platform) or ():
            yield platform, package


def _exact(path: Path, name: str, environment: Any) -> dict[str, tuple[PinnedArchive, ...]]:
    """Return the archives of an environment by platform, of those that have any."""
    found: dict[str, dict[str, list[PinnedArchive]]] = {}
    for platform, package in _packages(environment):
        subdir = str(platform.subdir)
        try:
            check_platform(subdir)
            archive = _archive(path, package)
        except (InvalidRequestError, ValueError) as error:
            problem = str(error).partition("\n")[0].rstrip(".")
            raise InputFileError(
                path,
                f"{package.name} for {platform.name} is not an archive of a channel: {problem}",
            ) from None
        found.setdefault(subdir, {}).setdefault(platform.name, []).append(archive)
    exact = {}
    for subdir, variants in sorted(found.items()):
        if len(variants) > 1:
            raise InputFileError(
                path,
                f"its environment {name!r} is locked for {subdir} in several ways: "
                f"{', '.join(sorted(variants))}",
                "A repository has one solution for a platform: lock those as environments.",
            )
        (archives,) = variants.values()
        try:
            ((platform, exact[subdir]),) = together(archives).items()
            if platform not in (subdir, NOARCH):
                raise ValueError(f"it has packages for {platform}")
        except ValueError as error:
            where = f"in its environment {name!r} for {subdir}"
            raise InputFileError(path, f"{where}, {error}") from None
    return exact


def _archive(path: Path, package: Any) -> PinnedArchive:
    record = package.package_record
    return pin(
        absolute_url(str(package.location), path.parent),
        sha256=record.sha256.hex() if record.sha256 else None,
        md5=record.md5.hex() if record.md5 else None,
    )
