"""Every difference between conda 24.7 and current conda, and what conda has no public way for."""

from __future__ import annotations

import math
import os
import time
import warnings
from contextlib import ExitStack, contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from conda import CondaError
from conda.base.constants import REPODATA_FN
from conda.base.context import context
from conda.gateways.repodata import (
    RepodataFetch,
    cache_fn_url,
    create_cache_dir,
    get_repo_interface,
)
from conda.models.channel import Channel
from conda.plugins import hookimpl
from conda.plugins.types import CondaVirtualPackage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from os import PathLike
    from typing import Any, Literal

    from conda.models.match_spec import MatchSpec
    from conda.models.records import PackageRecord

_ABSENT = object()
CUDA_OVERRIDE = "CONDA_OVERRIDE_CUDA"


@contextmanager
def settings(**values: Any) -> Iterator[None]:
    """Give conda's context other values, by the names of its attributes, for a while.

    `context._override` does this since conda 26.5; before, it left the old value behind as an
    attribute that hides the setting from then on.
    """
    attributes = vars(context)
    previous = {name: attributes.get(name, _ABSENT) for name in values}
    attributes.update(values)
    try:
        yield
    finally:
        for name, value in previous.items():
            if value is _ABSENT:
                attributes.pop(name, None)
            else:
                attributes[name] = value


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


def fresh_since(began: float) -> int:
    """Return the seconds up to which a cached index is of a time or later, as
    `local_repodata_ttl` states them: conda means something else by 0 and 1.
    """
    return max(2, math.ceil(time.time() - began), context.local_repodata_ttl)


@contextmanager
def machine(platform: str, packages: Mapping[str, str], **values: Any) -> Iterator[None]:
    """Let conda take itself to be on `platform` with these virtual packages and settings."""
    with ExitStack() as stack:
        stack.enter_context(settings(_subdir=platform, **values))
        stack.enter_context(virtual_packages(packages))
        yield


def shards(names: Sequence[str], urls: Sequence[str]) -> Mapping[str, Any]:
    """Return the sharded indexes (CEP 16) of these subdirs, with the shards of these package names.

    Args:
        names: Package names; the shards of what they depend on may come with them.
        urls: Subdirs with credentials.

    Returns:
        By URL, conda's `Shards`: none for channels without shards, before conda 26.5, or where
        `repodata_use_shards` is off.
    """
    if not getattr(context, "repodata_use_shards", False):
        return {}
    try:
        from conda.gateways.shards import build_repodata_subset
    except ImportError:
        return {}
    return build_repodata_subset(names, {url: Channel(url) for url in urls}) or {}


def shard_entries(shards: Any) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield section, key and entry of each archive in shards; the key is mostly its file name."""
    if hasattr(shards, "iter_records_v3"):
        for (key, section), record in shards.iter_records_v3():
            yield section, key, record
        return
    for key, record in shards.iter_records():
        yield "packages.conda" if key.endswith(".conda") else "packages", key, record


def shard_info(shards: Any) -> Mapping[str, Any]:
    """Return the `info` of a sharded index, for which conda has no public name."""
    info: Mapping[str, Any] = getattr(shards, "repodata_no_packages", {}).get("info") or {}
    return info


def status_code(error: CondaError) -> int | None:
    """Return the HTTP status behind an error of conda's, None where there was no answer at all."""
    status = getattr(error, "status_code", None) or error._kwargs.get("status_code")
    return status if isinstance(status, int) else None


def guidance(summary: str, hints: Mapping[str, str]) -> Any:
    """Return what conda's report of an error shows in the place of its text; None before 26.7.

    Args:
        summary: What was wrong.
        hints: What to do about it, by a word for programs.
    """
    listed = [{"text": text, "hint_code": code} for code, text in hints.items()]
    error = CondaError(None, guidance={"summary": summary, "hints": listed})
    return getattr(error, "guidance", None)


def confirm(question: str, default: Literal["yes", "no"] = "yes") -> None:
    """Ask for a yes, as conda does; honours `--yes` and `--dry-run`.

    Args:
        question: What to ask.
        default: What an empty line, or the end of the input, means.

    Raises:
        CondaSystemExit: The answer was no.
        DryRunExit: The run is a dry one.
    """
    try:
        from conda.reporters import confirm_yn
    except ImportError:  # before 24.11
        from conda.cli.common import confirm_yn
    confirm_yn(question, default=default)


