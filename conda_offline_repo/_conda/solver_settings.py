"""conda's settings that shape a solution: those that a build has at conda's defaults, as the
customer's conda has them, and those of the vendor that it obeys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from conda.base.constants import (
    DEFAULT_AGGRESSIVE_UPDATE_PACKAGES,
    REPODATA_FN,
    ChannelPriority,
    DepsModifier,
    SatSolverChoice,
    UpdateModifier,
)
from conda.base.context import context
from conda.models.match_spec import MatchSpec

from .configuration import COOLDOWN, cooldown, exists, settings

#: The settings that solvers follow, with conda's defaults.
DEFAULTS: dict[str, Any] = {
    "_aggressive_update_packages": DEFAULT_AGGRESSIVE_UPDATE_PACKAGES,
    "_use_only_tar_bz2": False,
    "add_pip_as_python_dependency": True,
    "deps_modifier": DepsModifier.NOT_SET,
    "ignore_pinned": False,
    "pinned_packages": (),
    "sat_solver": SatSolverChoice.PYCOSAT,
    "solver_ignore_timestamps": False,
    "track_features": (),
    "update_modifier": UpdateModifier.UPDATE_SPECS,
}
#: What `conda create` adds, and which index conda asks first; a build does neither.
NOT_ASKED = {"create_default_packages": (), "repodata_fns": ("current_repodata.json", REPODATA_FN)}
#: Values that mean the same for a build.
SAME = (None, (REPODATA_FN,))
#: The settings that a build obeys: about channels, or a rule of the administrator.
OBEYED = {
    "channel_priority": ChannelPriority.FLEXIBLE,
    "disallowed_packages": (),
    "exclude_newer": "",
    "exclude_newer_package": {},
}
OF_CHANNELS = {"channel_settings": ()}
#: Second names of these, which files may have.
ALIASES = {
    "cooldown": "exclude_newer",
    "cooldown_exclude": "exclude_newer_package",
    "disallow": "disallowed_packages",
}
OF_COOLDOWN = ("exclude_newer", "exclude_newer_package", *OF_CHANNELS)


@dataclass(frozen=True)
class Configured:
    """A setting of conda that differs from its default.

    Attributes:
        value: As conda shows it.
        source: The file, the environment variable or the command line that sets it.
    """

    name: str
    value: str
    source: str

    def __str__(self) -> str:
        return f"{self.name} in {self.source}"


def defaults() -> dict[str, Any]:
    """Return the settings that solvers follow, as far as this conda has them, at its defaults."""
    return {name: value for name, value in DEFAULTS.items() if exists(name)}


def without_cooldown() -> dict[str, Any]:
    """Return the setting that no package is too new (conda 26.9: `exclude_newer`)."""
    return {COOLDOWN: type(getattr(context, COOLDOWN))()} if exists(COOLDOWN) else {}


def unused() -> tuple[Configured, ...]:
    """Return what is configured on this machine and does not count in a build."""
    return tuple(_configured({**DEFAULTS, **NOT_ASKED}))


def obeyed() -> tuple[Configured, ...]:
    """Return what is configured on this machine and counts in a build."""
    active = cooldown()
    # its value may hold credentials
    of_channels = (replace(setting, value="exclude_newer") for setting in _configured(OF_CHANNELS))
    return (*_configured(OBEYED), *(of_channels if active and active.of_channels else ()))


def sources() -> dict[str, str]:
    """Return the files, environment variables or command line that set each setting: all of a list,
    the last one of anything else.
    """
    by_setting: dict[str, tuple[str, ...]] = {}
    final = set()
    for setting in settings():
        name = ALIASES.get(setting.name, setting.name)
        if name in final:
            continue
        if setting.final:
            final.add(name)
        variable = f"CONDA_{name.upper()}" if setting.source == "envvars" else setting.source
        source = "the command line" if variable == "cmd_line" else variable
        is_collection = isinstance(setting.value, (tuple, dict))
        by_setting[name] = (*by_setting.get(name, ()), source) if is_collection else (source,)
    return {name: " and ".join(of_setting) for name, of_setting in by_setting.items()}


def forbidden(
    records: Mapping[str, Mapping[str, Any]],
) -> Iterator[tuple[Configured, tuple[str, ...]]]:
    """Yield the rules of this machine's administrator that forbid packages, with their names.

    Args:
        records: Entries of indexes with `fn`, `subdir`, `url` and `channel`, by name.
    """
    specs = [MatchSpec(text) for text in context.disallowed_packages]
    active = cooldown()
    for rule in obeyed():
        if rule.name == "disallowed_packages":
            names = [n for n, record in records.items() if any(s.match(record) for s in specs)]
        elif rule.name == "channel_priority":
            continue
        else:
            names = [n for n, r in records.items() if active and active.holds_back(r)]
        if names:
            yield rule, tuple(names)


def _configured(defaults: dict[str, Any]) -> Iterator[Configured]:
    by_name = {name.lstrip("_"): (name, default) for name, default in defaults.items()}
    by_setting = sources()
    for name, (attribute, default) in sorted(by_name.items()):
        value = getattr(context, attribute, default) if name in by_setting else default
        if value != default and value not in SAME:
            yield Configured(name, _shown(value), by_setting[name])


def _shown(value: Any) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
