"""What stands for the requirements of pip, and packages by their names on PyPI."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from ..repository.manifest import Manifest, key_parts, package_name
from .contents import channel_of, index_of
from .dependencies import spec_name

#: The server whose channels are known by their names.
ANACONDA = "https://conda.anaconda.org/"
PROJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class PipRequirement:
    """What stands for a requirement of pip on a platform.

    Attributes:
        requirement: Its text.
        environment: The environment's name; empty if it has none.
        platform: The platform's name.
        spec: The MatchSpec that the environment installs for it.
        name: The name of the package that it installs.
        version: Its version; empty if the solution does not have it.
        origin: The URL of its channel, or for a wheel `PyPI`, another server or `a folder`.
        wheel: The file name of the wheel that it was made from; empty if it is of a channel.
    """

    requirement: str
    environment: str
    platform: str
    spec: str
    name: str
    version: str
    origin: str
    wheel: str

    @property
    def place(self) -> str:
        """The environment on its platform."""
        return f"{self.environment} on {self.platform}" if self.environment else self.platform

    @property
    def package(self) -> str:
        """The package and where it comes from, for people."""
        if not self.version:
            return "nothing"
        if self.wheel:
            return f"{self.name} {self.version} from {self.origin} ({self.wheel})"
        channel = self.origin.removeprefix(ANACONDA)
        return f"{self.name} {self.version} from {channel or 'an unknown channel'}"


def pip_requirements(manifest: Manifest, only: str | None = None) -> tuple[PipRequirement, ...]:
    """Return what stands for each requirement of pip, by environment, platform and requirement; for
    one of the environments, if it is named.
    """
    requirements = []
    for (environment, platform), key in sorted((key_parts(key), key) for key in manifest.pip):
        if only not in (None, environment):
            continue
        archives = {package_name(name).lower(): name for name in manifest.solutions[key]}
        for requirement, spec in sorted(manifest.pip[key].items()):
            name = spec_name(spec)
            version = origin = wheel = ""
            if archive := archives.get(name):
                package = manifest.packages[archive]
                version = archive.rsplit("-", 2)[1]
                wheel = package.wheel.file if package.wheel else ""
                origin = index_of(package.url) if wheel else channel_of(archive, package.url)
            requirements.append(
                PipRequirement(
                    requirement, environment, platform, spec, name, version, origin, wheel
                )
            )
    return tuple(requirements)


def in_lines(requirements: Iterable[PipRequirement]) -> Iterator[str]:
    """Yield a line for what stands for each requirement of pip; one for all environments and
    platforms where it is the same.
    """
    packages: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for each in requirements:
        packages[each.requirement][each.package].append(each.place)
    for requirement, places in sorted(packages.items()):
        for package, names in places.items():
            only = f", for {', '.join(names)}" if len(places) > 1 else ""
            yield f"{requirement} -> {package}{only}"


def project_of(requirement: str) -> str:
    """Return the normalized name of the project that a requirement of pip, or a name, is of."""
    match = PROJECT.match(requirement)
    return canonicalize_name(match[0]) if match else ""


def names_by_project(manifest: Manifest) -> Mapping[str, frozenset[str]]:
    """Return the names of packages by the projects of PyPI that they are, or stand for."""
    names = defaultdict(set)
    for archive, package in manifest.packages.items():
        if package.wheel:
            names[package.wheel.project].add(package_name(archive).lower())
    for specs in manifest.pip.values():
        for requirement, spec in specs.items():
            names[project_of(requirement)].add(spec_name(spec))
    return {project: frozenset(packages) for project, packages in names.items()}
