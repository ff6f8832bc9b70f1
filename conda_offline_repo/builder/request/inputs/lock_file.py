"""pixi.lock, through py-rattler."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ....repository.names import LABEL, check_platform
from .exceptions import LONGEST, InputFileError, LockReaderMissingError, check_only, shown, unusable
from .pinned import Environment, absolute_url, pin, together
from .pip_line import exact_wheel

if TYPE_CHECKING:
    from .pinned import PinnedArchive, PinnedWheel

BRACKET = re.compile(r"[\[\]{}]")
DEPTH = 1000


def read_lock_file(path: Path, text: str, only: Collection[str]) -> tuple[Environment, ...]:
    """Return the environments of a lock file, sorted by name, each for all its platforms.

    Environments without any package are left out. Paths are relative to the file.

    Args:
        only: The environments to take; none for all.

    Raises:
        InputFileError: It cannot be read, or names no archive of these, or one that is not in a
            channel.
        LockReaderMissingError: py-rattler is not installed.
    """
    lock = _parsed(path, text)
    known = {name for name, _ in lock.environments()}
    check_only(path, "environment", only, known)
    environments = [
        _environment(path, name, environment)
        for name, environment in sorted(lock.environments(), key=lambda pair: pair[0])
        if not only or name in only
    ]
    environments = [env for env in environments if env.exact or env.foreign]
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
                "If a newer pixi has written it: conda update -n base py-rattler",
            ) from None


def _is_deep(text: str) -> bool:
    """Return whether more brackets are open at once than rattler reads in a reasonable time."""
    depth = 0
    for bracket in BRACKET.finditer(text):
        depth = depth + 1 if bracket[0] in "[{" else max(depth - 1, 0)
        if depth > DEPTH:
            return True
    return False


def _environment(path: Path, name: str, environment: Any) -> Environment:
    """Return an environment, with its archives for the platforms that have any."""
    from rattler import CondaLockedBinaryPackage, PypiLockedPackage

    variants: dict[str, list[str]] = defaultdict(list)
    exact, foreign, wheels = {}, {}, {}
    for platform in environment.platforms():
        subdir = str(platform.subdir)
        packages = environment.packages(platform) or ()
        archives = [p for p in packages if isinstance(p, CondaLockedBinaryPackage)]
        of_pip, refused = [], {}
        for package in packages:
            if isinstance(package, PypiLockedPackage):
                try:
                    of_pip.append(_wheel(path, package))
                except ValueError as error:
                    refused[str(package.name)] = str(error)
            elif package not in archives:
                refused[str(package.name)] = "a package that is built from its sources"
        if refused:
            foreign[subdir] = {name: refused}
        if of_pip:
            wheels[subdir] = tuple(sorted(of_pip, key=lambda wheel: wheel.url))
        if not archives:
            continue
        variants[subdir].append(platform.name)
        with unusable(path, where=f"in its environment {name!r} for {subdir}, "):
            pins = [_archive(path, package, platform) for package in archives]
            _, exact[subdir] = together(pins, subdir)
    for subdir, names in variants.items():
        if len(names) > 1:
            raise InputFileError(
                path,
                f"its environment {name!r} is locked for {subdir} in several ways: "
                f"{', '.join(sorted(names))}",
                "A repository has one solution for a platform: lock those as environments.",
            )
    channels = tuple(map(str, environment.channels()))
    exact = dict(sorted(exact.items()))
    return Environment(
        name, exact=exact, foreign=foreign, wheels=wheels, groups=(name,), channels=channels
    )


def _wheel(path: Path, package: Any) -> PinnedWheel:
    digest = getattr(package.hashes._hashes, "sha256", None)  # rattler 0.26 fails if there is none
    hashes = [f"sha256:{digest.hex()}"] if digest else []
    return exact_wheel(package.location.removeprefix("direct+"), hashes, path.parent)


def _archive(path: Path, package: Any, platform: Any) -> PinnedArchive:
    record = package.package_record
    digests = [digest.hex() if digest else None for digest in (record.sha256, record.md5)]
    where = f"{package.name} for {platform.name} is not an archive of a channel: "
    with unusable(path, where=where):
        check_platform(str(platform.subdir))
        return pin(absolute_url(str(package.location), path.parent), *digests)
