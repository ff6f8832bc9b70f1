"""Whichever solver builds: every other one that customers have and that is here has a solution."""

from __future__ import annotations

import json
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
from conda import __version__ as conda_version
from conda.base.context import context
from conda.core.solve import Solver
from conda.exceptions import UnsatisfiableError
from conda.plugins import hookimpl
from conda.plugins.types import CondaSolver

from conda_offline_repo._conda.solver import installed_solvers
from conda_offline_repo.builder.release.exceptions import FailOnError, OtherSolverError
from conda_offline_repo.repository.manifest import MANIFEST_NAME
from conda_offline_repo.repository.remembered import SOLVERS
from tests.support.inside import Counted
from tests.support.running import snapshot
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Any

    from tests.support.inside import Inside
    from tests.support.running import Conda

#: One of conda's own solvers that this machine does not have.
ABSENT = next((name for name in SOLVERS if name not in installed_solvers()), "")
BOTH = pytest.mark.skipif(
    not {"classic", "rattler"} <= {*installed_solvers()}, reason="this conda has one solver"
)


class Stand(Solver):  # type: ignore[misc]
    """conda's own solver in the place of the absent one, with a fault if a test gives it one."""

    fault: Callable[[Stand], None] = staticmethod(lambda solver: None)

    def solve_final_state(self, *args: Any, **kwargs: Any) -> Any:
        type(self).fault(self)
        return super().solve_final_state(*args, **kwargs)

    @property
    def names(self) -> set[str]:
        return {spec.name for spec in self.specs_to_add}


@pytest.fixture
def absent() -> Iterator[str]:
    """The absent solver, which is here now."""
    if not ABSENT:
        pytest.skip("all of conda's own solvers are installed")
    plugin = ModuleType("offline_repo_test_solver")
    plugin.conda_solvers = hookimpl(lambda: [CondaSolver(ABSENT, Stand)])  # type: ignore[attr-defined]
    context.plugin_manager.register(plugin)
    context.plugin_manager.get_cached_solver_backend.cache_clear()
    yield ABSENT
    context.plugin_manager.unregister(plugin)
    context.plugin_manager.get_cached_solver_backend.cache_clear()


@pytest.fixture
def channel(tmp_path: Path) -> TinyChannel:
    channel = TinyChannel(tmp_path / "channel")
    channel.add("app", depends=["lib"])
    channel.add("lib")
    channel.write()
    return channel


def refuse(solver: Stand) -> None:
    if "app" in solver.names:
        raise UnsatisfiableError({})


def break_down(solver: Stand) -> None:
    raise TypeError("expected a BuildString")


def do_not_start(solver: Stand) -> None:
    raise ImportError("No module named 'libsolv'")


def manifest(me: Inside) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((me.root / "bank" / MANIFEST_NAME).read_bytes())
    return content


def test_solver_that_agrees_has_proven_it(me: Inside, channel: TinyChannel, absent: str) -> None:
    outcome = me.build(me.options("app", channels=(channel.folder.as_uri(),)))
    assert absent in outcome.proof.by
    assert absent not in outcome.proof.not_tried
    assert outcome.proof.by == manifest(me)["proved_with"]
    assert {*outcome.proof.by, *outcome.proof.not_tried} == {*SOLVERS}
    assert outcome.proof.by[absent] == f"conda {conda_version}"


def test_solver_that_finds_nothing_stops_the_release(
    me: Inside, channel: TinyChannel, absent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stand, "fault", staticmethod(refuse))
    options = me.options("app", channels=(channel.folder.as_uri(),))
    with pytest.raises(OtherSolverError) as caught:
        me.build(options)
    text = str(caught.value)
    assert f"The {absent} solver, which the customer's conda may have" in text
    assert "for linux-64 from the repository alone" in text
    assert f"--solver {absent}" in text
    others = (f"--customer-solver {name}" for name in SOLVERS if name != absent)
    assert f"say so: {' '.join(others)}." in text
    assert not (me.root / "bank").exists()
    assert caught.value.dump_map()["solver"] == absent

    theirs = replace(options, customer_solvers=(context.solver,))
    assert me.build(theirs).proof.by.keys() == {context.solver}


