"""The plans of labels that ask for different things, made ahead by processes beside this one.

To solve and to prove keeps one core busy. A process sends a plan that is proven, or nothing: what
goes wrong in it is done again by who builds the label, and told there, in its turn.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import replace
from io import StringIO
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Condition, Thread
from typing import TYPE_CHECKING, Any

from conda.base.context import context

from .._conda import configuration
from .._conda.solver import share_memory
from ..files.workers import WAIT
from ..progress import Unwatched
from .planning import plan_of
from .run import Run

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from ..repository.manifest import Manifest
    from .options import Options
    from .release.plan import BuildPlan

    #: A plan, and what conda printed on the way to it.
    Answer = tuple[BuildPlan | None, str]

#: Seconds of work for each process that are worth its start.
WORTH = 2.0
#: Of what this process has worked, about what the first solve and proof load.
FIRST = 0.5
#: The most processes: each needs the memory of a conda that solves.
MOST = 8
#: How many plans for each process are waited with until their labels are built.
EARLY = 2


class PlansAhead:
    """The plans of the labels that a command builds, made ahead where that takes less time.

    Args:
        run: What it shares, and all that it builds, in this order.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        numbers: dict[Options, int] = {}
        self._questions = [numbers.setdefault(_question(o), len(numbers)) for o in run.builds]
        self._waiting: deque[int] = deque()
        self._answers: dict[int, SimpleQueue[Answer]] = {}
        self._workers: list[tuple[BaseProcess, Connection]] = []
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._turn = Condition()
        self._number = 0

    def turn(self, number: int) -> None:
        """Say that the next label to be built is that of this number, from 0 on."""
        with self._turn:
            self._number = number
            self._turn.notify_all()
        if not number or self._scratch or context.verbosity:  # which is for what solvers say
            return
        known = {*self._questions[:number]}
        rest = [n for n in range(number, len(self._questions)) if self._questions[n] not in known]
        processes = min(MOST, _processors(), len(rest))
        each = max(0, self._run.seconds - FIRST) / number
        if processes > 1 and each * len(rest) / processes > WORTH:
            self._start(rest, processes)

    def plan(self, number: int, last: Manifest | None) -> BuildPlan | None:
        """Return the plan of a label; None if its builder has to make it.

        Args:
            last: The manifest of what is published.
        """
        with self._turn:
            if number in self._waiting:  # nobody has begun
                self._waiting.remove(number)
                return None
        answers = self._answers.get(number)
        if answers is None:
            return None
        label = self._run.builds[number].label
        with self._run.progress.doing(f"Solving {label} beside other labels"):
            while True:
                with suppress(Empty):  # Windows does not interrupt a wait
                    plan, printed = answers.get(timeout=WAIT)
                    break
        if printed and sys.stderr:
            sys.stderr.write(printed)
        return plan if plan and plan.last == last else None

    def close(self) -> None:
        """End the processes, whatever they do."""
        with self._turn:
            self._waiting.clear()
            self._turn.notify_all()
        for process, _ in self._workers:
            process.kill()
        for process, connection in self._workers:
            process.join()
            connection.close()
        if self._scratch:
            self._scratch.cleanup()

    def _start(self, numbers: Sequence[int], processes: int) -> None:
        self._scratch = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._waiting.extend(numbers)
        self._answers = {number: SimpleQueue() for number in numbers}
        # on every system alike; a fork would take over the threads' locks
        spawning = multiprocessing.get_context("spawn")
        arguments = configuration.command_line()
        for _ in range(processes):
            own, its = spawning.Pipe()
            given = (its, arguments, self._run.builds, self._run.began, self._scratch.name)
            process = spawning.Process(target=_work, args=(*given, self._run.dry_run), daemon=True)
            # no more processes; none of this one's
            with suppress(OSError, AssertionError), _interruptions_blocked():
                process.start()
                self._workers.append((process, own))
                Thread(target=self._ask, args=(own,), daemon=True).start()
            its.close()
        if not self._workers:
            self._waiting.clear()
            self._answers.clear()

    def _ask(self, connection: Connection) -> None:
        """Have a process make plans, until there are no more or it has ended."""
        while (number := self._next()) is not None:
            answers = self._answers[number]
            try:
                connection.send(number)
                answers.put(connection.recv())
            except Exception:  # also what cannot be read of an answer
                answers.put((None, ""))
                return

    def _next(self) -> int | None:
        with self._turn:
            while self._waiting:
                if self._waiting[0] < self._number:  # it failed before it needed a plan
                    self._waiting.popleft()
                elif self._waiting[0] <= self._number + EARLY * len(self._workers):
                    return self._waiting.popleft()
                else:
                    self._turn.wait()
            return None


@contextmanager
def _interruptions_blocked() -> Iterator[None]:
    """Let processes that are started meanwhile never be interrupted, where systems have that."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # with the first process, this would unblock them
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _question(options: Options) -> Options:
    """Return options that are equal for labels that ask for the same."""
    return options if options.label_channel else replace(options, label="")


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Unsuited(Exception):
    """A plan with files that lie here alone."""


class _RunBeside(Run):
    def solved(self, tasks: Any, ground: Any) -> Any:
        if any(task.takes_wheels for task in tasks):
            raise _Unsuited
        outcome = super().solved(tasks, ground)
        if any(solution.converted for solution in outcome.solutions):
            raise _Unsuited
        return outcome


def _work(
    connection: Connection,
    arguments: Mapping[str, Any],
    builds: Sequence[Options],
    began: float,
    scratch: str,
    dry_run: bool,
) -> None:
    """Answer numbers of builds with their plans, in a process of its own."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one who asks ends this process
        tempfile.tempdir = scratch
        share_memory()
        configuration.take_command_line(arguments)
        run = _RunBeside(builds, Unwatched(), dry_run=dry_run)
        run.began = began
        while True:
            number, plan, printed = connection.recv(), None, StringIO()
            with redirect_stdout(printed), redirect_stderr(printed):
                folder = Path(scratch, str(number))
                with suppress(BaseException):  # a panic of rattler's is no Exception
                    plan = plan_of(builds[number], run, folder)
            connection.send((plan, printed.getvalue()))
    finally:  # the threads of a Rust solver may abort a Python that takes itself down
        os._exit(0)
