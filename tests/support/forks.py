"""conda that is ready at once: each run is a fork of one process; POSIX systems only.

See `tests.support.stepper`, which is that process.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

POSSIBLE = hasattr(os, "fork")
#: What is fixed when a Python starts, and how all forks have it.
FIXED = {"LANG": "C.UTF-8", "PYTHONUTF8": "1"}


def alike(variables: Mapping[str, str]) -> bool:
    """Whether a process with these variables could be a fork."""
    fixed = {name: value for name, value in variables.items() if name.startswith(("PYTHON", "LC_"))}
    return {**fixed, "LANG": variables.get("LANG")} == FIXED


def run(
    arguments: Sequence[str],
    cwd: str | Path,
    variables: Mapping[str, str],
    *,
    folder: str | Path = "/nonexistent",
    fault: str = "",
    number: int = 0,
) -> dict[str, Any]:
    """Run conda to its end in a fork.

    Args:
        arguments: of conda.
        cwd: the current folder.
        variables: the whole environment of the process.
        folder: count the steps below it.
        fault: what to do at one of them; see `tests.support.stepper.Strike`.
        number: at which, from 1.

    Returns:
        status, stdout and stderr; steps, what it did below the watched folder, none if it was
        killed; struck, whether it came as far as the step that was to be spoilt.
    """
    request = {
        "arguments": [*arguments],
        "cwd": str(cwd),
        "variables": dict(variables),
        "folder": str(folder),
        "fault": fault,
        "number": number,
    }
    process, lock = _stepper()
    assert process.stdin is not None
    assert process.stdout is not None
    with lock:
        process.stdin.write(f"{json.dumps(request)}\n")
        process.stdin.flush()
        reply: dict[str, Any] = json.loads(process.stdout.readline())
    return reply


@cache
def _stepper() -> tuple[subprocess.Popen[str], Lock]:
    process = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("stepper.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd="/",
        encoding="utf-8",
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **FIXED},
    )
    atexit.register(process.communicate)
    return process, Lock()
