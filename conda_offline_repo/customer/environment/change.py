"""A change of an environment's configuration under way: `conda-meta/offline-repo.change`.

It takes several files, and records of packages among them. This file is there from before the first
is changed until after the last one. As long as it is there, `use` begins by finishing the change,
and nothing else is installed.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from .files import read_text
from .state import parse_state

if TYPE_CHECKING:
    from pathlib import Path

    from .state import State

CHANGE_NAME = "offline-repo.change"


@dataclass(frozen=True)
class Change:
    """What is under way.

    Attributes:
        origins: The channel URLs that records of packages may still carry.
        state: What the environment is to remember at the end.
    """

    origins: tuple[str, ...]
    state: State


def change_path(prefix: Path) -> Path:
    """Return where the file is."""
    return prefix / "conda-meta" / CHANGE_NAME


def under_way(prefix: Path) -> bool:
    """Return whether a change was begun and not finished."""
    return change_path(prefix).is_symlink() or change_path(prefix).exists()


def read_change(prefix: Path) -> Change | None:
    """Return the change under way; None if there is none, or none that can be read."""
    try:
        data = json.loads(read_text(change_path(prefix)))
        origins = tuple(str(origin) for origin in list(data["origins"]))
        return Change(origins, parse_state(data["state"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def dump_change(change: Change) -> str:
    """Return the text of the file."""
    return f"{json.dumps(asdict(change), indent=2, sort_keys=True)}\n"
