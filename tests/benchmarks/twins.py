"""Python environments that differ in a package or two.

They are virtual environments whose packages are links to those of this one. Nothing is hidden by
code that would itself cost time, and nothing of this one is changed.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
import venv
from importlib.util import find_spec
from pathlib import Path

PLUGIN = "conda_offline_repo"
#: What the plugin needs and conda does not bring. It is a plugin of conda itself.
INDEX = "conda_index"


def make(folder: Path, without: tuple[str, ...]) -> Path:
    """Make an environment without packages of these names; returns its Python."""
    shutil.rmtree(folder, ignore_errors=True)
    venv.EnvBuilder(symlinks=True).create(folder)
    python = folder / "bin" / "python"
    code = "import json, sysconfig; print(json.dumps(sysconfig.get_paths()))"
    paths = json.loads(subprocess.check_output([python, "-c", code], encoding="utf-8"))
    target = Path(paths["purelib"])
    for source in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for entry in sorted(Path(source).iterdir()):
            name = entry.name.lower()
            editable = PLUGIN in name and not name.endswith(".dist-info")
            left_out = editable or name.startswith(without)
            if not left_out and not (target / entry.name).exists():
                (target / entry.name).symlink_to(entry)
    if PLUGIN not in without:
        found = find_spec(PLUGIN)
        assert found is not None
        assert found.origin is not None
        (target / PLUGIN).symlink_to(Path(found.origin).parent)
    (folder / "conda-meta").mkdir()
    (folder / "conda-meta" / "history").touch()
    settings = Path(sys.prefix) / ".condarc"
    if settings.exists():
        shutil.copy(settings, folder)
    _check(python, folder, "offline-repo", PLUGIN not in without)
    _check(python, folder, "index", INDEX not in without)
    return python


def _check(python: Path, folder: Path, command: str, expected: bool) -> None:
    found = subprocess.run(
        (python, "-m", "conda", command, "--help"), capture_output=True, cwd=folder
    )
    if (found.returncode == 0) != expected:
        raise RuntimeError(f"{folder}: `conda {command}` is {'not ' if expected else ''}there")