def refresh_index_cache(channel: Channel, subdirs: Iterable[str]) -> None:
    """Bring conda's cached index of a local channel up to date, also when conda is offline.

    The libmamba solver, when offline, reads the cached index only and never the channel itself.
    """
    for url in channel.urls(with_credentials=True, subdirs=tuple(subdirs)):
        repodata_fetch(Channel(url)).fetch_latest_path()


class _OnDisk(RepodataFetch):
    """Leaves an index that is in the cache there, where conda would make a text of it."""

    def read_cache(self) -> tuple[str, Any]:
        return "", self.repo_cache.state


def index_content(channel: Channel) -> bytes:
    """Return the index of a subdir, up to date, as the JSON that conda has in its cache.

    Args:
        channel: A channel with a subdir.
    """
    path, _ = repodata_fetch(channel).fetch_latest_path()
    try:
        content = path.read_bytes()
    except FileNotFoundError:  # offline, and never read before
        return b"{}"
    # conda writes and reads it in this system's encoding
    return content if content.isascii() else path.read_text().encode()


def repodata_fetch(channel: Channel) -> RepodataFetch:
    """Return what fetches and caches the index of a subdir.

    conda's `SubdirData` has the same. But it remembers itself, and what asks for it again, as the
    libmamba solver does, fails for a folder whose URL has an escape and a letter that is not ASCII.

    Args:
        channel: A channel with a subdir.
    """
    name = cache_fn_url(channel.url(with_credentials=True), REPODATA_FN)
    return _OnDisk(
        Path(create_cache_dir(), name).with_suffix(""),
        channel,
        REPODATA_FN,
        repo_interface_cls=get_repo_interface(),
    )


def own_virtual_packages() -> dict[str, tuple[str, str]]:
    """Return the version and build of this machine's virtual packages, by name."""
    manager = context.plugin_manager
    if hasattr(manager, "get_virtual_package_records"):  # since 24.9
        records = manager.get_virtual_package_records()
        return {record.name: (record.version, record.build) for record in records}
    return {
        f"__{package.name}": (package.version or "0", package.build or "0")
        for package in manager.get_virtual_packages()
    }


def protects_frozen() -> bool:
    """Return whether environments that are marked as frozen are not to be changed."""
    return bool(getattr(context, "protect_frozen_envs", True))


def frozen_error(prefix: PathLike[str], message: str) -> CondaError | None:
    """conda's own error for a frozen environment; None where this conda knows of none."""
    try:
        from conda.exceptions import EnvironmentIsFrozenError
    except ImportError:
        return None
    error: CondaError = EnvironmentIsFrozenError(prefix, message)
    return error


def sorted_by_need(records: Iterable[Any]) -> Any:
    """Return records as `diff_for_unlink_link_precs` takes them, what others need before these.

    Older conda takes its solver's kind of set alone, current conda any sequence.
    """
    from conda.core import solve
    from conda.models.prefix_graph import PrefixGraph

    kind = getattr(solve, "IndexedSet", tuple)
    return kind(PrefixGraph(records).graph)


def read_environment_yml(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the packages and the channels of an environment.yml, as conda itself reads it.

    What conda has to say of the file besides is not printed.

    Raises:
        CondaError: It is not as conda wants it.
    """
    with redirect_stdout(StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        manager = context.plugin_manager
        if hasattr(manager, "get_environment_specifier"):  # since 25.7
            specifier = manager.get_environment_specifier(str(path))
            environment = specifier.environment_spec(str(path)).env
            return tuple(map(str, environment.requested_packages)), environment.config.channels
        from conda.env.env import from_file

        older = from_file(str(path))
        return tuple(older.dependencies["conda"]), tuple(older.channels)


def exporter(
    format: str,
) -> Callable[[str, str, Sequence[MatchSpec], Sequence[PackageRecord]], str] | None:
    """Return what describes an environment in a format: its platform, its name, what was asked for
    of it and what it consists of.

    None where no plugin has this format, or conda (before 25.7) has no plugins for such.
    """
    formats = getattr(context.plugin_manager, "get_exporter_format_mapping", None)
    try:
        found = formats and formats().get(format)
    except ImportError:  # the plugin is there, and what it needs is not
        return None
    export: Callable[[Any], str] | None = getattr(found, "export", None)
    if export is None:
        return None
    from conda.models.environment import Environment

    return lambda platform, name, asked_for, records: export(
        Environment(
            platform=platform,
            name=name,
            requested_packages=list(asked_for),
            explicit_packages=list(records),
        )
    )
