"""What `use --check` costs beside `conda list -p PREFIX`, in pairs of runs that take turns.

The environment has 300 packages, python among them. Prints, for the whole time and for that of the
processor, the median of the pairs' ratios with its 95 % interval. `python -m tests.benchmarks.check
--help` says more.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.start import interval, timed
from tests.support.mirror import PLATFORM, publish
from tests.support.running import Conda
from tests.support.tiny import TinyChannel

SITE = "lib/python3.11/site-packages"
#: Files of a package; the median of conda-forge's with modules has about as many.
FILES = 60


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.check", description=__doc__)
    parser.add_argument("--pairs", type=int, default=30, help="default: %(default)s")
    parser.add_argument("--packages", type=int, default=300, help="default: %(default)s")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        customer = Conda(folder / "customer")
        bank, prefix = _release(folder, options.packages), folder / "rating"
        customer.use(bank, "-p", prefix, "--release", "1", "--yes", "--quiet")
        os.environ.update(customer.variables)
        ours = ["offline-repo", "use", "--check", str(bank), "-p", str(prefix), "--release", "1"]
        contenders = (ours, ["list", "-p", str(prefix)])
        pairs = []
        for number in range(-1, options.pairs):
            order = (0, 1) if number % 2 else (1, 0)
            costs = {i: timed(Path(sys.executable), contenders[i]) for i in order}
            if number >= 0:  # the first is to warm up
                pairs.append((costs[0], costs[1]))
    print(f"{options.packages} packages, {len(pairs)} pairs, use --check / conda list")
    for index, measure in enumerate(("time", "processor")):
        ratios = [check[index] / listing[index] for check, listing in pairs]
        low, high = interval(ratios)
        median = statistics.median(listing[index] for _, listing in pairs)
        ratio = statistics.median(ratios)
        print(f"{measure}: {ratio:.3f} ({low:.3f} to {high:.3f}), conda list {median:.3f} s")


def _release(folder: Path, number: int) -> Path:
    """Build the release, and return its folder."""
    channel = TinyChannel(folder / "channel")
    channel.add("python", "3.11.9", files={f"{SITE}/README.txt": "modules go here\n"})
    channel.add("pip")
    names = [f"package-{i}" for i in range(1, number - 1)]
    for name in names:
        module = name.replace("-", "_")
        paths = [f"{SITE}/{module}/part{part}.py" for part in range(FILES)]
        paths += [f"{SITE}/{module}-1.0.dist-info/{file}" for file in ("METADATA", "RECORD")]
        depends = ["python", names[int(name.rpartition("-")[2]) // 2 - 1]]
        depends = depends if name != names[0] else ["python"]
        channel.add(name, subdir=PLATFORM, depends=depends, files=dict.fromkeys(paths, "x = 1\n"))
    return publish(folder / "me", channel, *names, root=folder / "repositories")


if __name__ == "__main__":
    main()
