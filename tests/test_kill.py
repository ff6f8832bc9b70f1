"""A build that is struck at any of its steps leaves the old repository or the new one, whole.

Steps are what changes the file system below the root; see `tests.stepper`.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.locate import locate_one
from conda_offline_repo.verify import verify
from tests.tiny import TinyChannel
from tests.warm import WarmConda, contents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.running import Conda
    from tests.warm import Struck

PLATFORM = "linux-64"
#: Fewer steps than a build can do with: if there are no more, the hook has gone blind.
FEWEST = 25
ERRORS = ("ENOSPC", "EIO", "EACCES")
#: Files of a build under way that hold something else each time; only their names count.
EPHEMERAL = ("/lock", "/proof/")
INDEX = "repodata.json"


@dataclass
class Bench:
    """A build to be struck.

    Attributes:
        warm: runs it.
        folder: for one root a run.
        request: the options of the build, but for the root.
        before: the root before the build; not to be changed.
        after: the root after an undisturbed build.
        steps: what the undisturbed build did.
        packages: what conda installs from the repository before and after.
        solved: what it installs in other moments, by the digest of the index files.
        known: the digests of what was left by runs, as far as they have been checked.
        problems: what was not as it must be.
    """

    warm: WarmConda
    folder: Path
    request: tuple[str, ...]
    before: Path
    after: Path
    steps: tuple[str, ...] = ()
    packages: tuple[frozenset[str], ...] = ()
    solved: dict[str, frozenset[str]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    def build(self, root: Path, fault: str = "", number: int = 0) -> Struck:
        arguments = ("offline-repo", "build", *self.request, "--root", root)
        return self.warm.execute(*arguments, folder=root, fault=fault, number=number)

    def prepare(self) -> None:
        """Do the undisturbed build."""
        shutil.copytree(self.before, self.after)
        done = self.build(self.after)
        assert done.status == 0, str(done)
        self.steps = done.steps
        roots = [root for root in (self.before, self.after) if (root / "bank").exists()]
        self.packages = tuple(self.solve(root / "bank") for root in roots)

    def strike(self, fault: str, number: int, check: Callable[[Struck], None]) -> Struck:
        """Let one step go wrong and check what is left, and that one more build finishes."""
        root = self.folder / "root"
        shutil.copytree(self.before, root)
        struck = self.build(root, fault, number)
        try:
            if struck.struck:
                check(struck)
            digest = state(root)
            if digest not in self.known:
                self.check_whole(root)
                if struck.status == 0:
                    assert contents(root / "bank") == contents(self.after / "bank")
                again = self.build(root)
                assert again.status == 0, str(again)
                assert contents(root) == contents(self.after)
                self.known.add(digest)
        except AssertionError as error:
            step = "".join(self.steps[number - 1 : number])
            self.problems.append(f"{fault} at step {number}, {step}: {error}\n{struck.stderr[:3000]}")
        shutil.rmtree(root)
        return struck

    def check_whole(self, root: Path) -> None:
        """See that the repository is the old one or the new one, and can be installed from."""
        repository = root / "bank"
        if not repository.exists():
            assert not (self.before / "bank").exists()
            return
        report = verify(locate_one(repository), lambda _: None)
        assert report.good, report
        assert not report.extra, report
        if not (self.before / "bank").exists():
            assert contents(repository) == contents(self.after / "bank")
        for index in sorted(repository.glob(f"*/{INDEX}")):
            repodata = json.loads(index.read_bytes())
            for section in ("packages", "packages.conda"):
                for name, record in repodata[section].items():
                    content = (index.parent / name).read_bytes()
                    assert hashlib.sha256(content).hexdigest() == record["sha256"], name
        assert self.solve(repository) in self.packages

    def solve(self, repository: Path) -> frozenset[str]:
        """What a customer's conda would install from the repository, offline."""
        digest = hashlib.sha256()
        for index in sorted(repository.glob(f"*/{INDEX}")):
            digest.update(f"{index.parent.name} {index.stat().st_size} ".encode())
            digest.update(index.read_bytes())
        key = digest.hexdigest()
        if key not in self.solved:
            caches = self.folder / f"caches{len(self.solved)}"
            done = self.warm.run(
                *("create", "--dry-run", "--json", "--offline", "--override-channels"),
                *("-c", repository.as_uri(), "--subdir", PLATFORM, "-p", caches / "env", "app"),
                CONDA_PKGS_DIRS=str(caches / "pkgs"),
            )
            self.solved[key] = frozenset(p["dist_name"] for p in done.json["actions"]["LINK"])
        return self.solved[key]


