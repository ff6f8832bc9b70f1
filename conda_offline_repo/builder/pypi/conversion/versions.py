"""Versions and ranges of versions, from PyPI's rules (PEP 440) to conda's.

What is written here means the same to conda 24.7, libmamba and rattler.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from packaging.specifiers import Specifier
from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

#: The numbers of Python's versions, as conda packages state bounds: `<3.13.0a0`.
PYTHON_PARTS = 3
#: The numbers that a version usually has at most.
MOST_PARTS = 4


def conda_version(version: Version) -> str:
    """Return a version as conda orders it.

    conda takes `1.0.dev1` to be newer than `1.0rc1`, and `1.0+cpu` to be older than `1.0`; it
    orders `1.0dev1` and `1.0+1.cpu` as PyPI does.
    """
    text = version.public
    if version.is_devrelease and version.pre is None and version.post is None:
        text = text.replace(".dev", "dev")
    if not version.local:
        return text
    return f"{text}+{'' if version.local[0].isdigit() else '1.'}{version.local}"


def conda_range(specifiers: Iterable[Specifier], parts: int = 1) -> str:
    """Return conda's text for a range of versions, empty if any version will do.

    A range includes the local versions of its bounds, and `<2` no pre-release of 2, as on PyPI.

    Args:
        specifiers: All of them hold.
        parts: The numbers that the version of an upper bound has at least.
    """
    spelt = [plain for specifier in specifiers for plain in _plain(specifier)]
    ordered = sorted(spelt, key=lambda s: (_bound(s), s.operator != ">=", str(s)))
    return ",".join(dict.fromkeys(_clause(specifier, parts) for specifier in ordered))


def python_range(specifiers: SpecifierSet) -> str:
    """Return conda's text for a range of Pythons, without what follows from the rest."""
    spelt = [plain for specifier in specifiers for plain in _plain(specifier)]
    low = max((_bound(s) for s in spelt if s.operator == ">="), default=Version("0"))
    high = min((_bound(s) for s in spelt if s.operator == "<"), default=Version("999"))
    kept = [s for s in spelt if not _follows(s, low, high)]
    return conda_range(kept, PYTHON_PARTS)


def _plain(specifier: Specifier) -> tuple[Specifier, ...]:
    """Return a specifier without `~=`."""
    if specifier.operator != "~=":
        return (specifier,)
    bound = _bound(specifier)
    *shorter, last = bound.release[:-1]
    return Specifier(f">={bound}"), Specifier(f"<{_of(bound.epoch, (*shorter, last + 1))}")


def _follows(specifier: Specifier, low: Version, high: Version) -> bool:
    bound = _bound(specifier)
    if specifier.operator == ">=":
        return bound != low
    if specifier.operator == "<":
        return bound != high
    if specifier.operator == "!=":
        return bound >= high or (bound < low and not low.public.startswith(f"{bound}."))
    return False


def _bound(specifier: Specifier) -> Version:
    try:
        return Version(specifier.version.removesuffix(".*"))
    except InvalidVersion:  # `===` takes any text
        return Version("0")


def _clause(specifier: Specifier, parts: int) -> str:
    operator, bound = specifier.operator, _bound(specifier)
    version = conda_version(bound)
    if operator == "===":
        return f"=={version}"
    if specifier.version.endswith(".*"):
        return f"{'!=' if operator == '!=' else ''}{version}.*"
    if operator == "==" and not bound.local:
        return f">={version},<{_after(bound)}"
    if operator == "<=":
        return f"<{_after(bound)}"
    if operator == "<":
        return f"<{_before(bound, parts)}"
    return f"{operator}{version}"


def _after(version: Version) -> str:
    """Return what is more than a version and its local versions, and less than all above it."""
    if version.pre or version.dev is not None or version.post is not None:
        return f"{conda_version(version)}.0.1"
    release = [*version.release, 0]
    release += [0] * (MOST_PARTS - len(release))
    return f"{_of(version.epoch, release)}.1"


def _before(version: Version, parts: int) -> str:
    """Return what is less than all pre-releases of a version, and more than all below it."""
    if version.is_prerelease:
        return conda_version(version)
    if version.is_postrelease:
        return f"{conda_version(version)}.dev0"
    release = [*version.release]
    while release[-1] == 0 and len(release) > 1:
        release.pop()
    release += [0] * (parts - len(release))
    return f"{_of(version.epoch, release)}a0"


def match_spec(name: str, specifier: SpecifierSet, *, local: bool = False) -> str:
    """Return the MatchSpec of a conda package in versions that a specifier allows, as a person
    would write it where it is for one version.

    Args:
        name: Of the package.
        specifier: The versions.
        local: Whether the package may be a local version, which conda's `==1.0` does not match.
    """
    exact = [Version(s.version) for s in specifier if s.operator == "==" and "*" not in s.version]
    if len(exact) == len(specifier) == 1 and not (exact[0].local or local):
        return f"{name} =={conda_version(exact[0])}"
    return f"{name} {conda_range(specifier)}".rstrip()


def _of(epoch: int, release: Iterable[int]) -> Version:
    return Version(f"{epoch}!{'.'.join(map(str, release))}")
