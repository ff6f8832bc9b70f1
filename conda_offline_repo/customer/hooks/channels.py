"""The channels of conda's commands in an environment that uses an offline repository.

conda adds the channels of all its files, those of its installation and of the user too, to the list
of an environment, which cannot exclude them.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from conda.base.context import context

from ..._conda import commands
from ...urls import is_folder
from ..environment.state import read_state
from ..exceptions import StateUnreadableError

#: Undoes what `leave_out_others` has done.
_others = ExitStack()


def leave_out_others(*, solving: bool = True) -> None:
    """Leave out the channels that files other than the environment's own and variables name.

    The repository and those that the command line names stay. So does everything where conda does
    not see the repository, because somebody decided otherwise with `#!final`, and where it is not
    confined to it; see `in_force`. Before a solve, `guard` asks a server for its index.

    Raises:
        OtherChannelsError: The repository is on a server, and the command names other channels,
            which conda would refuse without saying what to do.
    """
    restore()
    prefix = commands.original() or commands.target()
    try:
        state = read_state(prefix)
    except StateUnreadableError:
        return  # refused before the solve
    if state is None:
        return
    # of no use in other environments
    from ..._conda import configuration, overrides
    from ..environment.confinement import in_force, reading

    more: dict[str, Any] = {}
    if state.channel not in context._channels or not in_force(state.channel):
        more = _unread(prefix, state.channel) if solving else {}
        if not more:
            return
    elif solving:
        more = reading(state.channel)
    named = {
        channel
        for channel, source in configuration.channel_sources()
        if source == "cmd_line" or prefix in Path(source).parents
    } | {state.channel}
    # no solver needs it to take packages away, and it may be out of reach
    if commands.running() == "remove" and not Path(state.path).is_dir():
        named.remove(state.channel)
    configured = dict.fromkeys((*context._channels, state.channel))
    channels = tuple(channel for channel in configured if channel in named)
    if more:
        from .history_check import check_channels

        with overrides.settings(**{**more, "_channels": channels, "allowlist_channels": ()}):
            check_channels(prefix, state, ())
    _others.enter_context(overrides.settings(_channels=channels, **more))


def _unread(prefix: Path, channel: str) -> dict[str, Any]:
    """Return conda's settings for an environment that its own `.condarc` confines to a server, if
    conda has not read that file; nothing if it has, or the environment is not confined.

    It does not where a file names the environment, nor for its name where `envs_dirs` is set, nor
    for one that is copied.
    """
    from ..._conda import configuration
    from ..environment.condarc import CONDARC, read_condarc
    from ..environment.confinement import reading

    path = prefix / CONDARC
    if is_folder(channel) or path in map(Path, context.collect_all()):
        return {}
    own = configuration.merged(prefix, read_condarc(path))
    if channel not in own._channels or channel not in own.allowlist_channels:
        return {}
    allowed = {"allowlist_channels": own.allowlist_channels, "number_channel_notices": 0}
    return {**reading(channel), **allowed}


def restore() -> None:
    """Let conda see all channels again, and read anew what is on servers."""
    _others.close()
    if module := sys.modules.get(f"{__package__}.history_check"):
        module.on_servers.clear()
