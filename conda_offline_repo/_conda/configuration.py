"""conda's configuration: as an environment will see it, and which file says what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from conda.base.constants import SEARCH_PATH
from conda.base.context import Context, context
from conda.common.configuration import ParameterFlag

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

#: How conda's search path begins for the files of an environment.
PREFIX = "$CONDA_PREFIX/"
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


@dataclass(frozen=True)
class Seen:
    """What conda's commands take of its configuration in an environment."""

    channels: tuple[str, ...]
    offline: bool
    allowed: tuple[str, ...]
    denied: tuple[str, ...]
    disallowed: tuple[str, ...]
    pinned: tuple[str, ...]


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


def seen_in(prefix: Path, condarc: str) -> Seen:
    """Return what conda will take of its configuration in an environment.

    Args:
        prefix: The environment, made or not.
        condarc: The text of its `.condarc`.
    """
    with TemporaryDirectory() as folder:
        Path(folder, ".condarc").write_text(condarc, "utf-8")
        own = {f"{PREFIX}.condarc": Path(folder, ".condarc")}
        merged = Context(
            [
                own.get(path) or (prefix / path.removeprefix(PREFIX) if PREFIX in path else path)
                for path in SEARCH_PATH
            ]
        )
        return Seen(
            channels=merged._channels,
            offline=merged.offline,
            allowed=merged.allowlist_channels,
            denied=getattr(merged, "denylist_channels", ()),  # since 24.9
            disallowed=merged.disallowed_packages,
            pinned=merged.pinned_packages,
        )
