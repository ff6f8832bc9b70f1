"""A build whose disk is full or fails at any step ends with an error, and harms nothing.

Steps are what changes the file system below the root; see `tests.support.stepper`. One in six
is struck, or with OFFLINE_REPO_EVERY_STEP=1 each of them.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from tests.support import bench as benches

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.bench import Bench
    from tests.support.warm import Struck, WarmConda


FAULTS = ("ENOSPC", "EIO", "EACCES")
CAUSES = tuple(os.strerror(getattr(errno, fault)) for fault in FAULTS)


@pytest.mark.parametrize("make", [benches.first, benches.update])
def test_failing_at_any_step(
    make: Callable[[WarmConda], Bench], warm: WarmConda, tell: Callable[[str], None]
) -> None:
    bench = make(warm)

    def ended_well(struck: Struck) -> None:
        assert struck.status in (0, 1), struck.status
        assert "ERROR REPORT" not in struck.output
        assert "Traceback" not in struck.output
        if struck.status == 1:  # some of conda's own errors name the path alone
            assert any(text in struck.output for text in (*CAUSES, str(bench.folder)))

    # by turns, and not the same at the same step of the one build and the other
    turn = (benches.first, benches.update).index(make)
    steps = bench.strike_all(lambda number: (FAULTS[(number + turn) % 3],), ended_well)
    states = f"{len(bench.known)} different states, none broken"
    tell(f"{make.__name__}: {', '.join(FAULTS)} by turns at {steps} steps: {states}")
    assert not bench.problems, "\n\n".join(bench.problems)
