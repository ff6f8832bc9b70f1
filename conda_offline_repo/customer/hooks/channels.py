"""The channels of conda's commands in an environment that uses an offline repository.

conda adds the channels of all its files, those of its installation and of the user too, to the list
of an environment, which cannot exclude them.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from conda.base.context import context

from ..._conda import commands
from ..environment.state import read_state
from ..exceptions import StateUnreadableError

#: Undoes what `leave_out_others` has done.
_others = ExitStack()


def leave_out_others() -> None:
    """Leave out the channels that files other than the environment's own and variables name.

    The repository and those that the command line names stay. So does everything where conda does
    not see the repository, because somebody decided otherwise with `#!final`, and where it is not
    offline.
    """
    restore()
    prefix = commands.target()
    try:
        state = read_state(prefix)
    except StateUnreadableError:
        return  # refused before the solve
    if state is None or not context.offline or state.channel not in context._channels:
        return
    from ..._conda import configuration, overrides  # of no use in other environments

    named = {
        channel
        for channel, source in configuration.channel_sources()
        if source == "cmd_line" or prefix in Path(source).parents
    } | {state.channel}
    if commands.running() == "remove" and not Path(state.path).is_dir():
        named.remove(state.channel)  # no solver needs it to take packages away
    channels = tuple(channel for channel in context._channels if channel in named)
    _others.enter_context(overrides.settings(_channels=channels))


def restore() -> None:
    """Let conda see all channels again."""
    _others.close()
