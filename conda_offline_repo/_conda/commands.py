"""The command that conda runs: what its plugins are not told, from its arguments."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from conda.base.context import context, locate_prefix_by_name
from conda.common.path import expand
from conda.exceptions import EnvironmentNameNotFound
from conda.plugins import hookspec

from ..urls import file_url


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
            if (name := content.get("name")) and isinstance(name, str):
                return _by_name(name) or Path(context.target_prefix)
    return Path(context.target_prefix)


def target_to_read() -> Path:
    """Return the environment that the command names, made or not.

    Of a name without an environment, conda itself would make the folder that it is to be in.
    """
    name = _argument("name")
    if name and not {*name} & {"/", "\\"} and not _by_name(name):
        return Path(context.envs_dirs[0], name)
    return Path(context.target_prefix)


def channels() -> tuple[str, ...]:
    """Return all channels of the command."""
    return (*context.channels, *file_channels())


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


def named_archives() -> list[tuple[str, str]]:
    """Return the archives that the command names by itself or in explicit lists, each as its URL
    with its MD5 digest, if it states one.
    """
    lines = [str(package).strip("\"'") for package in _argument("packages") or ()]
    for file in _files():
        with suppress(OSError, ValueError):  # conda says so itself
            rows = [row.strip() for row in Path(file).read_text("utf-8").splitlines()]
            lines += rows[rows.index("@EXPLICIT") :]
    archives = []
    for address, _, md5 in (line.partition("#") for line in lines):
        if address.endswith((".conda", ".tar.bz2")):
            url = address if "://" in address else file_url(Path(expand(address)))
            archives.append((url, md5))
    return archives


def checks_links() -> bool:
    """Return whether conda has a hook for what it links, be it solved for or not (since 25.5)."""
    return hasattr(hookspec.CondaSpecs, "conda_pre_transaction_actions")


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
    # conda has each option as an attribute, `--get` too
    return dict.get(context._argparse_args or {}, name)


def _files() -> list[str]:
    named = _argument("file") or []
    return [named] if isinstance(named, str) else list(named)


def _environment_files() -> dict[str, dict[str, Any]]:
    """Return what is in the YAML files of the command, by path; without those of other kinds."""
    if running() not in ("env_update", "install", "update"):
        return {}
    from ruamel.yaml import YAML

    contents = {}
    for file in _files():
        try:
            content = YAML(typ="safe", pure=True).load(Path(file).read_text("utf-8"))
        except Exception:  # conda says so itself; the parser raises of all kinds
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