def test_solver_that_breaks_by_itself_is_not_tried(
    me: Inside, channel: TinyChannel, absent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = me.options("app", channels=(channel.folder.as_uri(),))
    monkeypatch.setattr(Stand, "fault", staticmethod(break_down))
    outcome = me.build(options)
    assert "TypeError: expected a BuildString" in outcome.proof.not_tried[absent]
    assert absent not in manifest(me)["proved_with"]
    assert "solver-not-tried" not in [warning.kind for warning in outcome.warnings]

    monkeypatch.setattr(Stand, "fault", staticmethod(do_not_start))
    before = snapshot(me.root)
    outcome = me.build(options)
    assert "it fails with ImportError: No module named" in outcome.proof.not_tried[absent]
    assert snapshot(me.root) == before

    named = replace(options, customer_solvers=(absent, context.solver))
    with pytest.raises(FailOnError, match="solver-not-tried: The release is not proved with all"):
        me.build(replace(named, fail_on=("solver-not-tried",)))
    (warning,) = me.build(named).warnings
    assert (warning.kind, absent in warning.text) == ("solver-not-tried", True)


def test_solver_that_breaks_over_the_repository_stops_the_release(
    me: Inside, channel: TinyChannel, absent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(solver: Stand) -> None:
        if "app" in solver.names:
            raise ValueError("dangling constraint")

    monkeypatch.setattr(Stand, "fault", staticmethod(fault))
    with pytest.raises(OtherSolverError, match="ValueError: dangling constraint"):
        me.build(me.options("app", channels=(channel.folder.as_uri(),)))
    assert not (me.root / "bank").exists()


def test_solver_that_appears_proves_what_is_published(
    me: Inside, channel: TinyChannel, request: pytest.FixtureRequest
) -> None:
    """That makes no release, and so it is proven each time until there is another one."""
    options = me.options("app", channels=(channel.folder.as_uri(),))
    me.build(options)
    before = snapshot(me.root)
    absent = request.getfixturevalue("absent")
    for build in (options, replace(options, whole=True)):
        progress = Counted()
        outcome = me.build(build, progress)
        assert any("Proving" in str(step) for step in progress.steps)
        assert (outcome.changed, absent in outcome.proof.by) == (False, True)
    assert snapshot(me.root) == before
    channel.add("lib", "2.0")
    channel.write()
    assert me.build(options).changed
    progress = Counted()
    outcome = me.build(options, progress)
    assert not any("Proving" in str(step) for step in progress.steps)
    assert outcome.proof.by == manifest(me)["proved_with"]
    assert absent in outcome.proof.by


def test_release_that_disturbs_another_solver_is_not_kept(
    me: Inside, channel: TinyChannel, absent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if it could not read what an earlier version of ours has shipped."""
    options = me.options("app", channels=(channel.folder.as_uri(),), keep=2)
    me.build(options)
    channel.add("lib", "2.0")
    channel.write()

    def fault(solver: Stand) -> None:
        if "app" in solver.names:
            index, _ = solver._prepare(solver.specs_to_add)
            if any(record.name == "lib" and record.version == "1.0" for record in index.values()):
                raise UnsatisfiableError({})

    monkeypatch.setattr(Stand, "fault", staticmethod(fault))
    outcome = me.build(options)
    (warning,) = (warning for warning in outcome.warnings if warning.kind == "not-kept")
    assert f"the {absent} solver finds no solution for linux-64 beside it" in warning.text
    assert outcome.manifest.releases == {}
    assert absent in outcome.proof.by


@BOTH
def test_both_solvers_of_this_machine_prove_it(
    conda: Conda, root: Path, channel: TinyChannel
) -> None:
    command: tuple[object, ...] = (
        "offline-repo",
        "build",
        "--label",
        "bank",
        "--no-label-channel",
        "--root",
        root,
    )
    command += ("-c", channel.folder, "--override-channels")
    text = conda.run(*command, "app").stdout
    assert "classic (conda " in text
    assert "rattler (conda-rattler-solver " in text
    assert f"Not tried: {ABSENT} (not installed here)." in text
    for solver in ("classic", "rattler"):
        answer = conda.run(*command, "--solver", solver, "--json").json
        assert answer["proved_with"].keys() == {"classic", "rattler"}
        assert answer["not_tried"] == {ABSENT: "not installed here"}
        assert answer["customer_solvers"] == [*SOLVERS]


@BOTH
def test_machine_that_the_classic_solver_does_not_mind(me: Inside, tmp_path: Path) -> None:
    """What excludes the Linux machine is in the folder for Windows."""
    channel = TinyChannel(tmp_path / "channel")
    channel.add("tool", depends=["lib"])
    channel.add("lib", "1.0")
    channel.add("lib", "2.0", constrains=["__glibc >=2.34"])
    channel.write()
    me.configure(solver="rattler")
    options = me.options("tool", channels=(channel.folder.as_uri(),))
    with pytest.raises(OtherSolverError) as caught:
        me.build(replace(options, platforms=("linux-64", "win-64")))
    assert "The classic solver" in str(caught.value)
    assert "lib 2.0 excludes all but __glibc >=2.34" in str(caught.value)
    assert "label for each platform" in str(caught.value)
    assert not (me.root / "bank").exists()
    assert me.build(options).proof.by.keys() == {"classic", "rattler"}


def test_classic_solver_of_a_plugin_is_the_classic_one(
    me: Inside, channel: TinyChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A release states it by one name, whichever it has here."""
    plugin = ModuleType("offline_repo_test_pycosat")
    plugin.conda_solvers = hookimpl(lambda: [CondaSolver("pycosat", Stand)])  # type: ignore[attr-defined]
    context.plugin_manager.register(plugin)
    try:
        me.configure(solver="pycosat")
        outcome = me.build(me.options("app", channels=(channel.folder.as_uri(),)))
        assert "classic" in outcome.proof.by
        assert not {"classic", "pycosat"} & outcome.proof.not_tried.keys()
        assert "pycosat" not in outcome.proof.by
    finally:
        context.plugin_manager.unregister(plugin)
        context.plugin_manager.get_cached_solver_backend.cache_clear()
