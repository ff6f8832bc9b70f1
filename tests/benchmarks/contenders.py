"""Everything that is timed: what is made ready first, and the command.

All use the same conda with the same solver and the same upstream; how many downloads there are at a
time is told to the Rust engine alone. A user of each run has a home, a package cache and folders of
their own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from functools import cached_property
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from conda_offline_repo.repository.manifest import MANIFEST_NAME
from tests.benchmarks import twins
from tests.benchmarks.measure import Contender, Job, run
from tests.benchmarks.upstream import PLATFORM, UnavailableError
from tests.support.running import Conda

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from typing import Any

    from tests.benchmarks.upstream import Upstream

T = TypeVar("T")

#: Downloads at a time by the Rust engine: conda's `fetch_threads`, and those of pixi-pack.
FIVE, FIFTY = 5, 50
LABEL = "bank"
TOKEN = "tk-0123456789-bench"
#: What the environments that are compared leave out.
EVERYTHING: tuple[str, ...] = ()
WITHOUT_PLUGIN = (twins.PLUGIN,)
BARE = (twins.PLUGIN, twins.INDEX)
HERE = Path(__file__).parent
#: Files that describe what a repository holds; the others in it are archives and instructions.
INDEX = ("repodata.json", MANIFEST_NAME, "SHA256SUMS", "index.html")


def solver() -> str:
    """The solver that this conda uses unless told."""
    command = [sys.executable, "-m", "conda", "config", "--show", "solver", "--json"]
    found = json.loads(subprocess.check_output(command))
    return str(found["solver"])


def titled(upstream: str, delay: float) -> str:
    """What the tables call an upstream whose server waits for so many seconds."""
    return f"{upstream}, {delay * 1000:.0f} ms" if delay else upstream


class Bench:
    """The contenders for one upstream.

    Attributes:
        upstream: what they build from.
        delay: seconds before each answer of its server.
        title: of the upstream with this delay.
        channels: where it is served, as conda takes it.
        against: a checkout of another version of this plugin, if it is compared with one.
        work: for what is made once and used by many runs.
        many: users who have built many labels, see `tests.benchmarks.labels`.
    """

    def __init__(
        self,
        upstream: Upstream,
        server: str,
        delay: float,
        work: Path,
        solver: str,
        against: Path | None,
        say: Callable[[str], None],
    ) -> None:
        self.upstream = upstream
        self.delay = delay
        self.title = titled(upstream.name, delay)
        url = f"{server}/{upstream.folder.name}"
        self.urls = tuple(f"{url}/{channel}".rstrip("/") for channel in upstream.channels)
        self.channels = tuple(chain.from_iterable(("-c", url) for url in self.urls))
        self.platforms = tuple(chain.from_iterable(("--platform", p) for p in upstream.platforms))
        self.against = against
        self.work = work
        self.say = say
        self.many: dict[str, tuple[Conda, Path]] = {}
        self.servers: dict[str, Any] = {}
        self.stack = ExitStack()
        self.settings = {
            "CONDA_SOLVER": solver,
            "CONDA_SUBDIR": PLATFORM,
        }
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)

    def server(self, name: str, start: Callable[[], AbstractContextManager[T]]) -> T:
        """Where a server is that the runs share, until `close`."""
        if name not in self.servers:
            self.servers[name] = self.stack.enter_context(start())
        address: T = self.servers[name]
        return address

    def close(self) -> None:
        """End the servers, and remove what the runs have shared."""
        self.stack.close()
        shutil.rmtree(self.work)

    def user(self, folder: Path) -> Conda:
        user = Conda(folder / "user", **self.settings)
        del user.variables["CONDA_OVERRIDE_CUDA"]  # people's conda takes its time to look for it
        return user

    def conda(
        self, user: Conda, *arguments: object, python: str | Path = sys.executable
    ) -> tuple[tuple[str, ...], Mapping[str, str], Path]:
        return (str(python), "-m", "conda", *map(str, arguments)), user.variables, user.work

    # -- ours

    def ours(self, user: Conda, root: Path) -> Job:
        """A build, or a rebuild, of everything the upstream has."""
        root.mkdir(exist_ok=True)
        return Job(
            *self.conda(
                user,
                *("offline-repo", "build", "--label", LABEL, "--root", root, "--no-label-channel"),
                *(*self.platforms, "--override-channels", *self.channels),
                *self.upstream.packages,
            )
        )

    def cold(self, folder: Path) -> Job:
        self.upstream.release(after=False)
        return self.ours(self.user(folder), folder / "root")

    def cold_before(self, folder: Path) -> Job:
        """The same by the version that it is compared with."""
        if self.against is None:
            raise UnavailableError("--against names no checkout")
        job = self.cold(folder)
        return Job(job.command, {**job.variables, "PYTHONPATH": str(self.against)}, job.cwd)

    def with_token(self, folder: Path) -> Job:
        """All that leaves is searched for the token, archives decoded."""
        job = self.cold(folder)
        return Job((*job.command, "--token", TOKEN), job.variables, job.cwd)

    def watched(self, folder: Path, *, terminal: bool) -> Job:
        """With or without a terminal for the progress display; see `tests.benchmarks.terminal`."""
        job = self.cold(folder)
        script = (sys.executable, str(HERE / "terminal.py"), *(() if terminal else ("--pipe",)))
        return Job((*script, *job.command), job.variables, job.cwd)

    def warm(self, folder: Path) -> Job:
        """With all archives in the package cache, as after an installation."""
        self.upstream.release(after=False)
        user = self.user(folder)
        _link(self.cache, user.pkgs)
        return self.ours(user, folder / "root")

    def unchanged(self, _: Path) -> Job:
        """Again, by the user who built it last."""
        self.upstream.release(after=False)
        return self.ours(*self.built)

    def updated(self, folder: Path) -> Job:
        """Again, after one package got a new version."""
        user = self.user(folder)
        root = folder / "root"
        # the index as the last build has left it in conda's cache
        shutil.copytree(self.built[0].pkgs, user.pkgs)
        _link(self.built[1], root)
        before = _state(root)
        self.upstream.release(after=True)
        job = self.ours(user, root)

        def told(_: Path) -> Mapping[str, float]:
            return self.rewritten(before, root)

        return Job(job.command, job.variables, job.cwd, told)

    def rewritten(self, before: Mapping[str, tuple[int, ...]], root: Path) -> dict[str, float]:
        """Bytes of the files that are new or other than before, and of those that had to be."""
        after = _state(root)
        changed = {name: state for name, state in after.items() if before.get(name) != state}
        released = f"{LABEL}/{self.upstream.released}"
        assert released in changed, sorted(changed)
        needed = [name for name in changed if name == released or name.endswith(INDEX)]
        return {
            "rewritten": sum(changed[name][0] for name in changed),
            "needed": sum(changed[name][0] for name in needed),
        }

    @cached_property
    def built(self) -> tuple[Conda, Path]:
        """A user, and the root in which they have built."""
        return self.begun("built", self.ours)

    @property
    def repository(self) -> Path:
        return self.built[1] / LABEL

    @cached_property
    def cache(self) -> Path:
        """A package cache with the archives and nothing else."""
        folder = self.work / "pkgs"
        folder.mkdir()
        (folder / "urls.txt").touch()
        for kind in ("*.conda", "*.tar.bz2"):
            for path in self.repository.glob(f"*/{kind}"):
                shutil.copy(path, folder)
        return folder

    # -- what a user would take instead

    def old(self, folder: Path) -> Job:
        self.upstream.release(after=False)
        user = self.user(folder)
        arguments = (*self.urls, folder / "out", folder / "env", user.pkgs, *self.upstream.packages)
        return self.script("old.py", user, *arguments)

    def script(self, name: str, user: Conda, *arguments: object) -> Job:
        command = (sys.executable, str(HERE / name), *map(str, arguments))
        return Job(command, user.variables, user.work)

    def dry_run(self, folder: Path) -> Job:
        """What conda itself needs to work out the same request."""
        self.upstream.release(after=False)
        return self.solved(self.user(folder), folder)

    def dry_run_again(self, folder: Path) -> Job:
        """The same for a user who has the index in conda's cache."""
        self.upstream.release(after=False)
        return self.solved(self.built[0], folder)

    def solved(self, user: Conda, folder: Path) -> Job:
        return Job(
            *self.conda(
                user,
                *("create", "--dry-run", "--yes", "-p", folder / "env", "--override-channels"),
                *(*self.channels, *self.upstream.packages),
            )
        )

    # -- the Rust engine

    def engine(
        self,
        user: Conda,
        root: Path,
        *options: str,
        name: str = "channel",
        packages: tuple[str, ...] = (),
        threads: int = FIVE,
    ) -> Job:
        cache = root / "cache"
        cache.mkdir(parents=True, exist_ok=True)
        fixed = (*self.platforms, *self.channels, "--threads", threads)
        what = (root / name, cache, *(packages or self.upstream.packages))
        return self.script("engine.py", user, *options, *fixed, *what)

    def start(self, folder: Path) -> Job:
        """conda's own start, which each of its commands needs: its parser, plugins and settings."""
        return Job(*self.conda(self.user(folder), "config", "--show", "solver"))

    def need_engine(self) -> None:
        if find_spec("rattler") is None:
            raise UnavailableError("the Rust engine needs py-rattler: pip install py-rattler")

    def engine_cold(self, folder: Path, threads: int = FIVE) -> Job:
        self.need_engine()
        self.upstream.release(after=False)
        return self.engine(self.user(folder), folder / "root", threads=threads)

    def engine_unchanged(self, _: Path) -> Job:
        self.upstream.release(after=False)
        return self.engine(*self.engine_built)

    def engine_trusting(self, _: Path) -> Job:
        """It takes an archive of the right size for the right one, which proves nothing."""
        self.upstream.release(after=False)
        return self.engine(*self.engine_built, "--trust-sizes")

    def engine_updated(self, folder: Path) -> Job:
        root = folder / "root"
        _link(self.engine_built[1], root)
        self.upstream.release(after=True)
        return self.engine(self.user(folder), root)

    @cached_property
    def engine_built(self) -> tuple[Conda, Path]:
        self.need_engine()
        return self.begun("engine", self.engine)

    def begun(self, name: str, build: Callable[[Conda, Path], Job]) -> tuple[Conda, Path]:
        """A user and a root, after a first build that others begin with."""
        folder = self.work / name
        folder.mkdir()
        user, root = self.user(folder), folder / "root"
        self.upstream.release(after=False)
        self.once(f"a first build: {name}", lambda _: build(user, root))
        return user, root

    # -- the way to the customer

    @cached_property
    def newer(self) -> Path:
        """The repository after one package got a new version."""
        user, root = self.begun("newer", self.ours)
        self.upstream.release(after=True)
        self.once("the next release", lambda _: self.ours(user, root))
        self.upstream.release(after=False)
        return root / LABEL

    def sync(self, folder: Path, *, first: bool) -> Job:
        source, target = self.way(folder, first=first)
        return Job(*self.conda(self.user(folder), "offline-repo", "sync", source, target, "-q"))

    def rsync(self, folder: Path, *, first: bool, last: bool = False) -> Job:
        """What a vendor would use instead; with `last`, until it is on the disk."""
        source, target = self.way(folder, first=first)
        if shutil.which("rsync") is None:
            raise UnavailableError("there is no rsync on this machine")
        command = ("rsync", "-rt", "--delete", *(("--fsync",) if last else ()))
        variables = self.user(folder).variables
        return Job((*command, f"{source}/", f"{target}/"), variables, folder)

    def way(self, folder: Path, *, first: bool) -> tuple[Path, Path]:
        """What is to be copied, and where to; there with the last release, unless it is first."""
        target = folder / "share" / LABEL
        target.parent.mkdir()
        if not first:
            shutil.copytree(self.repository, target)
        return self.newer, target

    def pack(self, folder: Path) -> Job:
        output = ("-o", folder / "bank.zip", "-q")
        user = self.user(folder)
        return Job(*self.conda(user, "offline-repo", "pack", self.repository, *output))

    def zip(self, folder: Path) -> Job:
        """What checks nothing and compresses nothing."""
        return self.tool(folder, "zip", "-q", "-0", "-r", str(folder / "bank.zip"), ".")

    # -- checks of a finished repository

    def verify(self, folder: Path) -> Job:
        return Job(*self.conda(self.user(folder), "offline-repo", "verify", self.repository))

    def sha256sum(self, folder: Path) -> Job:
        command = ("sha256sum", "-c", "--quiet", "SHA256SUMS")
        return self.tool(folder, *command)

    def reading(self, folder: Path) -> Job:
        command = ("find", ".", "-type", "f", "-exec", "cat", "{}", "+")
        return self.tool(folder, *command)

    def tool(self, folder: Path, *command: str) -> Job:
        if shutil.which(command[0]) is None:
            raise UnavailableError(f"there is no {command[0]} on this machine")
        variables = self.user(folder).variables
        return Job(command, variables, self.repository, stdout=Path(os.devnull))

    def indexing(self, folder: Path) -> Job:
        """Index and manifest alone, timed from within; see `tests.benchmarks.indexing`."""
        self.upstream.release(after=False)
        job = self.script("indexing.py", self.user(folder), self.upstream.folder, PLATFORM)

        def told(output: Path) -> Mapping[str, float]:
            cost = _told(output)
            return {**cost, "each": cost["seconds"] / cost["packages"]}

        return Job(job.command, job.variables, job.cwd, told)

    def floor(self, folder: Path, what: str, threads: int = FIVE) -> Job:
        """What a build cannot be spared, timed from within; see `tests.benchmarks.floors`."""
        self.upstream.release(after=False)
        places = (self.repository, folder / "out")
        job = self.script("floors.py", self.user(folder), what, threads, *places)
        return Job(job.command, job.variables, job.cwd, _told)

    # -- conda with and without the plugin

    @cached_property
    def pythons(self) -> dict[tuple[str, ...], Path]:
        """The Python with everything, and those without some packages."""
        return {
            without: twins.make(self.work / f"without-{len(without)}", without)
            for without in (EVERYTHING, WITHOUT_PLUGIN, BARE)
        }

    @cached_property
    def installed(self) -> tuple[Conda, Path]:
        """A user and an environment with everything from the repository."""
        self.repository.stat()  # made before, because both are made in one scratch folder
        folder = self.work / "installed"
        folder.mkdir()
        user, prefix = self.user(folder), folder / "env"
        self.once("an environment", lambda _: self.install(user, prefix))
        return user, prefix

    def command(self, *arguments: str | Path, without: tuple[str, ...] = EVERYTHING) -> Job:
        """A command that is not ours, where much is installed; last comes the run's own folder."""
        user, prefix = self.installed
        filled = (prefix if argument == "PREFIX" else argument for argument in arguments[:-1])
        return Job(*self.conda(user, *filled, python=self.pythons[without]))

    def install(self, user: Conda, prefix: Path, *, without: tuple[str, ...] = EVERYTHING) -> Job:
        """An offline installation from the repository, with all of its archives to be linked."""
        channel = ("--override-channels", "-c", self.repository.as_uri())
        return Job(
            *self.conda(
                user,
                *("create", "--yes", "--quiet", "--offline", "-p", prefix, *channel),
                *self.upstream.packages,
                python=self.pythons[without],
            )
        )

    def hooks(self, folder: Path, *, without: tuple[str, ...] = EVERYTHING) -> Job:
        return self.install(self.user(folder), folder / "env", without=without)

    def once(self, name: str, prepare: Callable[[Path], Job]) -> None:
        """Run something whose result many runs begin with."""
        run(Contender(name, prepare), self.work / "scratch", self.say)


def _told(output: Path) -> dict[str, float]:
    cost: dict[str, float] = json.loads(output.read_bytes())
    return cost


def _link(source: Path, target: Path) -> None:
    """A copy of a folder whose files are hard links: what is replaced in it stays in the other."""
    shutil.copytree(source, target, copy_function=os.link)


def _state(root: Path) -> dict[str, tuple[int, ...]]:
    """By path, the size of each file, and what changes when it is written."""
    found: dict[str, tuple[int, ...]] = {}
    for path in root.rglob("*"):
        if path.is_file():
            status = path.stat()
            found[path.relative_to(root).as_posix()] = (
                status.st_size,
                status.st_ino,
                status.st_mtime_ns,
            )
    return found
