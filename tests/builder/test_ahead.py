"""Plans of labels that are made ahead by other processes."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context, reset_context

from conda_offline_repo._conda import configuration
from conda_offline_repo.builder import ahead
from conda_offline_repo.builder.batch import build_all
from conda_offline_repo.builder.run import Run
from conda_offline_repo.builder.solving import solve
from conda_offline_repo.progress import Unwatched
from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.verify import verify
from dev.upstream.server import ChannelServer
from tests.support.inside import Counted, forget, inside
from tests.support.many import LABELS, for_many

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from typing import Any

    from conda_offline_repo.builder.batch import Result
    from conda_offline_repo.builder.options import Options
    from tests.support.inside import Inside

TOKEN = "tk-1234567890-ahead"


class Vendor:
    """A vendor whose customers ask for different things, with two processors.

    Attributes:
        solved: how often this process has solved.
        processes: how many are started.
    """

    def __init__(self, me: Inside, server: ChannelServer, patch: pytest.MonkeyPatch) -> None:
        self.me = me
        self.server = server
        self.solved = self.processes = 0
        run, start = solve.run, ahead.PlansAhead._start

        def counted(*given: Any, **more: Any) -> Any:
            self.solved += 1
            return run(*given, **more)

        def started(*given: Any) -> None:
            start(*given)
            children = multiprocessing.active_children()
            self.processes = len(children)
            for child in children if os.name != "nt" else ():
                assert child.pid
                os.kill(child.pid, signal.SIGINT)  # as a terminal does to all of a command

        patch.setattr(solve, "run", counted)
        patch.setattr(ahead.PlansAhead, "_start", started)
        patch.setattr(ahead, "_processors", lambda: 2)

    def options(self, label: str, *packages: str) -> Options:
        channels = (f"{self.server.url}/public",)
        options = self.me.options(*(packages or (label,)), channels=channels, label=label)
        return replace(options, whole=True)

    def results(self, *builds: Options) -> Generator[Result, None, None]:
        try:
            yield from build_all(Run(builds, self.progress))
        finally:
            forget()

    @property
    def progress(self) -> Counted:
        return Counted()


@pytest.fixture
def vendor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    for name in ("WORTH", "FIRST"):
        monkeypatch.setattr(ahead, name, 0)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    for_many(tmp_path / "served" / "public")
    with inside(tmp_path / "engineer") as me, ChannelServer(tmp_path / "served") as server:
        yield Vendor(me, server, monkeypatch)


def test_labels_that_differ_are_solved_by_other_processes(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    builds = [vendor.options(label) for label in LABELS[:5]]
    builds[3] = replace(builds[3], packages=("nowhere",))
    results = list(vendor.results(*builds))
    assert [result.label for result in results] == [*LABELS[:5]]
    assert [bool(result.outcome) for result in results] == [True, True, True, False, True]
    assert "nowhere" in str(results[3].error), "told as by a build here"
    assert vendor.processes == 2
    assert not multiprocessing.active_children()
    sent = [path.rpartition("/")[2] for path in vendor.server.packages()]
    assert len(sent) == len(set(sent)), "each archive once"
    root, solved = vendor.me.root, vendor.solved
    for label in (*LABELS[:3], LABELS[4]):
        assert verify(locate_one(root / label), Unwatched()).good
    index = {path: path.read_bytes() for path in root.glob("*/*/repodata.json")}
    monkeypatch.setattr(ahead, "WORTH", float("inf"))
    vendor.solved = 0
    root.rename(root.with_name("first"))
    list(vendor.results(*builds))
    assert vendor.solved > solved, "more here without the others"
    assert {path: path.read_bytes() for path in root.glob("*/*/repodata.json")} == index


def test_labels_that_are_alike_need_no_processes(vendor: Vendor) -> None:
    builds = [vendor.options(label, "base") for label in LABELS[:4]]
    assert all(result.outcome for result in vendor.results(*builds))
    assert not vendor.processes


def test_process_that_is_gone_is_done_without(vendor: Vendor) -> None:
    builds = [vendor.options(label) for label in LABELS[:6]]
    results = []
    for result in vendor.results(*builds):
        results.append(result)
        for process in multiprocessing.active_children():
            process.kill()
    assert [bool(result.outcome) for result in results] == [True] * 6
    assert vendor.processes == 2


def test_command_that_is_interrupted_ends_its_processes(vendor: Vendor) -> None:
    builds = [replace(vendor.options(label), token=TOKEN) for label in LABELS[:6]]
    results = vendor.results(*builds)
    for _ in range(3):
        assert next(results).outcome
    children = multiprocessing.active_children()
    assert len(children) == 2
    for process in children:
        line = Path(f"/proc/{process.pid}/cmdline")
        assert not line.exists() or TOKEN.encode() not in line.read_bytes()
    results.close()
    assert not any(process.is_alive() for process in children)
    assert not any(Path(tempfile.gettempdir()).iterdir())


def test_plan_for_another_release_is_not_taken(vendor: Vendor) -> None:
    builds = [vendor.options(label) for label in LABELS[:4]]
    (first, *_) = vendor.results(builds[0])
    assert first.outcome
    run = Run(builds, vendor.progress)
    run.proofs.seconds = 1.0
    plans = ahead.PlansAhead(run)
    try:
        plans.turn(2)
        assert plans.plan(0, None) is None
        plan = plans.plan(2, None)
        assert plan is None or plan.request.label == LABELS[2]
        assert plans.plan(3, first.outcome.manifest) is None
    finally:
        plans.close()
        forget()


def test_other_process_has_the_command_line_of_this_one(vendor: Vendor) -> None:
    arguments = {"offline": True, "channel": ["far"], "func": print, "override_channels": True}
    reset_context(argparse_args=arguments)
    own = configuration.command_line()
    assert "func" not in own
    code = (
        "import sys, pickle; from conda_offline_repo._conda import configuration as c\n"
        "c.take_command_line(pickle.load(sys.stdin.buffer))\n"
        "from conda.base.context import context; print(context.offline, *context.channels)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps(own), capture_output=True, check=True
    )
    assert done.stdout.split() == [b"True", b"far"]
    assert (context.offline, *context.channels) == (True, "far")
