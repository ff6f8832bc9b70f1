"""uv, which resolves requirements for the customer's machine; run as a program."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

from conda.base.context import context
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ...urls import file_url
from .index_settings import EXCLUDE_NEWER, read_toml
from .tools import uv_program

if TYPE_CHECKING:
    from concurrent.futures import Future

    from ...cooldown import Cooldown
    from .index_settings import IndexSettings

#: The folder of wheels that only state what channels have.
KNOWN = "known-to-channels"
#: Variables that would lead uv away from what is asked of it.
FOREIGN = (
    *("VIRTUAL_ENV", "UV_PYTHON", "UV_CONSTRAINT", "UV_OVERRIDE", "UV_REQUIRE_HASHES"),
    *("UV_WORKING_DIR", "UV_WORKING_DIRECTORY", "UV_BUILD_CONSTRAINT", EXCLUDE_NEWER),
)

UNDATED = "its index does not state when it was uploaded, which exclude_newer needs"
#: The beginning of a reason that says no more than that it is one.
NO_SOLUTION = re.compile(
    r"\A\W*No solution found when resolving dependencies:?\s+(?:cause:|\W+)\s*"
)


class UvError(Exception):
    """uv has no answer; the text is its reason."""


@dataclass(frozen=True)
class Question:
    """What uv is asked.

    Attributes:
        requirements: Lines of a requirements file.
        constraints: Lines of a constraints file.
        given: Projects, with versions, that are there already, and are not in the answer.
        known: Projects, with versions, that channels have; they are in the answer without a wheel.
        platform: uv's name of the platform.
        python: The full version of Python.
        variables: Of the environment, besides those of the indexes.
        dependencies: Whether the answer has what the requirements need.
        cutoff: The moment before which wheels have to be uploaded; empty for any.
    """

    requirements: tuple[str, ...]
    constraints: tuple[str, ...]
    given: tuple[tuple[str, str], ...]
    platform: str
    python: str
    variables: tuple[tuple[str, str], ...]
    known: tuple[tuple[str, str], ...] = ()
    dependencies: bool = True
    cutoff: str = ""

    def alone(self, projects: Iterable[str] = ()) -> Question:
        """Return the question for the requirements, and for projects besides, whatever they need
        and whatever is there already.
        """
        named = {canonicalize_name(Requirement(line).name) for line in self.requirements}
        lines = (*self.requirements, *sorted({*projects} - named))
        return replace(self, requirements=lines, given=(), known=(), dependencies=False)


class Uv:
    """uv, asked with the settings of one request.

    Args:
        scratch: A folder for the files of questions.

    Raises:
        PipToolsMissingError: uv, or what is needed beside it, is not installed.
    """

    def __init__(self, settings: IndexSettings, scratch: Path) -> None:
        self._settings, self._scratch = settings, scratch
        # not in the threads: sysconfig, which is asked for it, answers two at once wrongly at first
        self._program = uv_program()
        self._begun: dict[Question, Future[list[dict[str, Any]]]] = {}
        self._refresh = False
        self._threads = ThreadPoolExecutor(2)

    def refresh(self) -> None:
        """Ask again, and let uv not believe what it has read before."""
        self._begun.clear()
        self._refresh = True

    def begin(self, question: Question) -> None:
        """Ask in the background what will probably be asked."""
        if question not in self._begun:
            self._begun[question] = self._threads.submit(self._ask, question)

    def ask(self, question: Question) -> list[dict[str, Any]]:
        """Return the packages of the answer, as pylock.toml has them (PEP 751).

        Raises:
            UvError: It finds no solution, or cannot reach an index.
        """
        self.begin(question)
        return self._begun[question].result()

    def refused(self, question: Question) -> tuple[str, ...]:
        """Return the reasons why requirements have no answer each by itself, as without a wheel;
        asked for all, uv names just the first.
        """
        questions = [
            replace(question, requirements=(line,)).alone() for line in question.requirements
        ]
        for alone in questions:
            self.begin(alone)
        errors = (self._begun[alone].exception() for alone in questions)
        return tuple(dict.fromkeys(str(error) for error in errors if isinstance(error, UvError)))

    def too_new(self, question: Question, cooldown: Cooldown) -> tuple[str, ...]:
        """Return what there would be an answer with, and is too new."""
        lines = []
        with suppress(UvError):
            for package in self.ask(replace(question, cutoff="")):
                wheels = [wheel for wheel in package["wheels"] if "path" not in wheel]
                if wheels and "archive" not in package:
                    when = max(filter(None, (w.get("upload-time") for w in wheels)), default=None)
                    reason = cooldown.reason_against(when) if when else UNDATED
                    lines += [f"{package['name']} {package['version']}: {reason}"] if reason else []
        return tuple(lines)

    def _ask(self, question: Question) -> list[dict[str, Any]]:
        self._scratch.mkdir(parents=True, exist_ok=True)
        folder = Path(mkdtemp(dir=self._scratch))
        lines = [*self._settings.lines, *question.requirements, ""]
        if question.known:
            (folder / KNOWN).mkdir()
            lines.insert(0, f"--find-links {KNOWN}")
            for pair in question.known:
                _stub(folder / KNOWN, *pair)
        requirements = "\n".join(lines)
        (folder / "requirements.in").write_text(requirements, "utf-8")
        stubs = [_stub(folder, *pair) for pair in question.given]
        constraints = "\n".join((*question.constraints, *stubs, ""))
        (folder / "constraints.txt").write_text(constraints, "utf-8")
        command = [self._program, "pip", "compile", "requirements.in", "-o", "pylock.toml"]
        command += ["--constraints", "constraints.txt", "--format", "pylock.toml", "--no-header"]
        command += ["--python", sys.executable, "--python-version", question.python]
        command += ["--python-platform", question.platform, "--only-binary", ":all:"]
        command += ["--generate-hashes", "--quiet", "--color", "never"]
        command += self._settings.exclude_newer(question.cutoff)
        command += [] if question.dependencies else ["--no-deps"]
        command += ["--refresh"] if self._refresh else []
        for project, _ in question.given:
            command += ["--no-emit-package", project]
        environment = {key: value for key, value in os.environ.items() if key not in FOREIGN}
        environment |= {**self._settings.variables, **dict(question.variables)}
        environment |= {"UV_NO_PROGRESS": "1", **({"UV_OFFLINE": "1"} if context.offline else {})}
        process = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8"
        )
        if process.returncode:
            raise UvError(_reason(process.stderr))
        packages = read_toml(folder / "pylock.toml").get("packages", [])
        return [{**package, "wheels": _without_stubs(package)} for package in packages]


def _reason(text: str) -> str:
    """Return what uv writes of a failure, without what speaks of options of its own."""
    text = re.sub(r"(?m)^hint: .*(?:no-build|exclude-newer).*$", "", text.strip())
    text = NO_SOLUTION.sub("", text.removeprefix("error: ")).strip()
    return re.sub(r"\n+(?: {9})?", "\n", text)


def _without_stubs(package: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    direct = [package["archive"]] if "archive" in package else []
    wheels = package.get("wheels", direct)
    return [wheel for wheel in wheels if Path(wheel.get("path", "")).parent.name != KNOWN]


def _stub(scratch: Path, project: str, version: str) -> str:
    """Return a constraint to a wheel that says only that a project is there in a version.

    An index may lack what a channel has, and need not be asked for it.
    """
    stem = f"{canonicalize_name(project).replace('-', '_')}-{version}"
    path = scratch / f"{stem}-py3-none-any.whl"
    with ZipFile(path, "w") as stub:
        metadata = f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n"
        stub.writestr(f"{stem}.dist-info/METADATA", metadata)
        stub.writestr(f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        stub.writestr(f"{stem}.dist-info/RECORD", "")
    return f"{project} @ {file_url(path)}"
