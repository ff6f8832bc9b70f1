"""Many labels that ask for the same: by one command, by one each, and by the Rust engine."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

from tests.benchmarks.contenders import FIFTY, LABEL
from tests.benchmarks.measure import Contender, Job

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.benchmarks.contenders import Bench
    from tests.support.running import Conda

MANY = tuple(f"{LABEL}{number:02}" for number in range(30))


def cold(bench: Bench) -> list[Contender]:
    return [
        Contender("30 labels, cold", _fresh(bench, one_command)),
        Contender("30 commands, cold", _fresh(bench, commands)),
        Contender("30 runs of the Rust engine, cold", _fresh(bench, engine)),
    ]


def unchanged(bench: Bench) -> list[Contender]:
    return [
        Contender("30 labels, unchanged", _again(bench, "labels", one_command)),
        Contender("30 commands, unchanged", _again(bench, "commands", commands)),
        Contender("30 runs of the Rust engine, unchanged", _again(bench, "engines", engine)),
    ]


def one_command(bench: Bench, user: Conda, root: Path) -> Job:
    """All labels of a file."""
    file = user.work / "offline-repo.yml"
    settings = {
        "root": str(root),
        "channels": [*bench.urls],
        "platforms": [*bench.upstream.platforms],
        "label_channel": False,
        "labels": {label: {"packages": [*bench.upstream.packages]} for label in MANY},
    }
    file.write_text(json.dumps(settings))
    return Job(*bench.conda(user, "offline-repo", "build", "--file", file))


def commands(bench: Bench, user: Conda, root: Path) -> Job:
    """A loop of a shell over the labels."""
    single = bench.ours(user, root)
    return _loop(single, LABEL)


def engine(bench: Bench, user: Conda, root: Path) -> Job:
    """The same with the engine; a folder each, and one cache."""
    bench.need_engine()
    for label in MANY:
        (root / label).mkdir(parents=True, exist_ok=True)
    single = bench.engine(user, root / LABEL, threads=FIFTY)
    return _loop(single, str(root / LABEL / "channel"))


def _loop(single: Job, varying: str) -> Job:
    """A shell that runs a command for each label: what is named after one is after each."""
    lines = (
        shlex.join(
            part.replace(varying, varying.replace(LABEL, label)) if part == varying else part
            for part in single.command
        )
        for label in MANY
    )
    return Job(("sh", "-ec", "\n".join(lines)), single.variables, single.cwd)


def _fresh(bench: Bench, make: Callable[[Bench, Conda, Path], Job]) -> Callable[[Path], Job]:
    def prepare(folder: Path) -> Job:
        bench.upstream.release(after=False)
        return make(bench, bench.user(folder), folder / "root")

    return prepare


def _again(
    bench: Bench, name: str, make: Callable[[Bench, Conda, Path], Job]
) -> Callable[[Path], Job]:
    def prepare(_: Path) -> Job:
        if name not in bench.many:
            bench.many[name] = bench.begun(name, lambda user, root: make(bench, user, root))
        bench.upstream.release(after=False)
        return make(bench, *bench.many[name])

    return prepare
