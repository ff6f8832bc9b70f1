"""Versions and ranges of PyPI, in words that every solver understands in the same way."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from conda.models.match_spec import MatchSpec
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from conda_offline_repo.builder.pypi.conversion.versions import (
    conda_range,
    conda_version,
    match_spec,
    python_range,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Matches: TypeAlias = Callable[[str, str], bool]

#: Ordered as PyPI does it.
ORDERED = (
    *("0.9", "1.0.dev1", "1.0a1.dev2", "1.0a1", "1.0b2", "1.0rc1", "1.0", "1.0+abc.1", "1.0+cpu"),
    *("1.0+cu118", "1.0+cu121", "1.0+5", "1.0.post1.dev3", "1.0.post1", "1.0.1", "1.1", "1.2.3"),
    *("1.2.10", "1.20", "2.0.dev0", "2.0rc1", "2.0", "2.1.0", "2.1.0.post1", "3.0a1", "3.0"),
    *("2024.1", "1!0.5", "1!1.0"),
)
RANGES = (
    *(">=1.0", ">=1.0,<2", "<2.0", "<=1.0", "<=2.1", ">1.1", "==1.0", "==1.0.0", "==1.0+cpu"),
    *("==1.*", "==1.2.*", "!=1.2.*", "!=1.2.3", "~=1.2", "~=1.2.3", "~=2.0rc1", ">=1.0rc1,<1.1"),
    *("===1.0rc1", "===1.2.3", ">=1!0.1", "<1!0", "<2.0rc1", "<3,!=2.0,>=0.9,!=1.1"),
    *("==1.0.post1", "<1.0.post1", ">=2.0.dev0", "<2.0.dev0", "==2.0.dev0", "~=1!0.5", "==2024.1"),
)


def conda_matches(text: str, version: str) -> bool:
    """What conda says."""
    record = {"name": "demo", "version": version, "build": "0", "build_number": 0}
    return bool(MatchSpec(f"demo {text}").match(record))


def rattler_matches(text: str, version: str) -> bool:
    """What rattler says."""
    from rattler import Version, VersionSpec

    return bool(VersionSpec(text).matches(Version(version)))


def libmamba_matches(text: str, version: str) -> bool:
    """What libmamba says."""
    specs = import_module("libmambapy.specs")
    return bool(specs.VersionSpec.parse(text).contains(specs.Version.parse(version)))


SOLVERS = [
    conda_matches,
    *([rattler_matches] if find_spec("rattler") else []),
    *([libmamba_matches] if find_spec("libmambapy") else []),
]


@pytest.mark.parametrize("matches", SOLVERS)
class TestEverySolver:
    """Each solver chooses what pip would."""

    def test_orders_versions_as_pypi_does(self, matches: Matches) -> None:
        versions = [conda_version(Version(version)) for version in ORDERED]
        for older, newer in zip(versions, versions[1:], strict=False):
            assert matches(f">{older}", newer), (older, newer)
            assert not matches(f">={newer}", older), (older, newer)

    @pytest.mark.parametrize("text", RANGES)
    def test_matches_what_pypi_matches(self, matches: Matches, text: str) -> None:
        specifiers = SpecifierSet(text, prereleases=True)
        spec = conda_range(specifiers)
        for version in map(Version, ORDERED):
            assert matches(spec, conda_version(version)) == specifiers.contains(version), version


@pytest.mark.parametrize(
    ("requires", "text"),
    [
        ("", ""),
        (">=3.8", ">=3.8"),
        (">=3.8,<4", ">=3.8,<4.0.0a0"),
        (">=3.8,>=3.12,<3.13,<4", ">=3.12,<3.13.0a0"),
        (">=2.7,!=3.0.*,!=3.1.*,<4", ">=2.7,!=3.0.*,!=3.1.*,<4.0.0a0"),
        (">=3.12,<3.13,!=3.0.*,!=3.12.1,!=4.0", ">=3.12,!=3.12.1,<3.13.0a0"),
        ("~=3.9", ">=3.9,<4.0.0a0"),
        ("~=3.8,>=3.9,<3.13", ">=3.9,<3.13.0a0"),
        ("==3.12.*", "3.12.*"),
    ],
)
def test_pythons_are_stated_without_what_follows_from_the_rest(requires: str, text: str) -> None:
    assert python_range(SpecifierSet(requires)) == text


@pytest.mark.parametrize(
    ("requirement", "local", "text"),
    [
        ("", False, "demo"),
        ("==1.0", False, "demo ==1.0"),
        ("==1.0", True, "demo >=1.0,<1.0.0.0.1"),
        ("==1.0+cpu", True, "demo ==1.0+1.cpu"),
        ("==1.*", True, "demo 1.*"),
        (">=1.0,<2", True, "demo >=1.0,<2a0"),
    ],
)
def test_one_version_is_stated_as_a_person_would(requirement: str, local: bool, text: str) -> None:
    spec = match_spec("demo", SpecifierSet(requirement), local=local)
    assert spec == text
    if local:
        assert MatchSpec(spec).match(
            {"name": "demo", "version": "1.0+1.cpu", "build": "0", "build_number": 0}
        )
