"""Which download begins when, from which server: events in an order, and no time."""

from __future__ import annotations

import threading

import pytest
from conda.base.context import reset_context

from conda_offline_repo._conda.features import DOWNLOADS, downloads_at_once
from conda_offline_repo._conda.network import hosts
from conda_offline_repo._conda.network.hosts import FIRST, GONE, LARGE, Host, Queue
from tests.support.running import PATIENCE

MOST = 50
#: A server, and bytes.
File = tuple[str, int]


class Line:
    """A queue whose downloads begin and end as the test says."""

    def __init__(self, *files: File, most: int = MOST, **limits: int) -> None:
        self.stop = threading.Event()
        self.queue = Queue(files, lambda file: file[0], lambda file: file[1], most, limits)
        self.running: list[File] = []

    def begin(self) -> list[File]:
        """All that may begin now."""
        begun = []
        while (file := self.queue._next()) is not None:
            begun.append(file)
        self.running += begun
        return begun

    def end(self, file: File, *, good: bool = True) -> None:
        self.running.remove(file)
        if good:
            self.queue.host(file).good()
        self.queue.end(file, self.stop)


def test_first_a_few_and_with_each_answer_one_more() -> None:
    line = Line(*(("a", number) for number in range(200)))
    assert len(line.begin()) == FIRST
    most = 0
    while line.running:
        line.end(line.running[0])
        line.begin()
        most = max(most, len(line.running))
    assert most == MOST


def test_half_as_many_after_a_busy_answer_and_again_more_later() -> None:
    host = Host(MOST)
    before = host.state
    for _ in range(MOST):
        host.good()
    assert host.limit == MOST
    now = host.state
    host.busy(now)
    for _ in range(40):  # they began before, and say nothing new
        host.busy(before)
        host.busy(now)
    assert host.limit == MOST // 2
    host.busy(host.state)
    assert host.limit == MOST // 4
    for _ in range(12):
        host.good()
    assert host.limit == 15
    for _ in range(15 + 18 + 22 + 27 + 33 + 41):
        host.good()
    assert host.limit == MOST
    for _ in range(10):
        host.busy(host.state)
    assert host.limit == 1


def test_no_more_where_the_processor_is_what_is_waited_for() -> None:
    host = Host(MOST)
    for _ in range(100):
        host.good(0.05)
    assert host.limit == 16
    host.good(0.01)
    assert host.limit == 17


def answers_until(host: Host, limit: int) -> int:
    """How many good answers raise the limit so far."""
    answers = 0
    while host.limit < limit:
        host.good()
        answers += 1
    return answers


def test_what_was_too_much_is_tried_again_later_and_later() -> None:
    """A server that bears five downloads is not asked for six all the time."""
    host = Host(MOST)
    answers = []
    for _ in range(4):
        host.busy(host.state)
        answers.append(answers_until(host, 6))
    assert answers == [5, 3 + 4 + 5, 3 + 4 + 2 * 5, 3 + 4 + 4 * 5]
    assert answers_until(host, 7) == 4 * 6
    assert answers_until(host, 10) == 7 + 8, "it was not too much after all"


def test_busy_answer_is_about_a_file_unless_others_get_it_and_some_do_not() -> None:
    host = Host(MOST)
    before = host.state
    assert not host.busy(before), "nobody else got an answer"
    assert not host.busy(before), "nobody got a good one"
    host.good()
    assert host.busy(before)
    before = host.state
    host.good()
    assert not host.busy(before), "nobody else got a busy one"


def test_server_is_gone_when_several_in_a_row_did_not_come() -> None:
    host = Host(MOST)
    for _ in range(GONE - 1):
        host.lose()
    host.good()
    for _ in range(GONE):
        assert not host.gone
        host.lose()
    assert host.gone


