"""Environments that conda copies: by `conda create --clone`, and by `conda rename`.

conda takes the `.condarc` along, and nothing of `conda-meta`. So what the environment remembers of
its repository is carried after it.
"""

from __future__ import annotations

from contextlib import suppress
from contextvars import ContextVar
from pathlib import Path

from conda.base.context import context

from ..environment.condarc import CONDARC, read_condarc, used
from ..environment.confinement import place_of
from ..environment.files import replace_all
from ..environment.records import request_alone
from ..environment.state import State, dump, read_state, state_path, under_way
from ..exceptions import StateUnreadableError, TargetError
from .exceptions import StateMissingError

#: The state of the environment that the command copies.
_state: ContextVar[State | None] = ContextVar("_state", default=None)


def remember_state(prefix: Path) -> None:
    """Remember the state of an environment that is about to be copied.

    Without a good one, the copy is left without, and the guard refuses to install into it.
    """
    if not under_way(prefix):
        with suppress(StateUnreadableError):
            _state.set(read_state(prefix))


def carry_state(prefix: Path) -> None:
    """Give the copy that state."""
    state = _state.get()
    _state.set(None)
    if state is None or context.dry_run or not (prefix / "conda-meta").is_dir():
        return
    with suppress(OSError, ValueError):  # the guard says so at the next installation
        replace_all([*request_alone(prefix, (state.channel,)), (state_path(prefix), dump(state))])


def check_not_copied(prefix: Path) -> None:
    """Refuse an environment without a state whose `.condarc` says that it had one.

    Somebody has copied the `.condarc` alone, or without the plugin: conda copies no file of
    `conda-meta`.

    Raises:
        StateMissingError: It has no state.
    """
    path = prefix / CONDARC
    try:
        text = read_condarc(path)
        channel = used(text, path) if "://" in text else None
        place = place_of(channel) if channel else None
    except (TargetError, ValueError):  # conda says so itself
        return
    if place:
        raise StateMissingError(prefix, str(place))
