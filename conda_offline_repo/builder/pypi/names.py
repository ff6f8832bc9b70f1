"""What packages of PyPI are called among conda's, and which of them conda's packages are: mostly
those of the same name, and conda-forge has a table.

The table comes with whl2conda, which takes it from conda-forge.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from ...queries.dependencies import spec_name

if TYPE_CHECKING:
    from conda.models.records import PackageRecord
    from packaging.specifiers import SpecifierSet

#: What a package needs that Python imports.
PYTHON = frozenset({"python", "python_abi"})


@cache
def renamed() -> Mapping[str, str]:
    """Return the conda names of the projects, by normalized name, that conda-forge calls otherwise,
    beyond another spelling.
    """
    # its own function would write a copy into the user's cache
    text = files("whl2conda.api").joinpath("stdrename.json").read_text("utf-8")
    table: dict[str, str] = json.loads(text)
    names = {canonicalize_name(name): other for name, other in table.items() if name[0] != "$"}
    return {name: other for name, other in names.items() if canonicalize_name(other) != name}


@cache
def _projects() -> Mapping[str, tuple[str, ...]]:
    projects: defaultdict[str, list[str]] = defaultdict(list)
    for project, name in renamed().items():
        projects[name].append(project)
    return {name: tuple(sorted(known)) for name, known in projects.items()}


def conda_name(project: str) -> str:
    """Return what conda-forge calls a project, or would call it."""
    return renamed().get(project, project)


def conda_names(project: str) -> tuple[str, ...]:
    """Return what channels may call a project, the most probable name first."""
    # conda-forge's ruamel_yaml is another package than PyPI's, which is its ruamel.yaml
    spellings = (project.replace("-", separator) for separator in "._-")
    return tuple(dict.fromkeys((*filter(None, [renamed().get(project)]), *spellings)))


def projects_of(name: str) -> tuple[str, ...]:
    """Return the normalized names of the projects that a conda package may be."""
    own = canonicalize_name(name)
    # conda's graphviz is the program, and PyPI's is conda's python-graphviz
    same = () if own in renamed() else (own,)
    return (*_projects().get(name, ()), *same)


def is_of_python(name: str, depends: Iterable[str]) -> bool:
    """Return whether a conda package may be a project of PyPI: if it needs Python, or conda-forge
    calls some project so that has another name on PyPI.
    """
    return not PYTHON.isdisjoint(map(spec_name, depends)) or name in _projects()


def projects(record: PackageRecord) -> tuple[str, ...]:
    """Return the projects that a conda package may be; none if it does not need Python."""
    return projects_of(record.name) if is_of_python(record.name, record.depends) else ()


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
