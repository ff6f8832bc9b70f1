"""What the plugin adds to the start of conda, in pairs of runs that take turns.

Prints, for the whole time and for that of the processor, the median of the pairs' ratios with its
95 % interval. `python -m tests.benchmarks.start --help` says more.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks import twins

if TYPE_CHECKING:
    from collections.abc import Sequence

MODULES = """\
import sys
from conda.cli import main
try:
    main()
except SystemExit:
    pass
ours = sorted(name for name in sys.modules if name.startswith("conda_offline_repo"))
print(*ours, file=sys.stderr)
"""


def timed(python: Path, arguments: Sequence[str]) -> tuple[float, float]:
    """Seconds that conda takes, and those of the processor."""
    began, before = time.perf_counter(), os.times()
    command = [str(python), "-m", "conda", *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=python.parent)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user
    return time.perf_counter() - began, cpu - before.children_system


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The order statistics that the median of all lies between, at 95 %."""
    outside = max(0, math.floor(len(values) / 2 - 0.98 * math.sqrt(len(values))))
    ordered = sorted(values)
    return ordered[outside], ordered[-1 - outside]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.start", description=__doc__)
    parser.add_argument("--pairs", type=int, default=40, help="default: %(default)s")
    parser.add_argument("arguments", nargs="*", help="of conda; default: --version")
    options, others = parser.parse_known_args()
    arguments = [*options.arguments, *others] or ["--version"]
    with tempfile.TemporaryDirectory() as folder:
        plain = twins.make(Path(folder) / "without", (twins.PLUGIN,))
        full = twins.make(Path(folder) / "with", ())
        ours = subprocess.run(
            [full, "-c", MODULES, *arguments], capture_output=True, check=True, encoding="utf-8"
        )
        pairs = []
        for number in range(-1, options.pairs):
            order = (plain, full) if number % 2 else (full, plain)
            costs = {python: timed(python, arguments) for python in order}
            if number >= 0:  # the first is to warm up
                pairs.append((costs[full], costs[plain]))
    print(f"conda {' '.join(arguments)}, {len(pairs)} pairs, with / without the plugin")
    for index, name in enumerate(("time", "processor")):
        ratios = [with_[index] / without[index] for with_, without in pairs]
        low, high = interval(ratios)
        median = statistics.median(without[index] for _, without in pairs)
        print(
            f"{name}: {statistics.median(ratios):.3f} ({low:.3f} to {high:.3f}), "
            f"without it {median:.3f} s"
        )
    print(f"our modules: {ours.stderr.strip()}")


if __name__ == "__main__":
    main()
