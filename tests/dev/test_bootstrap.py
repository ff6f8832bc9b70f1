"""What makes the development environment, where it must not touch it."""

from __future__ import annotations

import shutil
import subprocess
import venv
from typing import TYPE_CHECKING

from dev import bootstrap
from tests.support.running import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path


def test_an_environment_does_not_make_itself_anew(tmp_path: Path) -> None:
    for path in bootstrap.INPUTS:
        copy = tmp_path / path.relative_to(bootstrap.REPOSITORY)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    venv.EnvBuilder(symlinks=not bootstrap.ON_WINDOWS).create(tmp_path / ".venv")
    python = tmp_path / bootstrap.venv_python().relative_to(bootstrap.REPOSITORY)
    command = [str(python), str(tmp_path / "dev" / "bootstrap.py")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 1
    assert "has to be made anew; run this with a Python outside of it" in done.stderr
    assert subprocess.run([str(python), "-c", ""], check=False).returncode == 0
