"""Temporary overrides of conda's settings and of its view of this machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from inspect import getattr_static
from typing import Any

from conda.base.context import context
from conda.common.path import expand
from conda.models.match_spec import MatchSpec
from conda.plugins import hookimpl
from conda.plugins.types import CondaVirtualPackage

from .exceptions import SettingError

_ABSENT = object()
CUDA_OVERRIDE = "CONDA_OVERRIDE_CUDA"
#: Settings that conda reads under another name, and how it converts their values.
SEEN_AS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "_aggressive_update_packages": (
        "aggressive_update_packages",
        lambda packages: tuple(map(MatchSpec, packages)),
    ),
    "_pkgs_dirs": ("pkgs_dirs", lambda folders: tuple(map(expand, folders))),
    "_subdir": ("subdir", str),
    "_use_only_tar_bz2": ("use_only_tar_bz2", bool),
}


@contextmanager
def settings(**values: Any) -> Iterator[None]:
    """Override attributes of conda's context while the context lasts.

    `context._override` does this since conda 26.5; before, it left the old value behind as an
    attribute that hides the setting from then on.

    Raises:
        SettingError: This conda has no such setting, or ignores the value.
    """
    with replaced(vars(context), values):
        for name, value in values.items():
            if not _is_in_force(name, value):
                raise SettingError(name)
        yield


@contextmanager
def replaced(mapping: MutableMapping[str, Any], values: Mapping[str, Any]) -> Iterator[None]:
    """Give keys of a mapping, as the environment of this process, other values while the context
    lasts.
    """
    previous = {name: mapping[name] for name in values if name in mapping}
    mapping.update(values)
    try:
        yield
    finally:
        mapping.update(previous)
        for name in values.keys() - previous.keys():
            mapping.pop(name, None)


def _is_in_force(name: str, value: Any) -> bool:
    if getattr_static(type(context), name, _ABSENT) is _ABSENT or getattr(context, name) != value:
        return False
    other_name, convert = SEEN_AS.get(name, (name, lambda same: same))
    return bool(getattr(context, other_name) == convert(value))


class _VirtualPackages:
    """A conda plugin that replaces the virtual packages of all others."""

    def __init__(self, packages: Mapping[str, str]) -> None:
        self.packages = packages

    @hookimpl(hookwrapper=True)
    def conda_virtual_packages(self) -> Iterator[None]:
        outcome: Any = yield
        packages = []
        for name, value in self.packages.items():
            version, _, build = value.partition("=")
            packages.append(CondaVirtualPackage(name.removeprefix("__"), version, build or None))
        outcome.force_result([packages])


@contextmanager
def without_cuda() -> Iterator[None]:
    """Let conda not start a process to look for CUDA, as it does whatever virtual packages it is to
    see. The variable is not set again where it is: other threads may be reading the environment.
    """
    is_set = os.environ.get(CUDA_OVERRIDE) == ""
    with replaced(os.environ, {} if is_set else {CUDA_OVERRIDE: ""}):
        yield


@contextmanager
def present_umask() -> Iterator[None]:
    """Let conda extract archives with the umask of now, not of when its library was imported."""
    from conda_package_streaming import package_streaming

    umask = os.umask(0o077)
    os.umask(umask)
    with replaced(vars(package_streaming), {"UMASK": umask}):
        yield


@contextmanager
def virtual_packages(packages: Mapping[str, str]) -> Iterator[None]:
    """Let conda see exactly these virtual packages (name: `VERSION` or `VERSION=BUILD`).

    CONDA_OVERRIDE_* variables affect only the packages that conda knows, and on 24.7 not `__win`.
    """
    plugin = _VirtualPackages(packages)
    context.plugin_manager.register(plugin)
    try:
        with without_cuda():
            yield
    finally:
        context.plugin_manager.unregister(plugin)


@contextmanager
def machine(platform: str, packages: Mapping[str, str], **values: Any) -> Iterator[None]:
    """Let conda see a platform, these virtual packages and settings while the context lasts."""
    with settings(_subdir=platform, **values), virtual_packages(packages):
        yield
