"""What an environment remembers of the repository that it uses: `conda-meta/offline-repo`.

The name has no `.json` at its end, because conda takes every such file there for a package.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...urls import SCHEME
from .files import read_text

if TYPE_CHECKING:
    from typing import Any

STATE_NAME = "offline-repo"


@dataclass(frozen=True)
class State:
    """The repository that `use` was last run for.

    Attributes:
        label: Its label.
        build: The build number of its newest release that was used here.
        path: Its folder.
        channel: Its folder as the channel URL that the environment's packages carry.
        manifest_sha256: The digest of that release's manifest; None in the state of older versions.
        before: What the environment's `.condarc` had of our settings before the first `use`, as
            YAML; None in the state of older versions.
        signers: The fingerprints of the keys whose signatures are expected; none if no signature
            is.
    """

    label: str
    build: int
    path: str
    channel: str
    manifest_sha256: str | None = None
    before: str | None = None
    signers: tuple[str, ...] = ()

    def uses(self, folder: Path) -> bool:
        """Return whether a folder is the repository's, links resolved, be it there or not."""
        return os.path.realpath(folder) == os.path.realpath(self.path)


def read_state(prefix: Path) -> State | None:
    """Return what the environment remembers; None if nothing, or nothing that can be read."""
    try:
        return parse_state(json.loads(read_text(state_path(prefix))))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def parse_state(data: Any) -> State:
    """Return the state of its JSON object.

    Raises:
        KeyError, TypeError, ValueError: It is none.
    """
    state = State(
        label=_text(data["label"]),
        build=data["build"],
        path=_text(data["path"]),
        channel=_text(data["channel"]),
        manifest_sha256=_text(data["manifest_sha256"]) if data.get("manifest_sha256") else None,
        before=_text(data["before"]) if data.get("before") is not None else None,
        signers=tuple(map(_text, data.get("signers") or ())),
    )
    if type(state.build) is not int:
        raise TypeError("build")
    if not Path(state.path).is_absolute() or not state.channel.startswith(SCHEME):
        raise ValueError("path")
    return state


def dump_state(state: State) -> str:
    """Return the text of the file."""
    content = {key: value for key, value in asdict(state).items() if value not in (None, ())}
    return f"{json.dumps(content, indent=2, sort_keys=True)}\n"


def state_path(prefix: Path) -> Path:
    """Return where the file is."""
    return prefix / "conda-meta" / STATE_NAME


def _text(value: Any) -> str:
    """Return a text that can be printed, written and used as a path."""
    if not isinstance(value, str) or "\0" in value:
        raise TypeError("text")
    value.encode("utf-8")
    return value
