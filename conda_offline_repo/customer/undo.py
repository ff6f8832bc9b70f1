"""Take back what `use` has configured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..files.atomic import remove
from .environment.change import change_path, read_change, under_way
from .environment.condarc import restored
from .environment.files import remove_staged, replace_all
from .environment.state import read_state, state_path
from .exceptions import NotUsedError
from .target import CONDARC, cannot_be_written, read_condarc

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Undoing:
    """What is to be taken back.

    Attributes:
        prefix: The environment.
        path: The folder of the repository that it has used.
        old: The content of its `.condarc`.
        new: What that is to be; no file if empty.
    """

    prefix: Path
    path: str
    old: str
    new: str


def plan_undo(prefix: Path) -> Undoing:
    """Find out what has to be taken back in an environment, without doing it.

    Raises:
        NotUsedError: It uses no repository.
        TargetError: Its `.condarc` cannot be used.
    """
    state = read_state(prefix)
    change = read_change(prefix)
    states = [known for known in (state, change.state if change else None) if known]
    if not states:
        raise NotUsedError(prefix)
    path = prefix / CONDARC
    old = read_condarc(path)
    channels = {known.channel for known in states} | set(change.origins if change else ())
    new = restored(old, sorted(channels), states[0].before or "", path)
    return Undoing(prefix, states[0].path, old, new)


def undo(undoing: Undoing) -> None:
    """Do it: the settings first, so that the next one finishes what was interrupted.

    Raises:
        TargetError: It cannot be written.
    """
    path = undoing.prefix / CONDARC
    try:
        remove_staged(undoing.prefix)
        remove_staged(state_path(undoing.prefix).parent)
        if undoing.new != undoing.old:
            if undoing.new:
                replace_all([(path, undoing.new)])
            else:
                remove(path)
        if under_way(undoing.prefix):
            remove(change_path(undoing.prefix))
        remove(state_path(undoing.prefix))
    except OSError as error:
        raise cannot_be_written(undoing.prefix, error) from error
