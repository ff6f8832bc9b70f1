"""What an environment remembers of the repository that it uses: `conda-meta/offline-repo`.

The name has no `.json` at its end, because conda takes every such file there for a package.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

STATE_NAME = "offline-repo"


@dataclass(frozen=True)
class State:
    """The repository that `use` was last run for.

    Attributes:
        label: Its label.
        build: Its build number.
        path: Its folder.
        channel: Its folder as the channel URL that the environment's packages carry.
    """

    label: str
    build: int
    path: str
    channel: str


def read_state(prefix: Path) -> State | None:
    """What the environment remembers; None if nothing, or nothing that can be read."""
    try:
        data = json.loads((prefix / "conda-meta" / STATE_NAME).read_text("utf-8"))
        return State(
            label=str(data["label"]),
            build=int(data["build"]),
            path=str(data["path"]),
            channel=str(data["channel"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def dump_state(state: State) -> str:
    """The text of the file."""
    return f"{json.dumps(asdict(state), indent=2, sort_keys=True)}\n"


def state_path(prefix: Path) -> Path:
    """Where the file is."""
    return prefix / "conda-meta" / STATE_NAME
