"""conda that is ready at once, for tests that run it hundreds of times; POSIX systems only."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conda_offline_repo.manifest import MANIFEST_NAME
from tests.running import Finished

if TYPE_CHECKING:
    from types import TracebackType

    from tests.running import Conda

#: No other step of a build takes another time or order than the last time.
REPEATABLE = {"CONDA_FETCH_THREADS": "1", "SOURCE_DATE_EPOCH": "1700000000"}


@dataclass(frozen=True)
class Struck(Finished):
    """A run that may have been struck.

    Attributes:
        steps: what it did below the watched folder; empty if it was killed.
        struck: whether it came as far as the step that was to be spoilt.
    """

    steps: tuple[str, ...]
    struck: bool


class WarmConda:
    """Runs conda as `Conda` does, in forks of one process; see `tests.stepper`."""

    def __init__(self, conda: Conda) -> None:
        self._process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("stepper.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=conda.work,
            encoding="utf-8",
            env={**conda.variables, **REPEATABLE},
        )

    def __enter__(self) -> WarmConda:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()

    def execute(
        self,
        *arguments: str | Path,
        folder: Path | None = None,
        fault: str = "",
        number: int = 0,
        **variables: str,
    ) -> Struck:
        """Run conda to its end, whatever that is.

        Args:
            arguments: of conda.
            folder: count the steps below it.
            fault: what to do at one of them; see `tests.stepper.Strike`.
            number: at which, from 1.
            variables: more of the process environment.
        """
        command = tuple(map(str, arguments))
        request = {
            "arguments": command,
            "folder": str(folder or "/nonexistent"),
            "fault": fault,
            "number": number,
            "variables": variables,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(request)}\n")
        self._process.stdin.flush()
        reply = json.loads(self._process.stdout.readline())
        return Struck(
            command=("conda", *command),
            status=reply["status"],
            stdout=reply["stdout"],
            stderr=reply["stderr"],
            steps=tuple(reply["steps"]),
            struck=reply["struck"],
        )

    def run(self, *arguments: str | Path, folder: Path | None = None, **variables: str) -> Struck:
        """Run conda and see it succeed; see `execute`."""
        finished = self.execute(*arguments, folder=folder, **variables)
        assert finished.status == 0, str(finished)
        return finished

    def build(self, *arguments: str | Path, folder: Path | None = None, **variables: str) -> Struck:
        """Run `conda offline-repo build` and see it succeed."""
        return self.run("offline-repo", "build", *arguments, folder=folder, **variables)


def contents(folder: Path) -> dict[str, bytes]:
    """The files and folders below a folder, without what a manifest says of when and how often."""
    found = {}
    for path in folder.rglob("*"):
        content = b"" if path.is_dir() else path.read_bytes()
        if path.name == MANIFEST_NAME:
            manifest = {**json.loads(content), "build": None, "created": None}
            content = json.dumps(manifest).encode()
        found[path.relative_to(folder).as_posix()] = content
    return found
