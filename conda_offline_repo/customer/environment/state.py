"""What an environment remembers of the repository that it uses, and a change of that under way.

They are the files `offline-repo` and `offline-repo.change` in `conda-meta`. Their names have no
`.json` at the end, because conda takes every such file there for a package.

A change takes several files, records of packages among them. Its own file comes before the first
and goes after the last. While it exists, `use` begins by finishing the change, and nothing else is
installed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from errno import EINVAL, ENAMETOOLONG, ENOENT, ENOTDIR
from pathlib import Path
from typing import Any, TypeVar

from ...files.web import Place, WebFolder
from ...urls import NETWORK, is_folder, public
from ..exceptions import StateUnreadableError
from .files import read_text

Content = TypeVar("Content")

STATE_NAME = "offline-repo"
CHANGE_NAME = "offline-repo.change"
#: How systems say that a path does not exist, or cannot.
ABSENT = (ENOENT, ENOTDIR, EINVAL, ENAMETOOLONG)


@dataclass(frozen=True)
class State:
    """The repository that `use` was last run for.

    Attributes:
        label: Its label.
        release: The number of the newest release that was used here; in JSON it is `build`.
        path: Its folder, or its URL without credentials.
        channel: The same as the channel URL that the environment's packages carry.
        manifest_sha256: The digest of that release's manifest; None in the state of older versions.
        before: Our settings in the environment's `.condarc` before the first `use`, as YAML; None
            in the state of older versions.
        signers: The fingerprints of the keys whose signatures are expected; empty if none is.
        withdrawn: The newest withdrawn release that packages are of still; 0 if none is.
        platform: What `use` has written as the platform; None if it is the machine's.
    """

    label: str
    release: int
    path: str
    channel: str
    manifest_sha256: str | None = None
    before: str | None = None
    signers: tuple[str, ...] = ()
    platform: str | None = None
    withdrawn: int = 0

    @property
    def place(self) -> Place:
        """Where the repository is."""
        return Path(self.path) if is_folder(self.channel) else WebFolder.at(self.path)

    def uses(self, place: Place) -> bool:
        """Return whether a place, existing or not, is the repository's, links resolved."""
        own = self.place
        if isinstance(place, WebFolder) or isinstance(own, WebFolder):
            return place == own
        return os.path.realpath(place) == os.path.realpath(own)


@dataclass(frozen=True)
class Change:
    """A change under way.

    Attributes:
        origins: The channel URLs that records of packages may still carry.
        state: The environment's state at the end.
    """

    origins: tuple[str, ...]
    state: State


def read_state(prefix: Path) -> State | None:
    """Return an environment's state; None if it uses no repository.

    Raises:
        StateUnreadableError: The state cannot be read.
    """
    return _read(state_path(prefix), _state)


def read_change(prefix: Path) -> Change | None:
    """Return the change under way; None if there is none.

    Raises:
        StateUnreadableError: It cannot be read.
    """
    return _read(change_path(prefix), _change)


def dump(content: State | Change) -> str:
    """Return the text of the file."""
    fields = asdict(content, dict_factory=_json_object)
    return f"{json.dumps(fields, indent=2, sort_keys=True)}\n"


def state_path(prefix: Path) -> Path:
    """Return the path of the state."""
    return prefix / "conda-meta" / STATE_NAME


def change_path(prefix: Path) -> Path:
    """Return the path of the change."""
    return prefix / "conda-meta" / CHANGE_NAME


def under_way(prefix: Path) -> bool:
    """Return whether a change was begun and is not finished."""
    return os.path.lexists(change_path(prefix))


def _json_object(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    names = {"release": "build"}
    return {names.get(name, name): value for name, value in fields if value not in (None, (), 0)}


def _read(path: Path, parse: Callable[[Any], Content]) -> Content | None:
    try:
        return parse(json.loads(read_text(path)))
    except OSError as error:
        if error.errno in ABSENT and not os.path.lexists(path):
            return None
        raise StateUnreadableError(path, error.strerror or str(error)) from error
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise StateUnreadableError(path, "it is damaged") from error


def _state(data: Any) -> State:
    state = State(
        label=_text(data["label"]),
        release=data["build"],
        path=_text(data["path"]),
        channel=_text(data["channel"]),
        manifest_sha256=_optional(data, "manifest_sha256"),
        before=_optional(data, "before"),
        signers=_texts(data.get("signers") or []),
        platform=_optional(data, "platform"),
        withdrawn=data.get("withdrawn", 0),
    )
    if {type(state.release), type(state.withdrawn)} != {int}:
        raise TypeError("build")
    local = is_folder(state.channel) and Path(state.path).is_absolute()
    served = state.channel.partition("://")[0] in NETWORK and state.channel == public(state.channel)
    if not local and not (served and state.path == state.channel):
        raise ValueError("path")
    return state


def _change(data: Any) -> Change:
    return Change(_texts(data.get("origins") or []), _state(data["state"]))


def _optional(data: Any, key: str) -> str | None:
    return None if data.get(key) is None else _text(data[key])


def _texts(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise TypeError("list")
    return tuple(map(_text, values))


def _text(value: Any) -> str:
    """Return a text that can be printed, written and used as a path."""
    if not isinstance(value, str) or "\0" in value:
        raise TypeError("text")
    value.encode("utf-8")
    return value
