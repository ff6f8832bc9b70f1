"""Which projects of PyPI the channels of a request have as conda packages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from conda.base.constants import ChannelPriority
from conda.base.context import context
from packaging.version import InvalidVersion, Version

from ..upstream.ages import Ages
from ..upstream.repodata import load
from ..upstream.unavailable import explained
from . import names
from .conversion.bounds import bounds_of

if TYPE_CHECKING:
    from conda.models.records import PackageRecord
    from packaging.specifiers import SpecifierSet

    from ..request.request import Request
    from .wheel import Target


class ChannelPackages:
    """The packages that the channels of a request have for a platform, looked up by name.

    A package of the same name counts only if it needs Python: conda's `redis` is the server.
    """

    def __init__(self, request: Request, platform: str) -> None:
        self._request, self._subdirs = request, (platform, "noarch")
        self._ages = Ages(request)
        self._versions: dict[str, frozenset[Version]] = {}

    def look_up(self, projects: Iterable[str]) -> None:
        """Read what the channels have of projects, all at once.

        Raises:
            ChannelUnavailableError: A channel cannot be read.
        """
        candidates = {name for project in projects for name in names.conda_names(project)}
        wanted = sorted(candidates - self._versions.keys())
        if not wanted:
            return
        versions: dict[str, frozenset[Version]] = {}
        strict = context.channel_priority == ChannelPriority.STRICT
        for source in self._request.sources:
            with explained(self._request, source):
                indexes = load(source, self._subdirs, wanted)
            own: dict[str, set[Version]] = {}
            for subdir, index in indexes.items():
                for file, record in index.known(self._request.index_version).items():
                    if not self._ages.reason_against(f"{source.url}/{subdir}", file, record):
                        _add(record, own)
            for name, known in own.items():
                # a channel of higher priority hides the package in others
                if strict:
                    versions.setdefault(name, frozenset(known))
                else:
                    versions[name] = versions.get(name, frozenset()) | known
        self._versions |= {**dict.fromkeys(wanted, frozenset()), **versions}

    def name_of(self, project: str) -> str | None:
        """Return what the channels call a project; None if they do not have it."""
        self.look_up([project])
        known = names.conda_names(project)
        return next((name for name in known if self._versions[name]), None)

    def name_of_wheel(self, project: str) -> str:
        """Return the name of a package made from a project's wheel: as in the channels, so that no
        environment has the project twice.
        """
        return self.name_of(project) or names.conda_name(project)

    def newest(self, project: str, specifier: SpecifierSet) -> Version | None:
        """Return the newest version of a project in the channels that fits; None without one."""
        name = self.name_of(project)
        known = self._versions[name] if name else ()
        return max((v for v in known if specifier.contains(v, prereleases=True)), default=None)

    def python_abi_is_missing(
        self, records: Iterable[PackageRecord], files: Iterable[str], target: Target
    ) -> bool:
        """Return whether wheels of these names are compiled for the target's Python alone, so that
        they are to need `python_abi`, which the channels have and conda's packages lack.
        """
        compiled = any((bounds := bounds_of(file, target)) and bounds.abi for file in files)
        if not compiled or any(record.name == "python_abi" for record in records):
            return False
        for source in self._request.sources:
            with explained(self._request, source):
                indexes = load(source, self._subdirs, ["python_abi"])
            if any(index.known(self._request.index_version) for index in indexes.values()):
                return True
        return False


def _add(record: Mapping[str, Any], versions: dict[str, set[Version]]) -> None:
    name = str(record.get("name"))
    if names.is_of_python(name, record.get("depends") or ()):
        with suppress(InvalidVersion):
            versions.setdefault(name, set()).add(Version(str(record.get("version"))))
