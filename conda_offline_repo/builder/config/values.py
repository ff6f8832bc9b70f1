"""What the keys of the file mean for a build."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from conda.base.context import locate_prefix_by_name
from conda.exceptions import EnvironmentNameNotFound

from ...audit.policy import put_over
from ...files.typed import completed
from ...urls import is_local
from ..options import EnvironmentSpec, Options

#: What holds where neither the file nor the configuration says anything.
UNSAID = {
    **{"keep": 1, "with_plugin": False, "installers": (), "label_channel": True, "fail_on": ()},
    **{"pip_as_conda": True, "try_install": False, "exclude_newer": "none", "index_version": 1},
    **{"next_due": "none", "policy": {}},
}
#: The keys that options have by the same name.
SAME = (
    *("root", "label_channel", "channels", "platforms", "keep", "fail_on", "installers"),
    *("packages", "pip", "pip_as_conda", "try_install", "customer_conda", "customer_solvers"),
    *("verify_attestations", "exclude_newer", "index_version", "next_due"),
)
#: The ways to say what a label, or an environment of it, is to have.
WAYS = ("packages", "pip", "environment", "file", "from_prefix")


def is_path(environment: str) -> bool:
    """Return whether an environment of conda's is given as its path, not by its name."""
    return environment.startswith((".", "~")) or not {os.sep, os.altsep}.isdisjoint(environment)


def path_of(folder: Path, text: str) -> Path:
    """Return a path that a file in a folder names: relative to the folder, or below `~`."""
    return completed(folder / os.path.expanduser(text))


def prefix_of(folder: Path, text: str) -> Path:
    """Return the environment of conda's that the file names, or gives as its path.

    Raises:
        ValueError: It does not exist.
    """
    if is_path(text):
        path = path_of(folder, text)
        if not os.path.isdir(path / "conda-meta"):
            raise ValueError(f"{text!r} is not the folder of a conda environment.")
        return path
    try:
        return Path(locate_prefix_by_name(text))
    except EnvironmentNameNotFound:
        raise ValueError(f"conda knows no environment {text!r}.") from None


def channel_of(folder: Path, text: str) -> str:
    """Return a channel that a file in a folder names: a relative path begins at the folder."""
    return text if text.startswith("file:") or not is_local(text) else str(path_of(folder, text))


#: What a text is converted to, by the key that it stands under.
CONVERSIONS = {
    **dict.fromkeys(("root", "sign_key", "with_plugin", "installers"), path_of),
    **dict.fromkeys(("environment", "file", "verify_attestations"), path_of),
    "channels": channel_of,
    "from_prefix": prefix_of,
}


def common_options(defaults: Options, top: Mapping[str, Any], folder: Path) -> Options:
    """Return the options of a label that says nothing, from the defaults and the top of a file."""
    return replace(changed(defaults, {**UNSAID, **top}, folder), whole=True, folder=folder)


def label_options(common: Options, label: str, stated: Mapping[str, Any], folder: Path) -> Options:
    """Return the options of a label, from the common ones and what the file says of the label.

    Machines of platforms that the label is not for are left out.
    """
    options = replace(changed(common, stated, folder), label=label)
    machines = tuple(
        text
        for text in options.virtual_packages
        if not options.platforms or text.partition(":")[0] in options.platforms
    )
    return replace(options, virtual_packages=machines)


def changed(options: Options, stated: Mapping[str, Any], folder: Path) -> Options:
    """Return options with what the top of the file, or a label, says instead.

    A token becomes the name of its environment variable.
    """
    values = {key: _converted(key, value, folder) for key, value in stated.items()}
    values = {key: value for key, value in values.items() if value is not None}
    changes = {key: value for key, value in values.items() if key in SAME}
    if "channels" in values:
        changes.update(channels_named=True, configured=())
    if "token" in values:
        changes["token"] = values["token"][2:-1]
    if "sign_key" in values:
        keys = values["sign_key"]
        keys = keys if isinstance(keys, tuple) else (keys,)
        changes.update(sign_keys=keys, unsigned=not keys)
    if "with_plugin" in values:
        plugin = values["with_plugin"]
        file = plugin if isinstance(plugin, Path) else None
        changes.update(plugin=bool(plugin), plugin_file=file)
    if "policy" in values:
        own = {key: _converted(key, value, folder) for key, value in values["policy"].items()}
        changes["policy"] = json.dumps(put_over(json.loads(options.policy or "{}"), own))
    if "virtual_packages" in values:
        changes["virtual_packages"] = options.virtual_packages + tuple(
            f"{platform}:{name}={version}"
            for platform, machine in values["virtual_packages"].items()
            for name, version in (machine or {}).items()
            if version is not None
        )
    if "environments" in values:
        environments = values["environments"].items()
        changes["environments"] = tuple(
            _spec(name, stated, folder) for name, stated in environments
        )
    elif "environment" in values or "from_prefix" in values:
        changes.update(environments=(_spec("", stated, folder),), pip=())
    return replace(options, **changes)


def _spec(name: str, stated: Any, folder: Path) -> EnvironmentSpec:
    stated = {"packages": stated} if isinstance(stated, list) else stated or {}
    values = {key: _converted(key, value, folder) for key, value in stated.items()}
    return EnvironmentSpec(
        name,
        values.get("packages") or (),
        values.get("file") or values.get("environment"),
        values.get("from_prefix"),
        values.get("only") or (),
        values.get("pip") or (),
    )


def _converted(key: str, value: Any, folder: Path) -> Any:
    if isinstance(value, list):
        return tuple(_converted(key, item, folder) for item in value if item is not None)
    is_text = isinstance(value, str) and key in CONVERSIONS
    return CONVERSIONS[key](folder, value) if is_text else value
