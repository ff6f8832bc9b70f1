"""conda for tests that run it hundreds of times and strike at its steps."""

from __future__ import annotations

import json
import os
import re
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.builder.release.compose import CHECKSUMS_NAME
from conda_offline_repo.builder.release.html.render import PAGE_NAME
from conda_offline_repo.repository.manifest import MANIFEST_NAME
from conda_offline_repo.repository.signing.signature import SIGNATURE_NAME
from conda_offline_repo.repository.signing.sshsig import parse
from tests.support import forks
from tests.support.running import Conda, Finished
from tests.support.systems import FORKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: A folder in memory, where the system has one: nothing waits for a disk there.
IN_MEMORY = "/dev/shm"
#: The same build takes the same steps in the same order, and gives the same bytes.
REPEATABLE = {"CONDA_FETCH_THREADS": "1", "SOURCE_DATE_EPOCH": "1700000000"}


@dataclass(frozen=True)
class Struck(Finished):
    """A run that may have been struck.

    Attributes:
        steps: what it did below the watched folder; empty if it was killed, or without forks.
        struck: whether it came as far as the step that was to be spoilt.
    """

    steps: tuple[str, ...]
    struck: bool


class WarmConda:
    """Runs conda as `Conda` does, and spoils a step of it; see `tests.support.stepper`.

    Attributes:
        folder: a folder for the test, in memory if possible.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._conda = Conda(folder / "engineer")

    def execute(
        self,
        *arguments: str | Path,
        folder: Path | None = None,
        fault: str = "",
        number: int = 0,
        variables: Mapping[str, str] | None = None,
    ) -> Struck:
        """Run conda to its end, whatever that is.

        Args:
            arguments: of conda.
            folder: count the steps below it.
            fault: what to do at one of them; see `tests.support.stepper.Strike`.
            number: at which, from 1.
            variables: more of the process environment.
        """
        command = tuple(map(str, arguments))
        if not forks.POSSIBLE:
            assert not fault, FORKS
            done = self._conda.execute(*command, **{**REPEATABLE, **(variables or {})})
            return Struck(**vars(done), steps=(), struck=False)
        reply = forks.run(
            command,
            self._conda.work,
            {**self._conda.variables, **REPEATABLE, **(variables or {})},
            folder=folder or "/nonexistent",
            fault=fault,
            number=number,
        )
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
        finished = self.execute(*arguments, folder=folder, variables=variables)
        assert finished.status == 0, str(finished)
        return finished

    def fail(self, *arguments: str | Path, folder: Path | None = None, **variables: str) -> Struck:
        """Run conda and see it end with an error, though not with a crash; see `execute`."""
        finished = self.execute(*arguments, folder=folder, variables=variables)
        assert finished.status == 1, str(finished)
        assert "ERROR REPORT" not in finished.output, str(finished)
        return finished

    def build(self, *arguments: str | Path, folder: Path | None = None, **variables: str) -> Struck:
        """Run `conda offline-repo build` and see it succeed."""
        return self.run("offline-repo", "build", *arguments, folder=folder, **variables)


@contextmanager
def warm_conda(*, strikes: bool = True) -> Iterator[WarmConda]:
    """A release engineer in a hurry, with a folder that is gone afterwards.

    Args:
        strikes: steps are counted or struck, which needs forks: skips without them. Other runs just
            take longer there.
    """
    if strikes and not forks.POSSIBLE:
        pytest.skip(FORKS)
    parent = IN_MEMORY if forks.POSSIBLE and os.access(IN_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        yield WarmConda(Path(folder))


def contents(folder: Path) -> dict[str, bytes]:
    """The files and folders below a folder, without what manifests and pages say of when, how often
    and after what, and of signatures the keys alone.
    """
    contents = {}
    for path in folder.rglob("*"):
        content = b"" if path.is_dir() else path.read_bytes()
        if path.name == MANIFEST_NAME:
            manifest = {**json.loads(content), "build": None, "created": None}
            # what led to it is not known any more where an interrupted build had come so far
            manifest.pop("bridges", None)
            # they follow from the others and from the page, and `verify` compares them
            manifest["files"] = {**manifest["files"], PAGE_NAME: None, CHECKSUMS_NAME: None}
            content = json.dumps(manifest).encode()
        if path.name == PAGE_NAME:
            content = re.sub(rb"\b[Rr]elease \d+|(?s:<h2 id=.changes.*?</section>)", b"", content)
        if path.name == CHECKSUMS_NAME:
            content = re.sub(rb"\w+ \*index\.html", b"", content)
        if path.name == SIGNATURE_NAME:
            content = b" ".join(sorted(line.public_key for line in parse(content)))
        contents[path.relative_to(folder).as_posix()] = content
    return contents
