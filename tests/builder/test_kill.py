"""A build that is killed at any of its steps leaves the old repository or the new one, whole.

Steps are what changes the file system below the root; see `tests.support.stepper`. One in six
is struck, or with OFFLINE_REPO_EVERY_STEP=1 each of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import bench as benches

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.bench import Bench
    from tests.support.warm import Struck, WarmConda


@pytest.mark.parametrize("make", [benches.first, benches.signed_update, benches.request])
def test_killed_at_any_step(
    make: Callable[[WarmConda], Bench], warm: WarmConda, tell: Callable[[str], None]
) -> None:
    bench = make(warm)

    def was_killed(struck: Struck) -> None:
        assert struck.status == -9

    steps = bench.strike_all(lambda n: ("torn", "kill") if n % 3 == 0 else ("kill",), was_killed)
    states = f"{len(bench.known)} different states, none broken"
    tell(f"{make.__name__}: killed at {steps} steps: {states}")
    assert not bench.problems, "\n\n".join(bench.problems)
