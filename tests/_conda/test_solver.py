"""conda's solver, asked once: its answer, its reasons, and nothing of it left alive."""

from __future__ import annotations

import gc
from errno import ENOSPC
from importlib.metadata import version
from operator import methodcaller
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
from conda.base.constants import UpdateModifier
from conda.base.context import context
from conda.core import solve
from conda.models.channel import Channel
from conda.plugins import hookimpl
from conda.plugins.types import CondaSolver

from conda_offline_repo._conda import overrides
from conda_offline_repo._conda.solver import (
    UnsolvedError,
    ask,
    installed_solvers,
    solver_versions,
    takes_for_one,
    undisturbed,
)
from conda_offline_repo._conda.transactions import write_records
from conda_offline_repo.exceptions import SolverFailedError, SolverMissingError
from tests.support.inside import live_solvers
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from tests.support.inside import Inside


@pytest.fixture
def channel(tmp_path: Path) -> TinyChannel:
    channel = TinyChannel(tmp_path / "channel")
    channel.add("app", depends=["lib"])
    channel.add("lib")
    channel.add("stuck", depends=["lib >=2"])
    channel.write()
    return channel


def solved(channel: TinyChannel, prefix: Path, *packages: str) -> list[str]:
    def names(solver: Any) -> list[str]:
        return sorted(record.name for record in solver.solve_final_state())

    channels = (Channel(channel.folder.as_uri()),)
    return ask(names, str(prefix), channels, (context.subdir, "noarch"), packages, "create")


@pytest.fixture
def pycosat() -> Iterator[None]:
    """The classic solver as a plugin: conda's code in a module of another distribution."""
    if "pycosat" in installed_solvers():
        yield
        return
    module = ModuleType("conda_pycosat_solver.solve")
    module.__package__ = "conda.core"  # where its relative imports lead
    exec(Path(solve.__file__).read_text("utf-8"), vars(module))
    plugin = ModuleType("offline_repo_test_pycosat")
    plugin.conda_solvers = hookimpl(lambda: [CondaSolver("pycosat", module.Solver)])  # type: ignore[attr-defined]
    context.plugin_manager.register(plugin)
    yield
    context.plugin_manager.unregister(plugin)


def test_answer(me: Inside, channel: TinyChannel, tmp_path: Path) -> None:
    assert solved(channel, tmp_path / "env", "app") == ["app", "lib"]


def test_classic_solver_of_a_plugin_minds_the_machine(
    me: Inside, channel: TinyChannel, tmp_path: Path, pycosat: None
) -> None:
    channel.add("lib", "1.5", constrains=["__archspec <0", "__unix <0"])
    channel.add("picky", constrains=["__archspec <0"])
    channel.write()
    me.configure(solver="pycosat")
    assert solver_versions("pycosat")["pycosat"] == version("pycosat")

    def versions(solver: Any) -> dict[str, str]:
        assert type(solver).__base__.__module__ == "conda_pycosat_solver.solve"
        return {record.name: record.version for record in solver.solve_final_state()}

    asked = ((Channel(channel.folder.as_uri()),), (context.subdir, "noarch"))
    assert ask(versions, str(tmp_path / "env"), *asked, ["app"], "create")["lib"] == "1.0"
    # without an answer, it gives conda's own
    assert "picky" in ask(versions, str(tmp_path / "env"), *asked, ["picky"], "create")


@pytest.mark.parametrize(("package", "reason"), [("absent", "absent"), ("stuck", "lib")])
def test_no_solution(
    me: Inside, channel: TinyChannel, tmp_path: Path, package: str, reason: str
) -> None:
    with pytest.raises(UnsolvedError, match=reason):
        solved(channel, tmp_path / "env", package)
    assert not live_solvers()


@pytest.mark.parametrize(
    ("channels", "solvers"),
    [
        (("file:///tested/main", "file:///raw/main"), {"classic"}),
        (("https://a.example/get/main", "https://b.example/get/main"), {"classic"}),
        (("conda-forge", "https://mirror.example/conda-forge"), {"classic"}),
        (("file:///srv/bank", "file:///srv/bank/label/bank"), {"classic"}),
        (("file:///a/pkgs", "file:///b/pkgs"), {"classic", "libmamba"}),
        (("https://a.example/acme", "https://a.example/acme/label/bank"), set()),
        (("https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/r"), set()),
        (("https://a.example/main", "https://me:pw@a.example/main"), set()),
        (("file:///srv/main",), set()),
    ],
)
def test_channels_that_solvers_take_for_one(
    me: Inside, channels: tuple[str, ...], solvers: set[str]
) -> None:
    for solver in ("classic", "libmamba", "rattler"):
        with overrides.settings(solver=solver):
            assert takes_for_one([*map(Channel, channels)]) is (solver in solvers)


def test_solver_that_is_not_installed(me: Inside, channel: TinyChannel, tmp_path: Path) -> None:
    me.configure(solver="quantum")
    with pytest.raises(SolverMissingError, match=r"'quantum'(.|\n)*classic"):
        solved(channel, tmp_path / "env", "app")


@pytest.mark.parametrize(
    ("error", "raised", "text"),
    [
        (OSError(ENOSPC, "full"), OSError, "full"),
        (
            TypeError("a text,\nnot this."),
            SolverFailedError,
            "failed: TypeError: a text, not this.\n",
        ),
        (ImportError("no rattler"), SolverFailedError, "failed: ImportError: no rattler.\n"),
        (OSError("invalid type"), SolverFailedError, "failed: OSError: invalid type.\n"),
        (ZeroDivisionError(), SolverFailedError, "failed: ZeroDivisionError.\n"),
    ],
)
def test_error_of_a_solver(
    me: Inside,
    channel: TinyChannel,
    tmp_path: Path,
    error: Exception,
    raised: type[Exception],
    text: str,
) -> None:
    def fail(solver: Any) -> None:
        raise error

    channels = (Channel(channel.folder.as_uri()),)
    with pytest.raises(raised) as caught:
        ask(fail, str(tmp_path / "env"), channels, (context.subdir, "noarch"), (), "create")
    assert text in str(caught.value)
    assert error in (caught.value, caught.value.__cause__)
    assert not live_solvers()


def test_update_that_is_tried_again(me: Inside, tmp_path: Path) -> None:
    channel = TinyChannel(tmp_path / "channel")
    old = [channel.add("app", "1.0", depends=["gone"]), channel.add("gone")]
    channel.add("app", "2.0")
    channel.remove(old[1])
    channel.write()
    url = channel.folder.as_uri()
    write_records(tmp_path / "env", {p.at: p.record for p in old}, ["app"], url)
    asked = (str(tmp_path / "env"), (Channel(url),), (context.subdir, "noarch"), ["app"], "update")
    # the rattler solver tries in vain to update what the channel no longer has
    update = methodcaller("solve_final_state", update_modifier=UpdateModifier.UPDATE_ALL)
    with undisturbed():
        records = ask(update, *asked)
        assert not live_solvers()
    assert [record.version for record in records if record.name == "app"] == ["2.0"]


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_is_left_for_a_while(enabled: bool) -> None:
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        with undisturbed():
            assert not gc.isenabled()
        assert gc.isenabled() == enabled
    finally:
        (gc.enable if before else gc.disable)()
