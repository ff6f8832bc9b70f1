"""A release, installed on this machine before anybody gets it.

conda itself installs it, in a process and below a folder of its own, from the archives alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from conda.models.prefix_graph import PrefixGraph
from conda.models.records import PackageRecord

from ..._conda.features import native_platform
from ...files.workers import run_all
from ...printable import counted
from ...repository.manifest import package_name
from ...urls import file_url
from ..archives.contents import contents_of
from ..archives.providers import importable
from .exceptions import TryInstallError

if TYPE_CHECKING:
    from ...progress import Progress
    from ..archives.archive import Archive
    from ..solving.solution import Solution
    from .plan import BuildPlan

#: Seconds for a command; one that takes longer waits for something.
PATIENCE = 600
#: The lines that are shown of a message of Python's, and of conda's: the end says what is wrong.
LINES, CONDA_LINES = 5, 20
#: Says at its end which module is missing that is not the package's own, if one is.
IMPORT = """\
import importlib, sys, traceback
try:
    importlib.import_module(sys.argv[1])
except ImportError as error:
    traceback.print_exc()
    while error and not isinstance(error, ModuleNotFoundError):
        error = error.__cause__ or error.__context__
    if not error or not error.name or (error.name + ".").startswith(sys.argv[1] + "."):
        sys.exit(1)
    print(error.name, file=sys.stderr)
    sys.exit(3)
"""
#: The status of `IMPORT` then.
MISSING = 3
WINDOWS = os.name == "nt"
#: What a process cannot do without on Windows.
INHERITED = (
    *("COMSPEC", "PATHEXT", "SYSTEMDRIVE", "SYSTEMROOT", "WINDIR"),
    *("NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE", "PROCESSOR_IDENTIFIER"),
)
#: Where processes keep what is the user's.
HOMES = (
    *("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "TMPDIR", "TEMP", "TMP"),
    *("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"),
)
#: Where the programs and libraries of an environment are, as conda's activation has them.
WINDOWS_PATH = ("", "Library/mingw-w64/bin", "Library/usr/bin", "Library/bin", "Scripts", "bin")


@dataclass(frozen=True)
class _Failure:
    """The status of a command that failed, and the last lines of what it printed."""

    status: int
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class _Trial:
    """An environment to try a solution in.

    Attributes:
        folder: All of it lies below; made and removed by others.
        records: The index entries of the solution, by `subdir/file`.
        wheels: The names of the archives that were made from wheels.
        paths: Where the archives lie.
    """

    folder: Path
    records: Mapping[str, Mapping[str, object]]
    wheels: tuple[str, ...]
    paths: Mapping[str, Path]

    @property
    def prefix(self) -> Path:
        return self.folder / "environment"

    @property
    def python(self) -> Path:
        return self.prefix / ("python.exe" if WINDOWS else "bin/python")

    @cached_property
    def homes(self) -> dict[str, str]:
        home = self.folder / "home"
        home.mkdir()
        return dict.fromkeys(HOMES, str(home))

    def create(self) -> _Failure | None:
        """Let conda install the archives; returns why it cannot, if it cannot."""
        records = (
            PackageRecord(**{**record, "channel": "", "fn": name.rpartition("/")[2]})
            for name, record in self.records.items()
        )
        # a package comes after those that its link script may need
        ordered = (f"{record.subdir}/{record.fn}" for record in PrefixGraph(records).graph)
        urls = (file_url(self.paths[name]) for name in ordered)
        listed = self.folder / "explicit.txt"
        listed.write_text("\n".join(("@EXPLICIT", *urls, "")), "utf-8")
        settings = {
            "CONDA_PKGS_DIRS": str(self.folder / "pkgs"),
            "CONDA_ENVS_DIRS": str(self.folder),
            "CONDA_OFFLINE": "true",
            "CONDA_SOLVER": "classic",  # it has nothing to solve, and need not be installed
        }
        others = {k: v for k, v in os.environ.items() if not k.startswith(("CONDA", "_CONDA"))}
        conda = (sys.executable, "-m", "conda", "--no-plugins", "create", "--yes", "--quiet")
        where = ("--prefix", self.prefix, "--no-default-packages", "--file", listed)
        own = {**others, **self.homes, **settings}
        return self.failure(*conda, *where, environment=own, lines=CONDA_LINES)

    def run(self, *arguments: str) -> _Failure | None:
        """Run the environment's python; returns why it failed, if it did."""
        folders = WINDOWS_PATH if WINDOWS else ("bin",)
        system = rf"{os.environ.get('SYSTEMROOT')}\System32" if WINDOWS else os.defpath
        own = {
            **{name: os.environ[name] for name in INHERITED if name in os.environ},
            **self.homes,
            "CONDA_PREFIX": str(self.prefix),
            "PATH": os.pathsep.join((*(str(self.prefix / f) for f in folders), system)),
            "PIP_CONFIG_FILE": os.devnull,
        }
        return self.failure(self.python, "-I", *arguments, environment=own)

    def failure(
        self, *command: str | Path, environment: Mapping[str, str], lines: int = LINES
    ) -> _Failure | None:
        """Run a command; returns why it failed, if it did."""
        try:
            process = subprocess.run(
                command,
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                timeout=PATIENCE,
            )
        except subprocess.TimeoutExpired:
            return _Failure(1, f"it takes longer than {PATIENCE} seconds")
        except OSError as error:
            return _Failure(1, error.strerror or str(error))
        if not (status := process.returncode):
            return None
        printed = [line for line in process.stdout.splitlines() if line.strip()]
        return _Failure(status, "\n".join(printed[-lines:]) or f"it ended with status {status}")


