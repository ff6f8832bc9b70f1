"""What requirements of pip come to: wheels, and what those need of the channels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from .conversion.record import requirements_of
from .exceptions import UnresolvedError, WheelHashError
from .names import meets, provided_by
from .wheel import chosen

if TYPE_CHECKING:
    from conda.models.records import PackageRecord
    from packaging.requirements import Requirement

    from .channel_packages import ChannelPackages
    from .index_settings import IndexSettings
    from .requirement import PipRequirement
    from .wheel import Target, Wheel
    from .wheel_store import WheelStore


NOTHING: Mapping[str, Any] = {"wheels": ()}


@dataclass(frozen=True)
class Resolved:
    """What requirements of pip come to.

    Attributes:
        wheels: By project, the wheels that are needed, and the extras that are asked of them.
        demands: By project, the versions that the wheels and the request need of packages that are
            to come from the channels.
        extras: By project, the extras that are asked of those.
    """

    wheels: Mapping[str, tuple[Wheel, frozenset[str]]] = field(default_factory=dict)
    demands: Mapping[str, SpecifierSet] = field(default_factory=dict)
    extras: Mapping[str, frozenset[str]] = field(default_factory=dict)


class Walk:
    """Walks from requirements over the wheels that uv chose.

    Args:
        key: Of the solution.
        limits: By project, the versions that the request's constraints allow.
        from_channels: Whether what the channels have is to come from there, also where conda's
            solution does not have it yet.

    Attributes:
        from_pypi: Projects that come from PyPI even where the channels have them.
        more: By project, extras that are asked of wheels besides.
    """

    def __init__(
        self,
        key: str,
        channels: ChannelPackages,
        store: WheelStore,
        settings: IndexSettings,
        limits: Mapping[str, SpecifierSet],
        *,
        from_channels: bool,
    ) -> None:
        self._key, self._channels, self._store, self._settings = key, channels, store, settings
        self._limits, self._from_channels = limits, from_channels
        self.from_pypi: set[str] = set()
        self.more: Mapping[str, frozenset[str]] = {}

    def resolved(
        self,
        requirements: tuple[PipRequirement, ...],
        packages: Mapping[str, Mapping[str, Any]],
        records: tuple[PackageRecord, ...],
        target: Target,
    ) -> Resolved:
        """Return what requirements come to, by uv's packages; of those that it does not know yet,
        nothing but what the channels have.
        """
        provided = provided_by(records)
        while True:
            resolved = self._walk(requirements, packages, provided, target)
            unfit = {
                project
                for project, specifier in resolved.demands.items()
                if not meets(provided, (project, specifier))
                and not (self._from_channels and self._channels.newest(project, specifier))
            }
            if not unfit:
                return resolved
            self.from_pypi |= unfit

    def _walk(
        self,
        requirements: tuple[PipRequirement, ...],
        packages: Mapping[str, Mapping[str, Any]],
        provided: Mapping[str, str],
        target: Target,
    ) -> Resolved:
        hashes = {r.project: r.hashes for r in requirements}
        # a certain wheel is meant
        self.from_pypi.update(r.project for r in requirements if r.hashes or r.url)
        wheels: dict[str, Wheel] = {}
        demands: dict[str, SpecifierSet] = {}
        extras: dict[str, frozenset[str]] = {}
        pending = [(r.project, r.specifier, r.extras) for r in requirements]
        while pending:
            self._channels.look_up(project for project, _, _ in pending)
            grown = set()
            for project, specifier, wanted in pending:
                known = extras.get(project)
                extras[project] = wanted | (known or frozenset())
                if self._is_of_channel(project, provided):
                    limits = self._limits.get(project, SpecifierSet())
                    demands[project] = demands.get(project, limits) & specifier
                else:
                    extras[project] |= self.more.get(project, frozenset())
                if packages.get(project, NOTHING)["wheels"] and known != extras[project]:
                    wheels[project] = self._wheel(packages[project], hashes.get(project), target)
                    grown.add(project)
            pending = [
                (canonicalize_name(need.name), need.specifier, frozenset(need.extras))
                for project, needs in self.needs(grown, wheels, demands, extras, target)
                for need in needs
            ]
        return Resolved(
            {p: (wheel, extras[p]) for p, wheel in wheels.items() if p not in demands},
            demands,
            {project: extras[project] for project in demands if extras[project]},
        )

    def needs(
        self,
        projects: Iterable[str],
        wheels: Mapping[str, Wheel],
        demands: Mapping[str, SpecifierSet],
        extras: Mapping[str, frozenset[str]],
        target: Target,
    ) -> Iterator[tuple[str, Iterable[Requirement]]]:
        """Yield what wheels need; of a package of the channels just what its extras add."""
        asked = sorted(p for p in projects if p not in demands or extras[p])
        read = self._store.files.metadata([wheels[project] for project in asked])
        for project, metadata in zip(asked, read, strict=True):
            needs = requirements_of(metadata, target, extras[project])
            if project in demands:
                own = {*map(str, requirements_of(metadata, target, frozenset()))}
                needs = tuple(need for need in needs if str(need) not in own)
            yield project, needs

    def lost_extras(
        self,
        requirements: Iterable[PipRequirement],
        wheels: Mapping[str, tuple[Wheel, frozenset[str]]],
    ) -> Iterator[str]:
        """Yield which extras that are asked for wheels do not have; pip and uv leave them out."""
        asked = [r for r in requirements if r.extras and r.project in wheels]
        read = self._store.files.metadata([wheels[r.project][0] for r in asked])
        for requirement, metadata in zip(asked, read, strict=True):
            for extra in sorted(requirement.extras - metadata.extras):
                yield (
                    f"{metadata.project} {metadata.version} from PyPI has no extra {extra}, so "
                    f"nothing of it is shipped for {self._key}. If a newer version has it: name "
                    "that version, and uv says why it cannot be taken."
                )

    def _is_of_channel(self, project: str, provided: Mapping[str, str]) -> bool:
        if project in self.from_pypi:
            return False
        if project in provided:
            return True
        return self._from_channels and self._channels.name_of(project) is not None

    def _wheel(
        self, package: Mapping[str, Any], hashes: frozenset[str] | None, target: Target
    ) -> Wheel:
        wheel = chosen(package, target, hashes or (), self._settings)
        if wheel:
            return wheel
        name = f"{package['name']} {package.get('version', '')}"
        if hashes:
            raise WheelHashError([f"{name} for {self._key}"])
        reason = f"No wheel of {name} fits the machine and Python {target.minor}."
        if any(tag.abi == f"{tag.interpreter}t" for tag in target.tags):
            reason += " uv knows no wheels that are for a free-threaded Python alone."
        raise UnresolvedError(self._key, reason)
