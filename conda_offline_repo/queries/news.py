"""What a release has that the one before did not: licences, scripts, decisions, attestations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from ..repository.manifest import Manifest, package_name
from .compare import at_release

if TYPE_CHECKING:
    from ..repository.package import Attester, Decision
    from .contents import ListedPackage

    _Key = TypeVar("_Key")


def new_licenses(
    old: Iterable[ListedPackage], new: Iterable[ListedPackage]
) -> dict[str, tuple[str, ...]]:
    """Return the licences that no old package has, each with the names of its new packages."""
    known = {package.license for package in old}
    return _grouped((each.license, each.name) for each in new if each.license not in known)


def new_scripts(old: Manifest, new: Manifest) -> dict[str, tuple[str, ...]]:
    """Return the kinds of `SCRIPTS` with the names of packages that run none of it in the old
    release, but in the new one; without those of which the old one does not say it.
    """
    old, new = (at_release(manifest, manifest.release) for manifest in (old, new))
    unknown = {package_name(name) for name, p in old.packages.items() if p.scripts is None}
    before, after = (
        {(kind, package_name(name)) for name, p in m.packages.items() for kind in p.scripts or {}}
        for m in (old, new)
    )
    return _grouped((kind, name) for kind, name in after - before if name not in unknown)


def new_decisions(old: Manifest, new: Manifest) -> tuple[Decision, ...]:
    """Return what the policy lets pass of packages of which it did not let that pass before."""
    known = {replace(d, archive=package_name(d.archive)) for d in old.decisions}
    both = ((d, replace(d, archive=package_name(d.archive))) for d in new.decisions)
    return tuple(decision for decision, of_package in both if of_package not in known)


def new_attestations(old: Manifest, new: Manifest) -> tuple[str, ...]:
    """Return the archives of the old release that have other attestations in the new one, or have
    some there and had none, sorted.
    """
    return tuple(
        name
        for name, package in sorted(new.packages.items())
        if (before := old.packages.get(name))
        and package.attestations
        and before.sha256 == package.sha256
        and (not before.attestations or before.attestations.sha256 != package.attestations.sha256)
    )


def new_attesters(old: Manifest | None, new: Manifest) -> dict[Attester, tuple[str, ...]]:
    """Return whose attestations are verified, each with the names of those packages for which the
    old release has none of them.
    """
    return _grouped({*_attested(new)} - ({*_attested(old)} if old else set()))


def _grouped(pairs: Iterable[tuple[_Key, str]]) -> dict[_Key, tuple[str, ...]]:
    names = defaultdict(set)
    for key, name in pairs:
        names[key].add(name)
    return {key: tuple(sorted(names[key])) for key in sorted(names, key=str)}


def _attested(manifest: Manifest) -> Iterator[tuple[Attester, str]]:
    for archive, package in manifest.packages.items():
        for attester in package.attestations.verified if package.attestations else ():
            yield attester, package_name(archive)
