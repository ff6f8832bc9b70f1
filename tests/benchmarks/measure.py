"""Whole processes, taken in turn, and what their costs are to each other.

Every run has folders of its own. What it reads may be in the system's page cache, as nothing is
dropped from there: the first, uncounted round reads everything once. Before each run all that
others wrote is brought to the disk.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

#: A run that fails is repeated: a Python with the threads of a Rust solver in it may at times be
#: aborted when all is done. How often that happened is told.
TRIES = 3
STOPWATCH = Path(__file__).with_name("stopwatch.py")


@dataclass(frozen=True)
class Job:
    """A command that is ready to be timed.

    Attributes:
        command: what to run.
        variables: its whole environment.
        cwd: its current folder.
        told: given what it printed, when it has succeeded: more of its costs, by name.
        stdout: where that goes; a file beside the job's folder unless told.
    """

    command: tuple[str, ...]
    variables: Mapping[str, str]
    cwd: Path
    told: Callable[[Path], Mapping[str, float]] = lambda _: {}
    stdout: Path | None = None


@dataclass(frozen=True)
class Contender:
    """Something to be timed.

    Attributes:
        name: of it.
        prepare: makes a job in a fresh folder; not timed.
    """

    name: str
    prepare: Callable[[Path], Job]


@dataclass
class Costs:
    """What the counted runs of a contender cost, by kind, in the order of the runs."""

    values: dict[str, list[float]] = field(default_factory=dict)

    def add(self, costs: Mapping[str, float]) -> None:
        for kind, value in costs.items():
            self.values.setdefault(kind, []).append(value)

    def median(self, kind: str) -> float:
        return statistics.median(self.values[kind])


@dataclass(frozen=True)
class Ratio:
    """How two contenders compare.

    Attributes:
        medians: the ratio of the medians.
        low: the smallest ratio of two runs of one round.
        high: the largest.
    """

    medians: float
    low: float
    high: float


class FailedError(Exception):
    """A contender that does not do its work; the text has what it said."""


def alternate(
    contenders: Sequence[Contender], rounds: int, folder: Path, say: Callable[[str], None]
) -> dict[str, Costs]:
    """Run contenders in turn, A B A B, for a round that is not counted and some that are.

    Raises:
        FailedError: One of them failed several times in a row.
    """
    found = {contender.name: Costs() for contender in contenders}
    for number in range(rounds + 1):
        for contender in contenders:
            costs = run(contender, folder, say)
            if number:
                found[contender.name].add(costs)
            counted = f"{number} of {rounds}" if number else "warm-up"
            say(f"  {contender.name}, {counted}: {costs['wall']:.2f} s")
    return found


def run(contender: Contender, folder: Path, say: Callable[[str], None]) -> dict[str, float]:
    """One run; returns its costs: seconds and bytes, by kind.

    Raises:
        FailedError: It failed several times in a row.
    """
    for attempt in range(TRIES):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        job = contender.prepare(folder)
        output, errors = job.stdout or folder / "stdout", folder / "stderr"
        order = {
            "command": job.command,
            "variables": dict(job.variables),
            "cwd": str(job.cwd),
            "stdout": str(output),
            "stderr": str(errors),
        }
        done = subprocess.run(
            [sys.executable, "-I", "-S", STOPWATCH],
            input=json.dumps(order),
            stdout=subprocess.PIPE,
            encoding="utf-8",
            check=True,
        )
        costs: dict[str, float] = json.loads(done.stdout)
        status = costs.pop("status")
        if status == 0:
            costs.update(job.told(output))
            shutil.rmtree(folder)
            return costs
        text = errors.read_text(errors="replace")[-2000:]
        if output.is_file():
            text = f"{output.read_text(errors='replace')[-2000:]}\n{text}"
        say(f"  {contender.name} ended with status {status:.0f}, try {attempt + 1} of {TRIES}")
    raise FailedError(f"{contender.name}: {' '.join(job.command)}\n{text}")


def ratio(first: Sequence[float], second: Sequence[float]) -> Ratio:
    """What `first` is in terms of `second`; of each, one value a round."""
    pairs = [one / other for one, other in zip(first, second, strict=True)]
    return Ratio(statistics.median(first) / statistics.median(second), min(pairs), max(pairs))


def difference(first: Sequence[float], second: Sequence[float]) -> Ratio:
    """What `first` is beyond `second`; of each, one value a round."""
    pairs = [one - other for one, other in zip(first, second, strict=True)]
    return Ratio(statistics.median(first) - statistics.median(second), min(pairs), max(pairs))
