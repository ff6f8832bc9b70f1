"""Which projects of PyPI conda's packages are, and in which versions."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from ...queries.dependencies import spec_name
from . import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from conda.models.records import PackageRecord
    from packaging.specifiers import SpecifierSet

#: What a package needs that Python imports.
PYTHON = frozenset({"python", "python_abi"})


def projects(record: PackageRecord) -> tuple[str, ...]:
    """Return the projects that a conda package may be; none if it does not need Python."""
    needs = {spec_name(text) for text in record.depends}
    if needs.isdisjoint(PYTHON) and not names.is_new_name(record.name):
        return ()
    return names.projects_of(record.name)


def provided_by(records: Iterable[PackageRecord]) -> dict[str, str]:
    """Return the versions of the projects that conda packages are, as far as PyPI has such."""
    versions = {}
    for record in records:
        with suppress(InvalidVersion):
            version = str(Version(record.version))
            versions.update(dict.fromkeys(projects(record), version))
    return versions


def meets(provided: Mapping[str, str], demand: tuple[str, SpecifierSet]) -> bool:
    """Return whether a project is among those that are provided, in the versions demanded."""
    project, specifier = demand
    version = provided.get(project)
    return version is not None and specifier.contains(version, prereleases=True)
