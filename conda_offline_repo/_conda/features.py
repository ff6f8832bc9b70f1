"""What one version of conda has and another has not, or has elsewhere."""

from __future__ import annotations

import warnings
from contextlib import redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING

from conda.base.context import context

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from os import PathLike
    from pathlib import Path
    from typing import Any, Literal

    from conda import CondaError
    from conda.models.match_spec import MatchSpec
    from conda.models.records import PackageRecord


def confirm(question: str, default: Literal["yes", "no"] = "yes") -> None:
    """Ask for a yes, as conda does; honours `--yes` and `--dry-run`.

    `default` is what an empty line, or the end of the input, means.

    Raises:
        CondaSystemExit: The answer was no.
        DryRunExit: The run is a dry one.
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
