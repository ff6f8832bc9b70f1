"""A delivery that is killed or fails at any of its steps leaves the target whole.

Steps are what changes the file system below the target's parent; see `tests.support.stepper`.
One in six is struck, or with OFFLINE_REPO_EVERY_STEP=1 each of them. What is under way meanwhile is
of `repository/transition.py` and `repository/index.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import bench as benches
from tests.support.bench import delivering
from tests.support.delivering import packed

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.bench import Delivering
    from tests.support.warm import Struck, WarmConda

FAULTS = ("ENOSPC", "EIO", "EACCES")


def first(warm: WarmConda) -> Delivering:
    return delivering(benches.first(warm))


def update(warm: WarmConda) -> Delivering:
    return delivering(benches.signed_update(warm))


def back(warm: WarmConda) -> Delivering:
    return delivering(benches.update(warm), back=True)


def volumes(warm: WarmConda) -> Delivering:
    """What is new, in several volumes."""
    bench = update(warm)
    (source,) = bench.source
    packed_to = bench.folder / "v.zip"
    bench.source = packed(source, packed_to, since=bench.before / "bank", size=5_000)
    assert len(bench.source) > 1
    return bench


@pytest.mark.parametrize("make", [first, update, back, volumes])
def test_killed_at_any_step(
    make: Callable[[WarmConda], Delivering], warm: WarmConda, tell: Callable[[str], None]
) -> None:
    bench = make(warm)

    def was_killed(struck: Struck) -> None:
        assert struck.status == -9

    def faults(number: int) -> tuple[str, ...]:
        return ("torn", "kill") if number % 3 == 0 else ("kill",)

    steps = bench.strike_all(faults, was_killed)
    states = f"{len(bench.known)} different states, none broken"
    tell(f"delivery, {make.__name__}: killed at {steps} steps: {states}")
    assert not bench.problems, "\n\n".join(bench.problems)


@pytest.mark.parametrize("make", [update])
def test_failing_at_any_step(
    make: Callable[[WarmConda], Delivering], warm: WarmConda, tell: Callable[[str], None]
) -> None:
    bench = make(warm)

    def ended_well(struck: Struck) -> None:
        assert struck.status in (0, 1), struck.status
        assert "ERROR REPORT" not in struck.output
        assert "Traceback" not in struck.output

    steps = bench.strike_all(lambda number: (FAULTS[number % 3],), ended_well)
    states = f"{', '.join(FAULTS)} by turns, {len(bench.known)} different states, none broken"
    tell(f"delivery, {make.__name__}: struck at {steps} steps: {states}")
    assert not bench.problems, "\n\n".join(bench.problems)
