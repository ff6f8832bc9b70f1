"""A bench for builds that are struck at any of their steps; see `tests.support.stepper`."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from conda_offline_repo.progress import Unwatched
from conda_offline_repo.repository.locate import locate_one
from conda_offline_repo.repository.manifest import BESIDE, MANIFEST_NAME
from conda_offline_repo.repository.verify import verify
from tests.support.keys import SSH_KEYGEN, new_key
from tests.support.tiny import TinyChannel
from tests.support.warm import contents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from conda_offline_repo.repository.verify import Report
    from tests.support.warm import Struck, WarmConda

PLATFORM = "linux-64"
#: Fewer steps than a build can do with: if there are no more, the hook has gone blind.
FEWEST = 25
#: One step in so many is struck, unless all are asked for.
STRIDE = 1 if os.environ.get("OFFLINE_REPO_EVERY_STEP") else 6
#: What a build under way leaves beside the repository with other content each time.
SCRATCH = "/proof/"
EPHEMERAL = (".lock", SCRATCH)
INDEX = "repodata.json"


@dataclass
class Bench:
    """A build to be struck.

    Attributes:
        warm: runs it.
        channel: what it builds from.
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
    channel: TinyChannel
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
        arguments = ("offline-repo", "build", *self.request, "--root", str(root))
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
                if struck.status == 0 and not unfinished(root / "bank"):
                    same(root / "bank", self.after / "bank")
                again = self.build(root)
                assert again.status == 0, str(again)
                same(root, self.after)
                self.known.add(digest)
        except Exception as error:  # all steps are tried before the test fails
            step = "".join(self.steps[number - 1 : number])
            self.problems.append(
                f"{fault} at step {number}, {step}: {error!r}\n{struck.stderr[:3000]}"
            )
        shutil.rmtree(root)
        return struck

    def strike_all(
        self, faults: Callable[[int], Iterable[str]], check: Callable[[Struck], None]
    ) -> int:
        """Let steps go wrong in turn, until a build has fewer; returns how many went wrong.

        Args:
            faults: asked for the ways in which the next one, counted from 0, is to go wrong.
            check: looks at each run that was struck.
        """
        self.prepare()
        gone_wrong = 0
        for number in count(1):
            if self.passes_over(number):
                continue
            for fault in faults(gone_wrong):
                opens = "".join(self.steps[number - 1 : number]).startswith("open ")
                if (opens or fault != "torn") and not self.strike(fault, number, check).struck:
                    assert number > FEWEST, self.steps
                    return gone_wrong
            gone_wrong += 1
        raise AssertionError

    def passes_over(self, number: int) -> bool:
        """Whether a step is not struck. Many are in the scratch folder of the proof, most of them
        of conda's own caches: one in eight of these is enough.
        """
        step = "".join(self.steps[number - 1 : number])
        return number % (2 * STRIDE if SCRATCH in step else STRIDE) != 0

    def check_whole(self, root: Path) -> None:
        """See that the repository is the old one or the new one, and can be installed from."""
        repository = root / "bank"
        if not repository.exists():
            assert not (self.before / "bank").exists(), "the repository is gone"
            return
        report = verify(locate_one(repository), Unwatched())
        assert report.good, report
        self.check_extra(report)
        if not (self.before / "bank").exists():
            same(repository, self.after / "bank")
        for index in sorted(repository.glob(f"*/{INDEX}")):
            repodata = json.loads(index.read_bytes())
            for section in ("packages", "packages.conda"):
                for name, record in repodata[section].items():
                    content = (index.parent / name).read_bytes()
                    assert hashlib.sha256(content).hexdigest() == record["sha256"], name
                    if sha256 := record.get("attestations_sha256"):
                        content = (index.parent / f"{name}.sigs.{sha256}").read_bytes()
                        assert hashlib.sha256(content).hexdigest() == sha256, name
        self.check_solution(repository)

    def check_extra(self, report: Report) -> None:
        """See that nothing is too much."""
        assert not report.extra, report

    def check_solution(self, repository: Path) -> None:
        """See that conda installs the old release or the new one."""
        packages = self.solve(repository)
        assert packages in self.packages, f"conda would install {sorted(packages)}"

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