def state(root: Path) -> str:
    """A digest of all below a root."""
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        digest.update(f"{path} {path.is_dir()} ".encode())
        if path.is_file() and not any(part in path.as_posix() for part in EPHEMERAL):
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@pytest.fixture
def warm(conda: Conda) -> Iterator[WarmConda]:
    with WarmConda(conda) as warm:
        yield warm


@pytest.fixture
def channel(tmp_path: Path) -> TinyChannel:
    """The publisher's channel when the repository is built first."""
    channel = TinyChannel(tmp_path / "published")
    channel.add("app", "1.0", depends=["lib ==1.0", "data", "old"])
    channel.add("lib", "1.0", subdir=PLATFORM)
    channel.add("old", "1.0")
    channel.add("data", "1.0", subdir=PLATFORM, format="tar.bz2")
    channel.write()
    return channel


def release(channel: TinyChannel) -> None:
    """Publish the next version, of which every part is needed with every other."""
    channel.add("app", "2.0", depends=["lib ==2.0", "data", "new"])
    channel.add("lib", "2.0", subdir=PLATFORM)
    channel.add("new", "1.0")
    channel.add("data", "1.0", subdir=PLATFORM)
    channel.write()


@pytest.fixture(params=("first", "update", "request"))
def bench(
    request: pytest.FixtureRequest, warm: WarmConda, channel: TinyChannel, tmp_path: Path
) -> Bench:
    """A first build; an update that changes all there is to change; and one of the request alone."""
    options = (
        *("--label", "bank", "--no-label-channel", "--platform", PLATFORM, "-q"),
        *("-c", channel.folder.as_uri(), "--override-channels"),
    )
    folders = [tmp_path / name for name in ("runs", "before", "after")]
    bench = Bench(warm, folders[0], (*options, "app"), folders[1], folders[2])
    bench.before.mkdir()
    if request.param != "first":
        done = bench.build(bench.before)
        assert done.status == 0, str(done)
    if request.param == "update":
        release(channel)
    if request.param == "request":
        bench.request = (*bench.request, "lib")
    bench.prepare()
    return bench


@pytest.fixture
def told(
    request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> Callable[[Bench, int], None]:
    """Says how many steps there were."""

    def tell(bench: Bench, steps: int) -> None:
        line = f"{steps} steps, {len(bench.known)} different states left behind"
        print(f"\n{request.node.name}: {line}")
        record_property("steps", line)
        assert steps > FEWEST
        assert not bench.problems, "\n\n".join(bench.problems)

    return tell


def test_killed_at_any_step(bench: Bench, told: Callable[[Bench, int], None]) -> None:
    def check(struck: Struck) -> None:
        assert struck.status == -9

    for number in count(1):
        if bench.steps[number - 1 : number] and bench.steps[number - 1].startswith("open "):
            bench.strike("torn", number, check)
        if not bench.strike("kill", number, check).struck:
            break
    told(bench, number - 1)


@pytest.mark.parametrize("fault", ERRORS)
def test_failing_at_any_step(bench: Bench, fault: str, told: Callable[[Bench, int], None]) -> None:
    def check(struck: Struck) -> None:
        assert struck.status in (0, 1)
        assert "ERROR REPORT" not in struck.output
        assert "Traceback" not in struck.output
        if struck.status == 1:
            # some of conda's own errors name the path alone
            cause = os.strerror(getattr(errno, fault))
            assert cause in struck.output or str(bench.folder) in struck.output

    for number in count(1):
        if not bench.strike(fault, number, check).struck:
            break
    told(bench, number - 1)
