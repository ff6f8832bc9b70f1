"""A build that is killed at any of its steps leaves the old repository or the new one, whole.

Steps are what changes the file system below the root; see `tests.support.stepper`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.support import bench as benches
from tests.support.warm import warm_conda

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.bench import Bench
    from tests.support.warm import Struck, WarmConda


@pytest.fixture
def warm() -> Iterator[WarmConda]:
    with warm_conda() as warm:
        yield warm


def was_killed(struck: Struck) -> None:
    assert struck.status == -9


@pytest.mark.parametrize("make", [benches.first, benches.update, benches.request])
def test_killed_at_any_step(
    make: Callable[[WarmConda], Bench],
    warm: WarmConda,
    record_property: Callable[[str, object], None],
) -> None:
    bench = make(warm)
    steps = bench.strike_all(("torn", "kill"), was_killed)
    line = f"killed at each of {steps} steps: {len(bench.known)} different states, none broken"
    sys.stdout.write(f"\n{make.__name__}: {line}\n")
    record_property("steps", f"{make.__name__}: {line}")
    assert not bench.problems, "\n\n".join(bench.problems)