def try_install(plan: BuildPlan, archives: Iterable[Archive], progress: Progress) -> dict[str, str]:
    """Install each solution for this machine, and see that what came from wheels can be used.

    Args:
        archives: All of the release, in the repository or staged.

    Returns:
        What was tried, or why nothing was, by the key of the solution.

    Raises:
        TryInstallError: Something failed; names all of it.
    """
    paths = {archive.name: archive.path for archive in archives}
    tried: dict[str, str] = {}
    failures: list[str] = []
    for solution in plan.solutions:
        if solution.platform != native_platform():
            tried[solution.key] = f"not tried, because this machine is {native_platform()}"
            continue
        with (
            progress.doing(f"Trying to install for {solution.key}"),
            TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        ):
            trial = _trial(Path(folder).resolve(), solution, plan, paths)
            tried[solution.key], failed = _try(trial)
            failures += (f"for {solution.key}, {text}" for text in failed)
    if failures:
        raise TryInstallError(failures)
    return tried


def _trial(folder: Path, solution: Solution, plan: BuildPlan, paths: Mapping[str, Path]) -> _Trial:
    records = {name: plan.records[name] for name in solution.names}
    wheels = {entry.name for entry in plan.entries if entry.wheel}
    return _Trial(folder, records, tuple(sorted(wheels & {*records})), paths)


def _try(trial: _Trial) -> tuple[str, list[str]]:
    """Return what was tried, and what failed."""
    if failure := trial.create():
        return "", [f"conda create: {failure}"]
    done = [f"installed {counted(len(trial.records), 'package')}"]
    if not trial.python.exists():
        return f"{done[0]}; no python is in it to try more", []
    failures = []
    if "pip" in map(package_name, trial.records):
        done.append("ran pip check")
        if failure := trial.run("-m", "pip", "check"):
            failures.append(f"pip check: {failure}")
    else:
        done.append("left out pip check, because pip is not in it")
    if not trial.wheels:
        return ", ".join(done), failures
    contents = {name: contents_of(trial.paths[name], noarch_python=True) for name in trial.wheels}
    modules = [(name, module) for name in contents for module in importable(contents[name])]
    ends = run_all(lambda pair: trial.run("-c", IMPORT, pair[1]), modules)
    ended = dict(zip(modules, ends, strict=True))
    working = {name for (name, _), failure in ended.items() if not failure}
    optional = []
    for (name, module), failure in ended.items():
        if failure and failure.status == MISSING and name in working:
            # what requirements are missing is for pip check to say; this is for an extra
            optional.append(f"{module}, which needs {failure.text.splitlines()[-1]}")
        elif failure:
            failures.append(f"{package_name(name)}, import {module}: {failure}")
    commands = [(name, command) for name in contents for command in contents[name].commands]
    folder = trial.prefix / ("Scripts" if WINDOWS else "bin")
    for name, command in commands:
        if not any((folder / f"{command}{end}").exists() for end in ("", ".exe")):
            failures.append(f"{package_name(name)}: the command {command} is not there")
    done.append(f"imported {counted(len(modules) - len(optional), 'module')}")
    done += [f"did not import {text}" for text in optional]
    done.append(f"found {counted(len(commands), 'command')}")
    return ", ".join(done), failures
