"""The real conda in a process and a home of its own, and what folders held before and after."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support import forks
from tests.support.proposals import misunderstood

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

#: Seconds after which a run counts as hung; far more than any takes.
PATIENCE = 120
#: What a process cannot do without on some systems.
INHERITED = (
    *("COMSPEC", "PATH", "PATHEXT", "SYSTEMROOT", "WINDIR"),
    *("PROCESSOR_ARCHITECTURE", "PROCESSOR_IDENTIFIER"),
)


#: conda's own launcher, but for the end.
RUN = """\
import os, sys
from conda.cli import main
try:
    status = main()
except SystemExit as error:
    status = error.code
sys.stdout.flush()
sys.stderr.flush()
os._exit(status or 0)
"""


@dataclass(frozen=True)
class Finished:
    """A run of conda that has ended."""

    command: tuple[str, ...]
    status: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        """All that it printed."""
        return self.stdout + self.stderr

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object that is all of its stdout."""
        content = json.loads(self.stdout)
        assert isinstance(content, dict), self
        return content

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The one JSON list that is all of its stdout."""
        content = json.loads(self.stdout)
        assert isinstance(content, list), self
        return content

    def __str__(self) -> str:
        command = " ".join(self.command)
        return f"$ {command}\nstatus {self.status}\n{self.stdout}\nstderr:\n{self.stderr}"


def finished(command: tuple[str, ...], status: int, stdout: str, stderr: str) -> Finished:
    """A run that has ended; conda understands each command that it proposes."""
    for output in (stdout, stderr):
        assert misunderstood(output) == [], output
    return Finished(command, status, stdout, stderr)


class Conda:
    """Runs conda as one user of one machine.

    Attributes:
        folder: what belongs to this user lies below it.
        home: the home folder.
        pkgs: conda's package cache.
        envs: where environments go.
        work: the current folder of the runs.
        scratch: the folder for temporary files.
        variables: the environment of the runs; nothing of the tests' own gets in.
    """

    #: What Python is told to run, if a process has to be started.
    launcher: tuple[str, ...] = ("-m", "conda")
    #: Whether one is started for each run, even if a fork would do.
    cold = False
    #: The Python whose conda it is.
    python = sys.executable

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.pkgs = folder / "pkgs"
        self.envs = folder / "envs"
        self.work = folder / "work"
        self.scratch = folder / "scratch"
        for path in (self.home, self.work, self.scratch):
            path.mkdir(parents=True)
        home = str(self.home)
        self.variables = {
            **{name: os.environ[name] for name in INHERITED if name in os.environ},
            **{"HOME": home, "USERPROFILE": home, "APPDATA": home, "LOCALAPPDATA": home},
            **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(self.scratch)),
            "XDG_CACHE_HOME": str(self.home / ".cache"),
            "XDG_CONFIG_HOME": str(self.home / ".config"),
            "XDG_DATA_HOME": str(self.home / ".local" / "share"),
            "CONDA_PKGS_DIRS": str(self.pkgs),
            "CONDA_ENVS_DIRS": str(self.envs),
            # this machine's is not the tests' business, and conda starts a process to look for it
            "CONDA_OVERRIDE_CUDA": "",
            # nor has Python to look for other languages
            "LANGUAGE": "C",
            **forks.FIXED,
            **variables,
        }
        self.configure()

    def configure(self, **settings: object) -> None:
        """Give the user a `.condarc`; it keeps conda from asking anything of the internet."""
        kept_local = {
            "channel_alias": "http://127.0.0.1:9",
            "default_channels": [],
            "notify_outdated_conda": False,
            "number_channel_notices": 0,
            "report_errors": False,
        }
        content = {**kept_local, **settings}
        lines = [f"{name}: {json.dumps(value)}\n" for name, value in content.items()]
        (self.home / ".condarc").write_text("".join(lines))

    def execute(
        self, *arguments: object, cwd: str | Path | None = None, **variables: str
    ) -> Finished:
        """Run conda to its end, whatever that is.

        Args:
            arguments: of conda, each as its text.
            cwd: another current folder.
            variables: more of the process environment.
        """
        command = ("conda", *map(str, arguments))
        environment = {**self.variables, **variables}
        if forks.POSSIBLE and not self.cold and forks.alike(environment):
            reply = forks.run(command[1:], cwd or self.work, environment)
            return finished(command, reply["status"], reply["stdout"], reply["stderr"])
        done = subprocess.run(
            [self.python, *self.launcher, *command[1:]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd=cwd or self.work,
            encoding="utf-8",
            env=environment,
            timeout=PATIENCE,
        )
        return finished(command, done.returncode, done.stdout, done.stderr)

    def run(self, *arguments: object, cwd: str | Path | None = None, **variables: str) -> Finished:
        """Run conda and see it succeed; see `execute`."""
        finished = self.execute(*arguments, cwd=cwd, **variables)
        assert finished.status == 0, str(finished)
        return finished

    def fail(self, *arguments: object, cwd: str | Path | None = None, **variables: str) -> Finished:
        """Run conda and see it end with an error; see `execute`."""
        finished = self.execute(*arguments, cwd=cwd, **variables)
        assert finished.status == 1, str(finished)
        return finished

    def build(
        self, *arguments: object, cwd: str | Path | None = None, **variables: str
    ) -> Finished:
        """Run `conda offline-repo build` and see it succeed."""
        return self.run("offline-repo", "build", *arguments, cwd=cwd, **variables)

    def use(self, *arguments: object, cwd: str | Path | None = None, **variables: str) -> Finished:
        """Run `conda offline-repo use` and see it succeed."""
        return self.run("offline-repo", "use", *arguments, cwd=cwd, **variables)

    def activated(self, name: str) -> dict[str, str]:
        """The variables of a shell in which the environment `name` is active."""
        prefix = self.envs / name
        return {
            "CONDA_DEFAULT_ENV": name,
            "CONDA_PREFIX": str(prefix),
            "CONDA_SHLVL": "1",
            "PATH": f"{prefix / 'bin'}{os.pathsep}{self.variables['PATH']}",
        }

    def installed(self, name: str) -> dict[str, str]:
        """The versions of the packages in an environment, by name, as conda records them."""
        return versions(self.envs / name)


class Cold(Conda):
    """Runs conda as its launcher does, which takes longer."""

    cold = True


class Installed(Cold):
    """Runs the conda that is installed in an environment, as that environment's own base.

    Attributes:
        prefix: the environment.
    """

    def __init__(self, folder: Path, prefix: Path, **variables: str) -> None:
        super().__init__(folder, **variables)
        self.prefix = prefix
        self.python = str(prefix / "bin" / "python")

    @property
    def base(self) -> dict[str, str]:
        """The versions of the packages in it, by name, as conda records them."""
        return versions(self.prefix)


class Customer(Conda):
    """conda at the customer; it ends its process at once when it is done.

    The rattler solver has threads of its own, which at times abort a Python that takes itself down.
    """

    launcher = ("-c", RUN)


def versions(prefix: Path) -> dict[str, str]:
    """The versions of the packages in an environment, by name, as conda records them."""
    records = [json.loads(path.read_text()) for path in (prefix / "conda-meta").glob("*.json")]
    return {record["name"]: record["version"] for record in records}


def plain_url(path: Path) -> str:
    """The URL of a path as one types it, with nothing in it escaped."""
    return f"file:///{path.as_posix().removeprefix('/')}"


def tree(folder: Path) -> list[str]:
    """The paths of the files below a folder, sorted."""
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()
    )


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """All below a folder, folders too, by path: when each was changed, and what it holds."""
    return {
        path.relative_to(folder).as_posix(): (
            path.stat().st_mtime_ns,
            b"" if path.is_dir() else path.read_bytes(),
        )
        for path in folder.rglob("*")
    }
