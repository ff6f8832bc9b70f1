"""Runs conda again and again without starting it anew, and strikes at any step that it takes.

A script for `tests.support.forks`. Each line on its standard input asks for one run of conda; each
line on its standard output says how that run ended. A run is a fork of this process, which has
imported all that earlier runs have, and nothing else.

A step is anything that changes the file system below the folder that is watched. Python tells of
each one as an audit event right before it happens, so nothing in the product has to know of this.
"""

from __future__ import annotations

import errno
import gc
import importlib
import itertools
import json
import os
import signal
import sys
import tempfile
import traceback
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

#: Seconds after which a run counts as hung and is ended by a signal.
PATIENCE = 120
#: The audit events of steps: where among the arguments the paths are, and what they are below.
STEPS = {
    "open": ((0, None),),
    "os.chmod": ((0, 2),),
    "os.link": ((0, 2), (1, 3)),
    "os.mkdir": ((0, 2),),
    "os.remove": ((0, 1),),
    "os.rename": ((0, 2), (1, 3)),
    "os.rmdir": ((0, 1),),
    "os.symlink": ((1, 2),),
    "os.truncate": ((0, None),),
    "os.utime": ((0, 3),),
}
#: Those that need room on the disk.
MAKING = ("open", "os.link", "os.mkdir", "os.symlink")
#: The environment variables of this process, before conda adds its own to them.
STARTED_WITH = frozenset(os.environ)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


class Strike:
    """An audit hook that counts the steps below a folder and spoils one of them.

    Args:
        folder: the folder.
        fault: what happens instead of the step; nothing, if empty:
            `kill`: the process is killed;
            `torn`: the same, but if the step opens a file, with nothing written to it yet;
            the name of an error: the step fails with it. A disk that is full (ENOSPC) stays so.
        number: which step, from 1.
    """

    def __init__(self, folder: str, fault: str, number: int) -> None:
        self.folder = os.path.join(folder, "")
        self.fault = fault
        self.number = number
        self.counter = itertools.count(1)
        self.steps: list[str] = []
        self.struck = False

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in STEPS or (event == "open" and not (arguments[2] or 0) & WRITING):
            return
        paths = [path for path in touched(event, arguments) if f"{path}/".startswith(self.folder)]
        if not paths:
            return
        number = next(self.counter)
        self.steps.append(f"{event} {os.path.relpath(paths[-1], self.folder)}")
        if number == self.number:
            self.struck = True
            self.strike(event, arguments, paths[-1])
        elif self.struck and self.fault == "ENOSPC" and event in MAKING:
            self.strike(event, arguments, paths[-1])

    def strike(self, event: str, arguments: tuple[Any, ...], path: str) -> None:
        if self.fault == "torn" and event == "open":
            with suppress(OSError):
                os.open(path, arguments[2], 0o666)
        if self.fault in ("kill", "torn"):
            os.kill(os.getpid(), signal.SIGKILL)
        elif self.fault:
            code = getattr(errno, self.fault)
            raise OSError(code, os.strerror(code), path)


def touched(event: str, arguments: tuple[Any, ...]) -> Iterator[str]:
    """The absolute paths that a step changes."""
    for path, folder in STEPS[event]:
        parent = arguments[folder] if folder is not None else -1
        base = os.getcwd() if parent in (-1, None) else opened(parent)
        if isinstance(arguments[path], int):
            yield opened(arguments[path])
        elif arguments[path] is not None:
            yield os.path.normpath(os.path.join(base, os.fsdecode(arguments[path])))


def opened(descriptor: int) -> str:
    """The path of an open file or folder."""
    if sys.platform == "darwin":
        import fcntl

        return os.fsdecode(fcntl.fcntl(descriptor, fcntl.F_GETPATH, bytes(1024)).rstrip(b"\0"))
    return os.readlink(f"/proc/self/fd/{descriptor}")


def run(request: dict[str, Any], folder: Path) -> int:
    """Run conda in this process, which is a fork for this run alone."""
    signal.alarm(PATIENCE)
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        flags = os.O_CREAT | os.O_APPEND | (os.O_WRONLY if descriptor else os.O_RDONLY)
        os.dup2(os.open(folder / name, flags, 0o666), descriptor)
    set_by_imports = {name: os.environ[name] for name in {*os.environ} - STARTED_WITH}
    os.environ.clear()
    os.environ.update({**set_by_imports, **request["variables"]})
    os.chdir(request["cwd"])
    tempfile.tempdir = None
    sys.argv[:] = ["conda", *request["arguments"]]
    from conda.cli.main import main

    strike = Strike(request["folder"], request["fault"], request["number"])
    sys.addaudithook(strike)
    try:
        status = main()
    except SystemExit as error:
        status = error.code
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    report = {"steps": strike.steps, "struck": strike.struck, "modules": sorted(sys.modules)}
    (folder / "report").write_text(json.dumps(report))
    return int(status or 0)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Let a fork run conda; says how that ended."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        child = os.fork()
        if child == 0:
            status = 70
            try:
                status = run(request, folder)
            finally:
                os._exit(status)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        report: dict[str, Any] = {"steps": [], "struck": status == -signal.SIGKILL, "modules": []}
        with suppress(FileNotFoundError):
            report = json.loads((folder / "report").read_text())
        for module in sorted({*report.pop("modules")} - {*sys.modules}):
            with suppress(ImportError):
                importlib.import_module(module)
        return {
            "status": status,
            "stdout": (folder / "stdout").read_text(encoding="utf-8"),
            "stderr": (folder / "stderr").read_text(encoding="utf-8"),
            **report,
        }


if __name__ == "__main__":
    for category in (DeprecationWarning, PendingDeprecationWarning, FutureWarning):
        warnings.filterwarnings("error", category=category, module="conda_offline_repo")  # ours
    for line in sys.stdin:
        gc.freeze()
        sys.stdout.write(f"{json.dumps(answer(json.loads(line)))}\n")
        sys.stdout.flush()
