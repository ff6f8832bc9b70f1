"""The command that conda runs: what its plugins are not told, from its arguments."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import context, locate_prefix_by_name
from conda.exceptions import EnvironmentNameNotFound

if TYPE_CHECKING:
    from typing import Any


def running() -> str:
    """Return the name of the command as conda's hooks have it; empty for those of plugins."""
    module, _, _ = str(_argument("func") or "").rpartition(".")
    return module.rpartition(".")[2].removeprefix("main_")


def target() -> Path:
    """Return the environment that the command works on.

    `conda env update` takes a name from its file, and conda's context does not learn it.
    """
    if running() == "env_update" and not (_argument("prefix") or _argument("name")):
        for content in _environment_files().values():
            if isinstance(name := content.get("name"), str):
                return _by_name(name) or Path(context.target_prefix)
    return Path(context.target_prefix)


def file_channels() -> dict[str, list[str]]:
    """Return the channels that environment files of the command name, each with these files."""
    channels: dict[str, list[str]] = {}
    if _argument("override_channels"):
        return channels
    for file, content in _environment_files().items():
        listed = content.get("channels")
        for channel in listed if isinstance(listed, list) else ():
            if channel != "nodefaults":
                channels.setdefault(str(channel), []).append(file)
    return channels


def original() -> Path | None:
    """Return the environment that `conda create --clone` or `conda rename` copies; else None."""
    if running() == "rename":
        return Path(context.target_prefix)
    clone = _argument("clone") if running() == "create" else None
    return _by_name(clone) if clone else None


def copy() -> Path | None:
    """Return the environment that such a command has made; None if it has made none."""
    if running() == "rename":
        return _by_name(str(_argument("destination")))
    return Path(context.target_prefix)


def _argument(name: str) -> Any:
    return (context._argparse_args or {}).get(name)


def _environment_files() -> dict[str, dict[str, Any]]:
    """Return what is in the YAML files of the command, by path; without those of other kinds."""
    if running() not in ("env_update", "install", "update"):
        return {}
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    named = _argument("file") or ()
    contents = {}
    for file in (named,) if isinstance(named, str) else named:
        try:
            content = YAML(typ="safe").load(Path(file).read_text("utf-8"))
        except (OSError, ValueError, YAMLError, RecursionError):
            continue
        if isinstance(content, dict):
            contents[str(Path(file).absolute())] = content
    return contents


def _by_name(name: str) -> Path | None:
    """Return the environment of a name or path, as conda distinguishes them; None without one."""
    if os.sep in name:
        return Path(os.path.abspath(os.path.expanduser(name)))
    try:
        return Path(locate_prefix_by_name(name))
    except EnvironmentNameNotFound:
        return None
