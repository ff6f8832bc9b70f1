"""conda's configuration: as an environment will see it, and which file says what."""

from __future__ import annotations

import math
from argparse import Namespace
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from inspect import getattr_static
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from conda.base.constants import SEARCH_PATH
from conda.base.context import Context, context, reset_context
from conda.common.configuration import ParameterFlag

#: How conda's search path begins for the files of an environment.
PREFIX = "$CONDA_PREFIX/"
#: What conda makes of the settings `exclude_newer`, since 26.9.
COOLDOWN = "exclude_newer_policy"
#: The names of the setting.
CHANNELS = ("channels", "channel")


@dataclass(frozen=True)
class Setting:
    """A setting in one place.

    Attributes:
        source: The file; `envvars` or `cmd_line`.
        name: As it is written there.
        value: Of conda's type for it.
        final: Whether it is `#!final`: what conda reads later does not count.
    """

    source: str
    name: str
    value: Any
    final: bool


class Cooldown:
    """What a configuration of conda holds back as too new: `exclude_newer`, conda 26.9.

    Attributes:
        policy: conda's own.
    """

    def __init__(self, configuration: Context) -> None:
        self.policy: Any = getattr(configuration, COOLDOWN)
        self._later = type(self.policy).from_values(
            configuration.exclude_newer,
            configuration.exclude_newer_package,
            channel_settings=configuration.channel_settings,
            now=self.policy.now + 1,
        )

    @property
    def of_channels(self) -> bool:
        """Whether a setting of single channels says something of it."""
        return bool(self.policy.has_channel_overrides)

    @property
    def unsupported(self) -> bool:
        """Whether the solver of this command knows nothing of it, so that conda solves nothing."""
        backend = context.plugin_manager.get_cached_solver_backend(context.solver)
        kinds = {
            "global": self.policy.has_global_cutoff,
            "channel": self.policy.has_channel_overrides,
            "package": self.policy.has_package_overrides,
        }
        return any(
            stated and not getattr(backend, f"supports_exclude_newer_{kind}", False)
            for kind, stated in kinds.items()
        )

    def holds_back(self, record: Any) -> bool:
        """Return whether a package is too new: an entry with `channel` and `url`, or a record."""
        return not self.policy.should_include(record)

    def age(self, record: Any) -> timedelta | None:
        """Return how old a package has to be to be installed; None if its age does not matter, but
        its date.
        """
        cutoff, later = (p._cutoff_for_record(record) for p in (self.policy, self._later))
        return None if cutoff == later else timedelta(seconds=self.policy.now - cutoff)

    def free_from(self, record: Any) -> str | None:
        """Return from when on a package is old enough, ISO 8601 in UTC; None if never."""
        from conda.core.exclude_newer import _get_timestamp

        if (age := self.age(record)) is None:
            return None
        seconds = math.ceil(_get_timestamp(record) + age.total_seconds())
        return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%dT%H:%M:%SZ}"


def cooldown(configuration: Context = context) -> Cooldown | None:
    """Return what a configuration holds back as too new; None if it holds back nothing."""
    active = exists(COOLDOWN) and getattr(configuration, COOLDOWN).active
    return Cooldown(configuration) if active else None


def cooldown_of(configuration: Context) -> dict[str, Any]:
    """Return the attribute of conda's context that holds back what is too new, for
    `overrides.settings`; nothing for a conda that has none.
    """
    return {COOLDOWN: getattr(configuration, COOLDOWN)} if exists(COOLDOWN) else {}


def exists(name: str) -> bool:
    """Return whether this conda has a setting."""
    return getattr_static(type(context), name, None) is not None


def command_line() -> dict[str, Any]:
    """Return what conda has taken from its command line, as far as another process can have it."""
    plain = (str, int, float, bool, list, tuple, type(None))
    return {name: v for name, v in context._argparse_args.items() if isinstance(v, plain)}


def take_command_line(arguments: Mapping[str, Any]) -> None:
    """Let this process's conda take the command line of another; see `command_line`."""
    reset_context(argparse_args=Namespace(**arguments))


def settings() -> Iterator[Setting]:
    """Yield every setting of this command, in the order in which conda reads them."""
    for source, values in context.collect_all().items():
        for name, value in values.items():
            raw = context.raw_data[source].get(name)
            final = raw is not None and raw.keyflag() is ParameterFlag.final
            yield Setting(str(source), str(name), value, final)


def channel_sources() -> Iterator[tuple[str, str]]:
    """Yield every channel that is configured, as it is written, with the source of the setting."""
    for setting in settings():
        if setting.name in CHANNELS:
            values = (setting.value,) if isinstance(setting.value, str) else setting.value or ()
            yield from ((str(value), setting.source) for value in values)


def merged(prefix: Path, condarc: str) -> Context:
    """Return conda's configuration as it will be in an environment.

    Args:
        prefix: The environment, made or not.
        condarc: The text of its `.condarc`.
    """
    with TemporaryDirectory() as folder:
        Path(folder, ".condarc").write_text(condarc, "utf-8")
        own = {f"{PREFIX}.condarc": Path(folder, ".condarc")}
        return Context(
            [
                own.get(path) or (prefix / path.removeprefix(PREFIX) if PREFIX in path else path)
                for path in SEARCH_PATH
            ]
        )
