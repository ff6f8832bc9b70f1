"""The story of `use --undo`: what `use` has configured is taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..exceptions import InvalidRequestError
from ..files.atomic import remove
from .environment.condarc import CONDARC, read_condarc, restored, used
from .environment.confinement import place_of
from .environment.files import cannot_be_written, remove_staged, replace_all
from .environment.lock import check_not_frozen, exclusive
from .environment.state import change_path, read_change, read_state, state_path
from .exceptions import NotUsedError

if TYPE_CHECKING:
    from ..files.web import Place


@dataclass(frozen=True)
class Undone:
    """What was taken back, or is to be.

    Attributes:
        prefix: The environment.
        path: The repository that it used.
        old: The content of its `.condarc` before.
        new: The content from now on; empty for no file.
    """

    prefix: Path
    path: Place
    old: str
    new: str


def undo(
    prefix: Path,
    waiting: Callable[[str], None],
    *,
    repository: Place | None = None,
    dry_run: bool = False,
) -> Undone:
    """Restore the settings in an environment's `.condarc`, and forget the repository.

    Args:
        prefix: The environment.
        waiting: Called once with who works on the environment, if somebody does.
        repository: The repository, or the folder above it, if the user names it.
        dry_run: Change nothing.

    Raises:
        NotUsedError: The environment uses no repository.
        InvalidRequestError: It uses another repository than the named one.
        StateUnreadableError: Its state cannot be read.
        TargetError: Its `.condarc` cannot be used, or it cannot be written.
        CondaError: It is frozen.
    """
    undone = _plan(prefix)
    if repository not in (None, undone.path, undone.path.parent):
        raise InvalidRequestError(
            f"{prefix} uses {undone.path}, not {repository}.", "With --undo leave out PATH."
        )
    check_not_frozen(prefix)
    if not dry_run:
        with exclusive(prefix, waiting):
            undone = _plan(prefix)
            _carry_out(undone)
    return undone


def _plan(prefix: Path) -> Undone:
    change = read_change(prefix)
    state = read_state(prefix) or (change.state if change else None)
    path = prefix / CONDARC
    old = read_condarc(path)
    channel = state.channel if state else used(old, path)  # of a copy without a state
    if channel is None:
        raise NotUsedError(prefix)
    channels = {channel, *((*change.origins, change.state.channel) if change else ())}
    before, platform = (state.before or "", state.platform) if state else ("", None)
    new = restored(old, sorted(channels), before, path, platform)
    return Undone(prefix, state.place if state else place_of(channel), old, new)


def _carry_out(undone: Undone) -> None:
    prefix = undone.prefix
    try:
        for folder in (prefix, prefix / "conda-meta"):
            remove_staged(folder)
        # the settings first, so that the next run finishes what was interrupted
        if undone.new and undone.new != undone.old:
            replace_all([(prefix / CONDARC, undone.new)])
        elif undone.old and not undone.new:
            remove(prefix / CONDARC)
        remove(change_path(prefix))
        remove(state_path(prefix))
    except OSError as error:
        raise cannot_be_written(prefix, error) from error
