"""A solver that fails by itself is named as what fails, at the vendor and at the customer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.running import Cold
from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.running import Conda

PLUGIN = """
import os
from conda.core.solve import Solver
from conda.plugins import hookimpl
from conda.plugins.types import CondaSolver

class Broken(Solver):
    def solve_final_state(self, *args, **kwargs):
        if any(os.environ["FAILS_AT"] in channel.base_url for channel in self.channels):
            raise TypeError("expected a BuildString.")
        return super().solve_final_state(*args, **kwargs)

@hookimpl
def conda_solvers():
    yield CondaSolver(name="broken", backend=Broken)
"""
METADATA = """\
Metadata-Version: 2.1
Name: broken-solver
Version: 1.5
Requires-Dist: pluggy<1; python_version > '3'
Requires-Dist: pluggy<1; extra == 'other'
Requires-Dist: not-installed
"""
NAMED = "The solver broken (broken-solver 1.5) failed: TypeError: expected a BuildString."
MISFIT = "broken-solver 1.5 needs pluggy <1, and "


@pytest.fixture
def channel(tmp_path: Path) -> TinyChannel:
    channel = TinyChannel(tmp_path / "upstream")
    channel.add("app", depends=["lib"])
    channel.add("lib")
    channel.write()
    return channel


@pytest.fixture
def conda(tmp_path: Path) -> Conda:
    """A user of the solver, which fails with channels that the tests name."""
    metadata = tmp_path / "site" / "broken_solver-1.5.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(METADATA)
    (metadata / "entry_points.txt").write_text("[conda]\nbroken = broken_solver\n")
    (tmp_path / "site" / "broken_solver.py").write_text(PLUGIN)
    variables = {"PYTHONPATH": str(tmp_path / "site"), "CONDA_SOLVER": "broken"}
    return Cold(tmp_path / "user", **variables, FAILS_AT="")


def build(conda: Conda, channel: TinyChannel, *more: str, fails_at: str = "") -> str:
    """The command and its options; returns what it says when it fails."""
    command = ("build", "--label", "bank", "--no-label-channel", "--root", conda.work, "app")
    channels = ("-c", channel.folder.as_uri(), "--override-channels")
    return conda.fail("offline-repo", *command, *channels, *more, FAILS_AT=fails_at).stderr


def test_build(conda: Conda, channel: TinyChannel) -> None:
    text = build(conda, channel)
    assert f"SolverFailedError: {NAMED}\n{MISFIT}" in text
    assert text.count(MISFIT) == 1
    assert "Choose another: --solver classic" in text
    assert "Traceback" not in text
    assert channel.folder.as_uri() not in text


def test_proof(conda: Conda, channel: TinyChannel) -> None:
    assert f"SolverFailedError: {NAMED}\n" in build(conda, channel, fails_at="/channel")
    assert not (conda.work / "bank").exists()


def test_index_that_cannot_be_read_is_the_fault_of_the_channel(
    conda: Conda, channel: TinyChannel
) -> None:
    (channel.folder / "noarch" / "repodata.json").write_text("[")
    text = build(conda, channel)
    assert "UnreadableIndexError" in text
    assert NAMED not in text


def test_use(conda: Conda, channel: TinyChannel) -> None:
    command = ("--label", "bank", "--no-label-channel", "--root", conda.work, "app")
    conda.build(*command, "-c", channel.folder.as_uri(), "--override-channels", FAILS_AT="none")
    use = ("offline-repo", "use", conda.work / "bank", "-p", conda.envs / "e", "app")
    error = conda.fail(*use, "--yes", "--json").json
    assert error["exception_name"] == "SolverFailedError"
    assert error["message"] == NAMED
    assert error["hints"][0].startswith(MISFIT)
    assert not (conda.envs / "e").exists()
