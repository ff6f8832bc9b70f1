"""Work in threads: in order, to the end, and left alone when the user wants to leave."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.files.workers import TURN, run_all, short_turns, workers
from tests.support.running import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path

#: A share that does not answer: what opens it for reading waits for ever.
READING = """
import os, signal, sys, threading
from conda_offline_repo.files.workers import run_all

def read(path):
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
    open(path, "rb")

try:
    run_all(read, [sys.argv[1]], 2)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_results_are_in_the_order_of_the_items() -> None:
    later = threading.Event()

    def work(number: int) -> int:
        if number:
            later.set()
        else:
            later.wait(PATIENCE)
        return -number

    assert run_all(work, range(5), 2) == [0, -1, -2, -3, -4]


@pytest.mark.parametrize("number", [0, 1, 50])
def test_any_number(number: int) -> None:
    assert run_all(str, range(number)) == [str(n) for n in range(number)]


def test_an_error_ends_the_work() -> None:
    """What is under way is waited for, and nothing more is begun."""
    begun: list[int] = []
    ended: list[int] = []
    failed = threading.Event()

    def work(number: int) -> None:
        begun.append(number)
        if number == 1:
            failed.set()
            raise ZeroDivisionError
        failed.wait(PATIENCE)
        time.sleep(0.01)  # all of them would take far longer than the first to hear of it
        ended.append(number)

    with pytest.raises(ZeroDivisionError):
        run_all(work, range(1000), 2)
    assert len(begun) < 1000
    assert len(ended) == len(begun) - 1


def test_nothing_is_begun_after_an_error() -> None:
    begun: list[int] = []

    def work(number: int) -> None:
        begun.append(number)
        raise ZeroDivisionError

    stop = threading.Event()
    with workers(work, range(100), 3, stop) as outcomes:
        with pytest.raises(ZeroDivisionError):
            next(outcomes)
        assert stop.wait(PATIENCE)
    assert len(begun) <= 3, "a thread went on after an error of its own"


@pytest.mark.skipif(os.name == "nt", reason="Windows sends a process no such signal")
def test_an_interruption_waits_for_no_reader(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    done = subprocess.run(
        [sys.executable, "-c", READING, tmp_path / "pipe"],
        stdout=subprocess.PIPE,
        text=True,
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stdout) == (0, "interrupted\n")


def test_error_waits_for_the_others_and_an_interruption_does_not() -> None:
    """After an error nothing may go on writing; after an interruption nobody may wait."""
    stop, release = threading.Event(), threading.Event()
    ended: list[int] = []

    def work(number: int) -> None:
        if number:
            stop.wait()
            release.wait()
            ended.append(number)

    def leave(how: type[BaseException]) -> None:
        with workers(work, range(3), 3, stop) as outcomes:
            assert next(outcomes) == (0, None)
            raise how

    threading.Timer(0.2, release.set).start()
    with pytest.raises(RuntimeError):
        leave(RuntimeError)
    assert sorted(ended) == [1, 2]

    stop.clear()
    release.clear()
    ended.clear()
    with pytest.raises(KeyboardInterrupt):
        leave(KeyboardInterrupt)
    assert stop.is_set()
    assert not ended
    release.set()


def test_work_that_ends_its_thread_is_an_error() -> None:
    def work(number: int) -> None:
        raise SystemExit(number)

    with workers(work, [7], 1, threading.Event()) as outcomes, pytest.raises(SystemExit):
        next(outcomes)


def test_no_work_needs_no_thread() -> None:
    nothing: list[int] = []
    with workers(str, nothing, 5, threading.Event()) as outcomes:
        assert list(outcomes) == []


def test_short_turns_end_with_an_error() -> None:
    before = sys.getswitchinterval()

    def fail() -> None:
        with short_turns():
            assert sys.getswitchinterval() == pytest.approx(TURN)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert sys.getswitchinterval() == before
