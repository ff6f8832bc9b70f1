"""A build whose disk is full or fails at any step ends with an error, and harms nothing.

Steps are what changes the file system below the root; see `tests.support.stepper`.
"""

from __future__ import annotations

import errno
import os
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


FAULTS = ("ENOSPC", "EIO", "EACCES")
CAUSES = tuple(os.strerror(getattr(errno, fault)) for fault in FAULTS)


@pytest.mark.parametrize("make", [benches.first, benches.update])
def test_failing_at_any_step(
    make: Callable[[WarmConda], Bench],
    warm: WarmConda,
    record_property: Callable[[str, object], None],
) -> None:
    bench = make(warm)

    def ended_well(struck: Struck) -> None:
        assert struck.status in (0, 1), struck.status
        assert "ERROR REPORT" not in struck.output
        assert "Traceback" not in struck.output
        if struck.status == 1:  # some of conda's own errors name the path alone
            assert any(text in struck.output for text in (*CAUSES, str(bench.folder)))

    steps = bench.strike_all(FAULTS, ended_well)
    line = f"{', '.join(FAULTS)} at each of {steps} steps: {len(bench.known)} different states"
    sys.stdout.write(f"\n{make.__name__}: {line}, none broken\n")
    record_property("steps", f"{make.__name__}: {line}, none broken")
    assert not bench.problems, "\n\n".join(bench.problems)
