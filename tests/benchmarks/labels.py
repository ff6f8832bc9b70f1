"""Many labels: by one command, by one each, and by the Rust engine.

They ask for the same, or each for one package of an older version.
"""

from __future__ import annotations

import json
import shlex
from functools import partial
from typing import TYPE_CHECKING

from tests.benchmarks.contenders import FIFTY, LABEL
from tests.benchmarks.measure import Contender, Job

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.benchmarks.contenders import Bench
    from tests.support.running import Conda

MANY = tuple(f"{LABEL}{number:02}" for number in range(30))
COLD, UNCHANGED = "cold", "unchanged"
ALIKE = "30 labels"
DIFFERENT = "30 labels that differ"
COMMANDS = "30 commands"
ENGINES = "30 runs of the Rust engine"


def contenders(bench: Bench, what: str) -> list[Contender]:
    """All of them; the many commands, which take long, where no server is far away."""
    begin = {COLD: _fresh, UNCHANGED: _again}[what]
    makers: dict[str, Callable[[Bench, Conda, Path], Job]] = {
        ALIKE: partial(one_command, different=False),
        DIFFERENT: partial(one_command, different=True),
        **({} if bench.delay else {COMMANDS: commands}),
        ENGINES: engines,
    }
    return [
        Contender(f"{name}, {what}", partial(begin, bench, name, make))
        for name, make in makers.items()
    ]


def _packages(bench: Bench, label: str) -> tuple[str, ...]:
    """What a label asks for that differs from the others."""
    return (*bench.upstream.packages, f"pkg-{MANY.index(label):05d}=2.0")


def one_command(bench: Bench, user: Conda, root: Path, *, different: bool) -> Job:
    """All labels of a file."""
    file = user.work / "offline-repo.yml"
    packages = {
        label: _packages(bench, label) if different else bench.upstream.packages for label in MANY
    }
    settings = {
        "root": str(root),
        "channels": [*bench.urls],
        "platforms": [*bench.upstream.platforms],
        "label_channel": False,
        "labels": {label: {"packages": [*names]} for label, names in packages.items()},
    }
    file.write_text(json.dumps(settings))
    return Job(*bench.conda(user, "offline-repo", "build", "--file", file))


def commands(bench: Bench, user: Conda, root: Path) -> Job:
    """A loop of a shell over the labels."""
    job = bench.ours(user, root)
    return _loop(job, [[label if p == LABEL else p for p in job.command] for label in MANY])


def engines(bench: Bench, user: Conda, root: Path) -> Job:
    """The same with the engine, labels that differ; a folder each, and one cache."""
    bench.need_engine()
    jobs = [
        bench.engine(user, root, name=label, packages=_packages(bench, label), threads=FIFTY)
        for label in MANY
    ]
    return _loop(jobs[0], [job.command for job in jobs])


def _loop(like: Job, commands: Sequence[Sequence[str]]) -> Job:
    """A shell that runs commands one after the other."""
    return Job(("sh", "-ec", "\n".join(map(shlex.join, commands))), like.variables, like.cwd)


def _fresh(bench: Bench, _: str, make: Callable[[Bench, Conda, Path], Job], folder: Path) -> Job:
    bench.upstream.release(after=False)
    return make(bench, bench.user(folder), folder / "root")


def _again(bench: Bench, name: str, make: Callable[[Bench, Conda, Path], Job], _: Path) -> Job:
    if name not in bench.many:
        folder = name.replace(" ", "-")
        bench.many[name] = bench.begun(folder, lambda user, root: make(bench, user, root))
    bench.upstream.release(after=False)
    return make(bench, *bench.many[name])
