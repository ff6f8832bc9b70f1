"""Releases with packages in version 3 of the index format: refused where conda does not see them,
before anything changes.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conda.models.match_spec import MatchSpec

from conda_offline_repo._conda.features import reads_version_3
from conda_offline_repo.customer.exceptions import NewerFormatError
from conda_offline_repo.customer.hooks import guard
from conda_offline_repo.queries.contents import list_packages
from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.manifest import NEEDED
from conda_offline_repo.urls import file_url
from tests.support.guarded import APP, TOOL
from tests.support.mirror import PLATFORM
from tests.support.rewriting import put_newer, rewrite
from tests.support.running import snapshot
from tests.support.sharded import READS_VERSION_3

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.inside import Inside
    from tests.support.running import Conda

#: A solver that every conda of the tests has, and that does not see them.
OLDER = ("--solver", "classic")


@pytest.mark.parametrize("options", [(), ("app",), ("--release", "1"), ("app", "--dry-run")])
def test_use_refuses_before_anything_changes(
    customer: Conda, stick: Path, options: tuple[str, ...]
) -> None:
    put_newer(stick, APP)
    use = ("offline-repo", "use", stick, "-n", "rating", "--yes", *OLDER, *options)
    told = customer.fail(*use).stderr
    assert NEEDED in told
    assert "- app\n" in told
    assert "with the solver classic" in told
    assert not (customer.envs / "rating").exists()
    assert customer.fail(*use, "--json").json["exception_name"] == "NewerFormatError"


def test_what_does_not_need_it_is_used(customer: Conda, stick: Path) -> None:
    """One of two environments has it."""
    manifest = locate_one(stick).manifest
    archives = manifest.solutions[PLATFORM]
    other = tuple(name for name in archives if name != APP)
    solutions = {f"a/{PLATFORM}": archives, f"b/{PLATFORM}": other}
    environments = {"a": ("app",), "b": ("tool",)}
    request = replace(manifest.request, packages=(), environments=environments)
    rewrite(stick, solutions=solutions, request=request)
    put_newer(stick, APP)
    use = ("offline-repo", "use", stick, "-n", "rating", "--yes", *OLDER)
    assert NEEDED in customer.fail(*use, "--environment", "a").stderr
    assert NEEDED in customer.fail(*use, "app").stderr
    customer.run(*use, "tool")


def test_guard_in_commands_of_conda(me: Inside, stick: Path) -> None:
    me.configure(channels=[file_url(stick)], offline=True)
    guard.prepare_solve([MatchSpec("app")], ())
    put_newer(stick, APP)
    before = snapshot(stick)
    if reads_version_3():
        guard.prepare_solve([MatchSpec("app")], ())
    else:
        with pytest.raises(NewerFormatError, match="- app\n"):
            guard.prepare_solve([MatchSpec("app")], ())
    assert snapshot(stick) == before


@pytest.mark.skipif(not READS_VERSION_3, reason=f"this conda is not {NEEDED}")
def test_installed_where_conda_sees_them(customer: Conda, stick: Path) -> None:
    put_newer(stick, APP, TOOL)
    customer.run("offline-repo", "use", stick, "-n", "rating", "--yes", "app")
    prefix = customer.envs / "rating"
    customer.run("install", "-p", prefix, "--yes", "tool")
    names = {json.loads(p.read_bytes())["name"] for p in (prefix / "conda-meta").glob("*.json")}
    assert {"app", "tool"} <= names


def test_what_readers_say(conda: Conda, stick: Path) -> None:
    packages = list_packages(locate_one(stick))
    show = ("offline-repo", "show", stick)
    assert "needs" not in conda.run(*show, "--json").json["repositories"][0]
    assert list_packages(put_newer(stick, APP)) == packages
    needs = {"conda": ">=26.7", "solvers": ["rattler"]}
    assert conda.run(*show, "--json").json["repositories"][0]["needs"] == needs
    assert f"  {NEEDED}\n" in conda.run(*show).stdout
    assert json.loads((stick / "offline-repo.json").read_bytes())["needs"] == needs
    conda.run("offline-repo", "verify", stick)
