"""conda-lock.yml, as conda-lock documents its format, and pixi.lock to version 3, which is alike.

It is read here because py-rattler refuses the file for what a build does not need, such as what
packages of pip's depend on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....repository.names import check_platform
from ..channels import expanded
from .exceptions import InputFileError, Problems, check_only
from .pinned import Environment, absolute_url, pin, together
from .pip_line import exact_wheel
from .plain_yaml import is_text, load

if TYPE_CHECKING:
    from .pinned import PinnedArchive, PinnedWheel

VERSIONS = (1, 2, 3)


def read_conda_lock(path: Path, text: str, only: Collection[str]) -> Environment:
    """Return the archives of a lock file, and the wheels of its packages of pip's, by platform.

    conda-lock solves all categories together, so they make one environment. Variables in the URLs
    stand for what the environment of this process says. Paths are relative to the file.

    Args:
        only: The categories to take; none for all.

    Raises:
        InputFileError: It cannot be read, or names no archive of these; has all mistakes.
    """
    packages = _packages(path, text)
    known = {category for package in packages for category in _categories(package)}
    check_only(path, "category", only, known)
    problems = Problems(path)
    archives: defaultdict[str, list[PinnedArchive]] = defaultdict(list)
    wheels: defaultdict[str, list[PinnedWheel]] = defaultdict(list)
    foreign: dict[str, dict[str, dict[str, str]]] = {}
    for package in packages:
        categories = _categories(package)
        if only and categories.isdisjoint(only):
            continue
        name, platform = package["name"], package["platform"]
        digests = package.get("hash") or package
        if package.get("manager", package.get("kind", "conda")) != "conda":
            with problems.noting(f"{name} for {platform}: "):
                check_platform(platform)
            hashes = [f"sha256:{digests['sha256']}"] if digests.get("sha256") else []
            try:
                wheel = exact_wheel(expanded(package["url"]), hashes, path.parent)
                wheels[platform].append(wheel)
            except ValueError as error:
                for category in sorted(categories.intersection(only or known)):
                    reasons = foreign.setdefault(platform, {}).setdefault(category, {})
                    reasons[name] = str(error)
            continue
        where = f"{name} for {platform} is not an archive of a channel: "
        with problems.noting(where):
            check_platform(platform)
            url = absolute_url(expanded(package["url"]), path.parent)
            archives[platform].append(pin(url, digests.get("sha256"), digests.get("md5")))
    exact = {}
    for platform, pins in sorted(archives.items()):
        with problems.noting(f"for {platform}, "):
            _, exact[platform] = together(pins, platform)
    problems.check()
    if not exact and not foreign:
        raise InputFileError(path, "it names no archive")
    return Environment(
        exact=exact,
        foreign=foreign,
        wheels={platform: tuple(own) for platform, own in sorted(wheels.items())},
        groups=tuple(sorted(only or known)),
    )


def _packages(path: Path, text: str) -> list[dict[str, Any]]:
    content = load(path, text, fast=True)
    version = content.get("version")
    if version not in VERSIONS:
        raise InputFileError(
            path,
            f"it is a conda-lock.yml of format version {version!r}, and 1 is read",
            "Make it anew: conda-lock lock",
        )
    packages: list[dict[str, Any]] = content["package"] or []
    for number, package in enumerate(packages if isinstance(packages, list) else [None], start=1):
        if problem := "; ".join(_wrong(package)):
            raise InputFileError(path, f"number {number} of `package`: {problem}")
    return packages


def _wrong(package: Any) -> Iterator[str]:
    if not isinstance(package, dict):
        yield "it is not a package"
        return
    for key in ("name", "platform", "url"):
        if not is_text(package.get(key)):
            yield f"it has no {key}"
    digests = package.get("hash") or package
    if not isinstance(digests, dict):
        yield "its `hash` is not one"
    else:
        for key in ("sha256", "md5"):
            if not isinstance(digests.get(key) or "", str):
                yield f"its {key} is not a digest"


def _categories(package: dict[str, Any]) -> set[str]:
    categories = package.get("categories") or [package.get("category") or "main"]
    return set(map(str, categories)) if isinstance(categories, list) else {str(categories)}