def test_largest_come_first_and_small_ones_do_not_wait_for_them() -> None:
    large = [("a", LARGE + number) for number in range(40)]
    small = [("a", number) for number in range(40)]
    line = Line(*small, *large, most=8)
    assert line.begin() == [*large[:-7:-1], *small[:-3:-1]]
    line.end(small[-1])
    assert line.begin() == [small[-3]], "a large one took the place of a small one"
    line.end(large[-1])
    assert line.begin() == [large[-7]]


def test_large_ones_take_all_places_where_nothing_small_waits() -> None:
    line = Line(*(("a", LARGE + number) for number in range(40)), most=8)
    assert len(line.begin()) == 8


def test_one_place_is_for_the_largest() -> None:
    line = Line(("a", 3), ("a", LARGE), ("a", 4), most=1)
    assert line.begin() == [("a", LARGE)]
    line.end(("a", LARGE))
    assert line.begin() == [("a", 4)]


def test_slow_server_keeps_no_other_waiting() -> None:
    slow = [("slow", number) for number in range(100)]
    quick = [("quick", number) for number in range(100)]
    line = Line(*slow, *quick)
    line.queue.host(slow[0]).busy((0, 0, 0))
    line.begin()
    for file in reversed(quick):
        line.end(file)
        line.begin()
    assert {name for name, _ in line.running} == {"slow"}
    assert len(line.running) == FIRST // 2


def test_server_with_the_fewest_downloads_is_next() -> None:
    line = Line(("a", 1), ("b", 2), ("a", 3), ("b", 4), ("c", 5))
    assert [name for name, _ in line.begin()] == ["c", "b", "a", "b", "a"]


def test_this_machine_has_a_limit_of_its_own() -> None:
    line = Line(*(("", number) for number in range(20)), ("a", 1), most=50, **{"": 3})
    assert [name for name, _ in line.begin()].count("") == 3


def test_waiting_for_another_try_is_no_place_for_a_new_one() -> None:
    """Where a server is busy, what it was asked for already comes before what it was not."""
    line = Line(*(("a", number) for number in range(20)))
    first, *_ = line.begin()
    host = line.queue.host(first)
    host.busy(host.state)
    with host.released(line.stop):
        assert host.running == FIRST - 1
        assert not line.begin()
        while host.running >= host.limit:
            line.end(line.running[-1], good=False)
    assert host.running == host.limit == FIRST // 2


def test_who_waits_for_a_place_gets_the_next_one() -> None:
    host = Host(1)
    stop, waits, has = threading.Event(), threading.Event(), threading.Event()
    host.running = 2

    def again() -> None:
        with host.released(stop):
            waits.set()
        has.set()

    thread = threading.Thread(target=again)
    thread.start()
    waits.wait()
    host.free(stop)
    thread.join()
    assert has.is_set()
    assert host.running == 1


def test_nobody_waits_for_a_server_after_a_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "WAIT", 10 * PATIENCE)
    line = Line(("a", 1), ("b", 1), ("b", 2))
    line.begin()
    host, waits = line.queue.host(("a", 1)), threading.Event()

    def again() -> None:
        with host.released(line.stop):
            host.running = host.limit
            waits.set()

    thread = threading.Thread(target=again, daemon=True)
    thread.start()
    waits.wait()
    line.stop.set()
    line.end(("b", 1), good=False)
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_nobody_takes_after_a_stop() -> None:
    line = Line(("a", 1))
    line.stop.set()
    assert line.queue.take(line.stop) is None


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, DOWNLOADS),
        ({"CONDA_FETCH_THREADS": "5"}, 5),
        ({"CONDA_FETCH_THREADS": "0"}, DOWNLOADS),
        ({"CONDA_FETCH_THREADS": "70"}, 70),
        ({"CONDA_DEFAULT_THREADS": "3"}, 3),
        ({"CONDA_DEFAULT_THREADS": "3", "CONDA_FETCH_THREADS": "7"}, 7),
        ({"CONDA_FETCH_THREADS": "-1"}, 1),
    ],
)
def test_as_many_as_the_user_says(
    variables: dict[str, str], expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    reset_context()
    assert downloads_at_once() == expected
    monkeypatch.undo()
    reset_context()
