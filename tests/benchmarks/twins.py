"""Two Python environments that differ in the plugin alone.

Both are virtual environments whose packages are links to those of this one. One leaves the plugin
out. Nothing is hidden by code that would itself cost time, and nothing of this one is changed.
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


def make(folder: Path, *, with_plugin: bool) -> Path:
    """Make such an environment; returns its Python."""
    shutil.rmtree(folder, ignore_errors=True)
    venv.EnvBuilder(symlinks=True).create(folder)
    python = folder / "bin" / "python"
    code = "import json, sysconfig; print(json.dumps(sysconfig.get_paths()))"
    paths = json.loads(subprocess.check_output([python, "-c", code], encoding="utf-8"))
    target = Path(paths["purelib"])
    for source in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for entry in sorted(Path(source).iterdir()):
            own = PLUGIN in entry.name.lower()
            described = own and entry.name.endswith(".dist-info")
            if not (target / entry.name).exists() and (not own or (described and with_plugin)):
                (target / entry.name).symlink_to(entry)
    if with_plugin:
        found = find_spec(PLUGIN)
        assert found is not None
        assert found.origin is not None
        (target / PLUGIN).symlink_to(Path(found.origin).parent)
    (folder / "conda-meta").mkdir()
    (folder / "conda-meta" / "history").touch()
    settings = Path(sys.prefix) / ".condarc"
    if settings.exists():
        shutil.copy(settings, folder)
    _check(python, folder, with_plugin)
    return python


def _check(python: Path, folder: Path, with_plugin: bool) -> None:
    command = (python, "-m", "conda", "offline-repo", "--help")
    works = subprocess.run(command, capture_output=True, cwd=folder).returncode == 0
    if works != with_plugin:
        raise RuntimeError(f"{folder}: the plugin is {'' if works else 'not '}there")