@dataclass
class Delivering(Bench):
    """A delivery to be struck: what was built arrives at a target that has the last release, or
    none.

    Attributes:
        source: what is delivered: a folder, or volumes.
    """

    source: tuple[Path, ...] = ()

    def build(self, root: Path, fault: str = "", number: int = 0) -> Struck:
        verb = "sync" if self.source[0].is_dir() else "unpack"
        arguments = ("offline-repo", verb, *self.request)
        places = (*self.source, root / "bank")
        return self.warm.execute(*arguments, *places, folder=root, fault=fault, number=number)

    def check_extra(self, report: Report) -> None:
        """What is not deleted yet is told to be unfinished."""
        assert report.unfinished or not report.extra, report


def delivering(bench: Bench, *, back: bool = False) -> Delivering:
    """What a build makes, on its way to a customer who has what was there before.

    Args:
        bench: the build.
        back: deliver what was there before to one who has what is there now.
    """
    bench.prepare()
    folders = [bench.folder / name for name in ("source", "before", "after")]
    source, before, after = folders
    roots = (bench.after, bench.before) if back else (bench.before, bench.after)
    shutil.copytree(roots[0], before)
    shutil.copytree(roots[1], source)
    older = ("--allow-older",) if back else ()
    request = (*older, "-q")
    return Delivering(
        bench.warm, bench.channel, bench.folder, request, before, after, source=(source / "bank",)
    )


def same(folder: Path, expected: Path) -> None:
    """See that two folders hold the same."""
    actual, intended = contents(folder), contents(expected)
    differing = {n for n in {*actual, *intended} if actual.get(n) != intended.get(n)}
    assert not differing, f"not as after an undisturbed build: {sorted(differing)}"


def unfinished(repository: Path) -> bool:
    """Whether readers are told that something is still to be deleted."""
    manifest = json.loads((repository / MANIFEST_NAME).read_bytes())
    return "on_the_way" in manifest or any((repository / name).exists() for name in BESIDE)


def state(root: Path) -> str:
    """A digest of all below a root."""
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if not any(part in path.as_posix() for part in EPHEMERAL):
            content = b"" if path.is_dir() else path.read_bytes()
            digest.update(f"{path} {path.is_dir()} {hashlib.sha256(content).hexdigest()}".encode())
    return digest.hexdigest()


def published(folder: Path) -> TinyChannel:
    """The publisher's channel when the repository is built first."""
    channel = TinyChannel(folder)
    channel.add("app", "1.0", depends=["lib ==1.0", "data", "old"])
    channel.add("lib", "1.0", subdir=PLATFORM).attest(b"[1]")
    channel.add("old", "1.0")
    channel.add("data", "1.0", subdir=PLATFORM, format="tar.bz2")
    channel.add("conda-offline-repo-base", "1.0")
    channel.write()
    return channel


def release(channel: TinyChannel) -> None:
    """Publish the next version, of which every part is needed with every other."""
    channel.add("app", "2.0", depends=["lib ==2.0", "data", "new"])
    channel.add("lib", "2.0", subdir=PLATFORM).attest(b"[2]")
    channel.add("new", "1.0")
    channel.add("data", "1.0", subdir=PLATFORM)
    channel.add("conda-offline-repo-base", "2.0")
    channel.write()


def first(warm: WarmConda) -> Bench:
    """The first build of a label."""
    folder = warm.folder
    channel = published(folder / "published")
    options = (
        *("--label", "bank", "--no-label-channel", "--platform", PLATFORM, "-q"),
        *("-c", channel.folder.as_uri(), "--override-channels", "app"),
    )
    bench = Bench(warm, channel, folder / "runs", options, folder / "before", folder / "after")
    bench.before.mkdir()
    return bench


def update(warm: WarmConda, *options: str) -> Bench:
    """An update of all there is to update: packages come, change, go, and go to another format, and
    so does the plugin.

    Args:
        warm: runs conda.
        options: more of them, of both builds.
    """
    bench = first(warm)
    bench.request = (*bench.request, "--with-plugin", *options)
    bench.build(bench.before)
    release(bench.channel)
    return bench


def signed_update(warm: WarmConda) -> Bench:
    """The same, of a repository that is signed; not where OpenSSH is not installed."""
    if not SSH_KEYGEN:
        return update(warm)
    return update(warm, "--sign-key", str(new_key(warm.folder / "key")))


def request(warm: WarmConda) -> Bench:
    """A build that changes what is on record of the request, and no package."""
    bench = first(warm)
    bench.build(bench.before)
    bench.request = (*bench.request, "--virtual-package", "__cuda=12.4")
    return bench
