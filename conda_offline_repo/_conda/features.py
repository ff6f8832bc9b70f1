"""What only some versions of conda have, or have elsewhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from conda import CondaError, __version__
from conda.base.context import Context, context
from conda.models.version import VersionOrder

if TYPE_CHECKING:
    from os import PathLike

    from conda.models.match_spec import MatchSpec
    from conda.models.records import PackageRecord

#: Downloads at once where the user sets no number; as many as rattler and pixi make.
DOWNLOADS = 50


def confirm(question: str, default: Literal["yes", "no"] = "yes") -> None:
    """Ask for confirmation as conda does, with respect to `--yes` and `--dry-run`.

    `default` is the answer of an empty line, or of the end of the input.

    Raises:
        CondaSystemExit: The answer is no.
        DryRunExit: This is a dry run.
    """
    try:
        from conda.reporters import confirm_yn
    except ImportError:  # before 24.11
        from conda.cli.common import confirm_yn
    confirm_yn(question, default=default)


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


def native_platform() -> str:
    """Return the platform of the running conda, whatever `subdir` is configured."""
    return str(context._native_subdir())


def reads_version_3() -> bool:
    """Return whether this conda, with its solver, installs from version 3 of the index format."""
    return context.solver == "rattler" and VersionOrder(__version__) >= VersionOrder("26.7")


def downloads_at_once() -> int:
    """Return how many downloads may run at once: the user's `fetch_threads` or `default_threads`,
    and many where neither is set; conda's own default, 5, is for a network without delay.
    """
    if context._fetch_threads or context.default_threads:
        return max(1, context.fetch_threads)
    return DOWNLOADS


def registers() -> bool:
    """Return whether conda is to note environments in the list in the user's home. It fails over
    one that it may not look for, as in the home of another user.
    """
    from conda.core.envs_manager import get_user_environments_txt_file

    try:
        os.stat(get_user_environments_txt_file())
    except OSError as error:
        if not isinstance(error, FileNotFoundError):
            return False
    return bool(context.register_envs)


def protects_frozen() -> bool:
    """Return whether frozen environments must not be changed."""
    return bool(getattr(context, "protect_frozen_envs", True))


def frozen_error(prefix: PathLike[str], message: str) -> CondaError | None:
    """Return conda's own error for a frozen environment; None if it has none."""
    from conda import exceptions

    frozen = getattr(exceptions, "EnvironmentIsFrozenError", None)
    return frozen(prefix, message) if frozen else None


def channel_lists(configuration: Context = context) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the channels in the settings `denylist_channels` and `allowlist_channels` of conda.

    Older conda does not know the first, but its configuration may have it all the same.
    """
    denied = getattr(configuration, "denylist_channels", None)
    if denied is None:
        from conda.common.configuration import (
            ParameterLoader,
            PrimitiveParameter,
            SequenceParameter,
        )

        texts = SequenceParameter(PrimitiveParameter("", element_type=str))
        loader = ParameterLoader(texts, expandvars=True)
        loader._set_name("denylist_channels")
        denied = loader.__get__(configuration, type(configuration))
    return tuple(denied), tuple(configuration.allowlist_channels)


def exporter(
    format: str,
) -> Callable[[str, str, Sequence[MatchSpec], Sequence[PackageRecord]], str] | None:
    """Return a function that exports an environment: its platform, name, requests and packages.

    None if no plugin has this format, and before conda 25.7, which has no such plugins.
    """
    formats = getattr(context.plugin_manager, "get_exporter_format_mapping", None)
    try:
        export: Callable[[Any], str] | None = getattr(
            formats and formats().get(format), "export", None
        )
    except ImportError:  # a dependency of the plugin is missing
        return None
    if export is None:
        return None
    from conda.models.environment import Environment

    return lambda platform, name, specs, records: export(
        Environment(
            platform=platform,
            name=name,
            requested_packages=list(specs),
            explicit_packages=list(records),
        )
    )
