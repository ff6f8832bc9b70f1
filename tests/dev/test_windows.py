"""What the Windows Python under Wine is made of."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, requires

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from dev.bootstrap import REQUIREMENTS
from dev.windows import BESIDES, LEFT_OUT

#: What markers are evaluated for.
WINDOWS = {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt", "extra": ""}
#: What builds and checks on Linux alone, and is not started under Wine.
TOOLS = frozenset({"check-jsonschema", "hatch-vcs", "hatchling"})


def needed(name: str) -> set[str]:
    """The packages that one of this environment needs on Windows."""
    try:
        requirements = map(Requirement, requires(name) or ())
    except PackageNotFoundError:  # one of Windows
        return set()
    return {
        canonicalize_name(requirement.name)
        for requirement in requirements
        if not requirement.marker or requirement.marker.evaluate(WINDOWS)
    }


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="dev/windows.py is for Python 3.11")
def test_all_that_pip_would_have_resolved_is_there() -> None:
    lines = [
        line
        for file in ("conda.txt", "test.txt")
        for line in (REQUIREMENTS / file).read_text("utf-8").splitlines()
        if not line.startswith(("#", *LEFT_OUT))
    ]
    names = {canonicalize_name(Requirement(line).name) for line in (*lines, *BESIDES)}
    assert set().union(*map(needed, names - TOOLS)) <= names
