"""conda's settings, and what it takes this machine to be, changed for a while."""

from __future__ import annotations

import math
import os
import time
from contextlib import contextmanager
from inspect import getattr_static
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.common.path import expand
from conda.plugins import hookimpl
from conda.plugins.types import CondaVirtualPackage

from .exceptions import SettingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any


_ABSENT = object()
CUDA_OVERRIDE = "CONDA_OVERRIDE_CUDA"
#: Settings that conda looks at under another name, and what it makes of their values.
SEEN_AS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "_pkgs_dirs": ("pkgs_dirs", lambda folders: tuple(map(expand, folders))),
    "_subdir": ("subdir", str),
}


@contextmanager
def settings(**values: Any) -> Iterator[None]:
    """Give conda's context other values, by the names of its attributes, for a while.

    `context._override` does this since conda 26.5; before, it left the old value behind as an
    attribute that hides the setting from then on.

    Raises:
        SettingError: This conda has no such setting, or does not take a value for it in this way.
    """
    attributes = vars(context)
    previous = {name: attributes.get(name, _ABSENT) for name in values}
    attributes.update(values)
    try:
        for name, value in values.items():
            if not _is_in_force(name, value):
                raise SettingError(name)
        yield
    finally:
        for name, value in previous.items():
            if value is _ABSENT:
                attributes.pop(name, None)
            else:
                attributes[name] = value


def _is_in_force(name: str, value: Any) -> bool:
    """Return whether conda knows a setting, and sees the value that it has been given."""
    if getattr_static(type(context), name, _ABSENT) is _ABSENT or getattr(context, name) != value:
        return False
    seen_as, made = SEEN_AS.get(name, (name, lambda same: same))
    return bool(getattr(context, seen_as) == made(value))


class _VirtualPackages:
    """A conda plugin that replaces what all others say of this machine."""

    def __init__(self, packages: Mapping[str, str]) -> None:
        self.packages = packages

    @hookimpl(hookwrapper=True)
    def conda_virtual_packages(self) -> Iterator[None]:
        outcome: Any = yield
        stated = []
        for name, value in self.packages.items():
            version, _, build = value.partition("=")
            stated.append(CondaVirtualPackage(name.removeprefix("__"), version, build or None))
        outcome.force_result([stated])


@contextmanager
def virtual_packages(packages: Mapping[str, str]) -> Iterator[None]:
    """Let conda see just these virtual packages (name: `VERSION` or `VERSION=BUILD`) for a while.

    CONDA_OVERRIDE_* variables reach only the packages that conda knows, and on 24.7 not `__win`.
    """
    plugin = _VirtualPackages(packages)
    context.plugin_manager.register(plugin)
    # conda asks all others first, and starts a process to look for CUDA unless it is told
    told = os.environ.get(CUDA_OVERRIDE)
    os.environ[CUDA_OVERRIDE] = ""
    try:
        yield
    finally:
        context.plugin_manager.unregister(plugin)
        if told is None:
            del os.environ[CUDA_OVERRIDE]
        else:
            os.environ[CUDA_OVERRIDE] = told


@contextmanager
def machine(platform: str, packages: Mapping[str, str], **values: Any) -> Iterator[None]:
    """Let conda take itself to be on `platform` with these virtual packages and settings."""
    with settings(_subdir=platform, **values), virtual_packages(packages):
        yield


def fresh_since(began: float) -> int:
    """Return the seconds up to which a cached index is of a time or later, as
    `local_repodata_ttl` states them: conda means something else by 0 and 1.
    """
    return max(2, math.ceil(time.time() - began), context.local_repodata_ttl)
