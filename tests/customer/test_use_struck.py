"""`use` that is killed or fails at any of its steps leaves the environment as it was or as it is
to be, or says so, and one more finishes.

Steps are what changes the file system below the environment; see `tests.support.stepper`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

import pytest

from dev.upstream.server import ChannelServer
from tests.support.bench import STRIDE, state
from tests.support.running import Conda
from tests.support.warm import warm_conda

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.mirror import Mirror
    from tests.support.warm import Struck, WarmConda

CHANGE = "offline-repo.change"


@pytest.fixture
def warm() -> Iterator[WarmConda]:
    with warm_conda() as warm:
        yield warm


@dataclass
class Moved:
    """An environment whose repository has moved.

    Attributes:
        warm: runs conda.
        prefix: the environment.
        old: the URL of where the repository was.
        new: that of where it is.
        saved: a copy of the environment as it was; None if there is none yet.
        problems: what was not as it must be.
        told: whether it was seen that conda's own commands are refused meanwhile.
        finished_from: the digests of what was left, as far as one more `use` has finished it.
    """

    warm: WarmConda
    prefix: Path
    old: str
    new: str
    saved: Path | None
    problems: list[str] = field(default_factory=list)
    told: bool = False
    finished_from: set[str] = field(default_factory=set)

    def restore(self) -> None:
        shutil.rmtree(self.prefix, ignore_errors=True)
        if self.saved:
            shutil.copytree(self.saved, self.prefix)

    def use(self, fault: str = "", number: int = 0, *packages: str) -> Struck:
        command = ("offline-repo", "use", self.new, "-p", self.prefix, "--yes", *packages)
        return self.warm.execute(*map(str, command), folder=self.prefix, fault=fault, number=number)

    def places(self) -> set[str]:
        """Which places the files of the environment point to, and whether a change is under way."""
        meta = self.prefix / "conda-meta"
        states = set()
        texts = [*meta.glob("*.json"), self.prefix / ".condarc", meta / "offline-repo"]
        for path in texts:
            text = path.read_text() if path.is_file() else ""
            for name, place in (("old", self.old), ("new", self.new)):
                if place in text:
                    states.add(name)
            if not text:
                states.add("old")
        if (meta / CHANGE).exists():
            states.add("under way")
        return states

    def finished(self) -> None:
        assert self.places() == {"new"}, self.places()
        names = [path.name for path in self.prefix.rglob("*")]
        left = [name for name in names if name.endswith(("-new", ".change"))]
        assert not left, left

    def strike_all(
        self, faults: tuple[str, ...], packages: tuple[str, ...], check: Callable[[], None]
    ) -> int:
        """Let each step go wrong, in the one way and the other by turns; returns how many."""
        stride = 2 if STRIDE > 1 else 1
        for number in count(1, stride):
            fault = faults[number // stride % len(faults)]
            self.restore()
            struck = self.use(fault, number, *packages)
            try:
                assert "ERROR REPORT" not in struck.output, struck.output[:3000]
                if struck.struck:
                    assert struck.status in ((-9,) if fault == "kill" else (0, 1)), str(struck)
                    check()
                digest = state(self.prefix)
                if digest not in self.finished_from:
                    again = self.use("", 0, *packages)
                    assert again.status == 0, str(again)[:3000]
                    self.finished()
                    self.finished_from.add(digest)
            except Exception as error:  # all steps are tried before the test fails
                self.problems.append(f"{fault} at step {number}: {error!r}\n{struck.stderr[:1500]}")
            if not struck.struck:
                return number // stride
        raise AssertionError


@pytest.fixture
def moved(warm: WarmConda, mirror: Mirror, request: pytest.FixtureRequest) -> Iterator[Moved]:
    old = mirror.copy(1, warm.folder / "stick" / "bank")
    prefix = warm.folder / "envs" / "rating"
    saved = None
    if request.param != "new":
        warm.run("offline-repo", "use", old, "-p", prefix, "app", "--yes")
        saved = warm.folder / "saved"
        shutil.copytree(prefix, saved)
    new = warm.folder / "share" / "bank"
    new.parent.mkdir()
    old.rename(new)
    with ChannelServer(new.parent) as server:
        url = f"{server.url}/bank" if request.param == "to a server" else new.as_uri()
        yield Moved(warm, prefix, old.as_uri(), url, saved)


def report(moved: Moved, line: str) -> None:
    sys.stdout.write(f"\n{line}\n")
    assert not moved.problems, "\n\n".join(moved.problems[:5])


@pytest.mark.parametrize("moved", ["moved", "new", "to a server"], indirect=True)
def test_killed_at_any_step(moved: Moved) -> None:
    def old_or_new_or_told() -> None:
        places = moved.places()
        if moved.saved and places not in ({"old"}, {"new"}):
            assert "under way" in places, places
            if moved.told:
                return
            moved.told = True
            told = moved.warm.fail(
                *("install", "--yes", "extra", "-p", str(moved.prefix)),
                *(("--offline",) if moved.new.startswith("file:") else ()),
                *("--override-channels", "-c", moved.new),
            )
            place = moved.new.removeprefix("file://")
            assert f"conda offline-repo use {place} -p {moved.prefix}" in told.stderr

    steps = moved.strike_all(("kill",), (), old_or_new_or_told)
    assert steps > 4
    report(moved, f"use killed at {steps} steps")


@pytest.mark.parametrize("moved", ["moved", "new"], indirect=True)
def test_failing_at_any_step(moved: Moved) -> None:
    def old_or_new_or_told() -> None:
        places = moved.places()
        assert places in ({"old"}, {"new"}) or "under way" in places, places

    steps = moved.strike_all(("ENOSPC", "EIO"), (), old_or_new_or_told)
    report(moved, f"use with ENOSPC or EIO at {steps} steps")


def declined(warm: WarmConda, *arguments: str) -> str:
    """What a run of conda says that is answered with no."""
    me = Conda(warm.folder / "decliner")
    command = [sys.executable, "-m", "conda", *arguments]
    return subprocess.run(
        command, input="n\n", cwd=me.work, env=me.variables, text=True, capture_output=True
    ).stderr


def test_failed_and_declined_leave_the_old(warm: WarmConda, mirror: Mirror) -> None:
    old = mirror.copy(1, warm.folder / "stick" / "bank")
    prefix = warm.folder / "rating"
    warm.run("offline-repo", "use", old, "-p", prefix, "app", "--yes")
    new = mirror.copy(2, warm.folder / "share" / "bank")
    moved = Moved(warm, prefix, old.as_uri(), new.as_uri(), None)
    shutil.rmtree(old)

    def everything() -> dict[str, bytes]:
        return {str(p): p.read_bytes() for p in prefix.rglob("*") if p.is_file()}

    before = everything()
    use = ("offline-repo", "use", new, "-p", prefix)
    told = warm.fail(*use, "absent", "--yes")
    assert "absent" in told.stderr
    assert everything() == before
    assert "Proceed" in declined(warm, *map(str, use), "app")
    assert everything() == before
    archive = new / "noarch" / "app-2.0-0.conda"
    good = archive.read_bytes()
    archive.write_bytes(good[:-1])
    warm.fail(*use, "app", "--yes", "--no-verify")
    assert everything() == before
    archive.write_bytes(good)
    answer = json.loads(warm.run(*use, "app", "--yes", "--json").stdout)
    names = {name.rpartition("::")[2].rsplit("-", 2)[0] for name in answer["actions"]["LINK"]}
    assert names == {"app", "tool"}
    moved.finished()
