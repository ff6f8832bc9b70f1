"""What stands for requirements of pip."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.queries.pip import (
    in_lines,
    names_by_project,
    pip_requirements,
    project_of,
)
from tests.support.rewriting import folder_of, from_elsewhere, from_wheel, rewrite
from tests.support.suite import CLI, CORE, LIBZ

if TYPE_CHECKING:
    from conda_offline_repo.repository.locate import Repository

CORE_WHEEL = "Core_Lib-2.0-py3-none-any.whl"


def with_pip(repository: Repository) -> Repository:
    """Let its `core` come from PyPI, and what pip was asked for stand in two environments."""
    from_wheel(folder_of(repository), CORE, CORE_WHEEL)
    from_elsewhere(folder_of(repository), CLI, f"https://conda.anaconda.org/conda-forge/{CLI}")
    return rewrite(
        folder_of(repository),
        pip={
            "runtime/linux-64": {"Core.Lib[all]>=2": "core >=2", "command": "CLI", "z": "libz"},
            "tools/linux-64": {"z": "libz", "command": "cli"},
        },
    )


def test_requirements_with_their_packages(acme: Repository) -> None:
    first, command, *_ = pip_requirements(with_pip(acme).manifest)
    assert asdict(first) == {
        "requirement": "Core.Lib[all]>=2",
        "environment": "runtime",
        "platform": "linux-64",
        "spec": "core >=2",
        "name": "core",
        "version": "2.0",
        "origin": "PyPI",
        "wheel": CORE_WHEEL,
    }
    assert (command.origin, command.wheel) == ("https://conda.anaconda.org/conda-forge", "")


def test_a_line_for_each_requirement_unless_its_packages_differ(acme: Repository) -> None:
    repository = with_pip(acme)
    channel = repository.manifest.packages[LIBZ].url.removesuffix(f"/{LIBZ}")
    assert [*in_lines(pip_requirements(repository.manifest))] == [
        f"Core.Lib[all]>=2 -> core 2.0 from PyPI ({CORE_WHEEL})",
        "command -> cli 1.0 from conda-forge, for runtime on linux-64",
        "command -> nothing, for tools on linux-64",
        f"z -> libz 1.3 from {channel}",
    ]


@pytest.mark.parametrize(
    ("index", "origin"),
    [
        ("https://files.pythonhosted.org/packages/ab", "PyPI"),
        ("https://pypi.example:8443/simple/core", "pypi.example:8443"),
        ("https://me:pw@pypi.example/simple", "pypi.example"),
        ("file:///srv/wheels", "a folder"),
        ("file://server/wheels", "a folder"),
        ("https://[bad", "a folder"),
    ],
)
def test_origins_of_wheels(acme: Repository, index: str, origin: str) -> None:
    from_wheel(folder_of(acme), CORE, CORE_WHEEL, index)
    manifest = rewrite(folder_of(acme), pip={"runtime/linux-64": {"core-lib": "core"}}).manifest
    (line,) = in_lines(pip_requirements(manifest))
    assert line == f"core-lib -> core 2.0 from {origin} ({CORE_WHEEL})"


def test_packages_by_their_names_on_pypi(acme: Repository) -> None:
    assert names_by_project(with_pip(acme).manifest) == {
        "core-lib": {"core"},
        "command": {"cli"},
        "z": {"libz"},
    }


@pytest.mark.parametrize(
    ("requirement", "project"),
    [
        ("Flask", "flask"),
        ("zope.interface>=5", "zope-interface"),
        ("a_b[x,y] (>=1) ; python_version < '3'", "a-b"),
        ("flask @ https://h.example/flask-3.0-py3-none-any.whl", "flask"),
        ("", ""),
        ("-r x", ""),
    ],
)
def test_projects_of_requirements(requirement: str, project: str) -> None:
    assert project_of(requirement) == project
