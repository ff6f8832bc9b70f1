"""The environment's own `.condarc`, which tells conda to install from the repository alone."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from ruamel.yaml import YAML

from ..exceptions import TargetError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import Any

#: The settings that are ours. conda takes the second for the first, and refuses to have both.
KEYS = ("channels", "channel", "default_channels", "offline")


def configured(old: str, channel: str, path: Path) -> str:
    """Return the text of a `.condarc` with our keys set and all the rest of it kept, comments too.

    Args:
        old: The text as it is; empty where there is no file.
        channel: The URL of the repository.
        path: Where the file is, for the error.

    Raises:
        TargetError: The text is no configuration of conda's.
    """
    content = _load(old, path)
    wanted = _wanted(channel)
    if all(content.get(key) == value for key, value in wanted.items()):
        return old
    for key, value in wanted.items():
        if value is None:
            content.pop(key, None)
        else:
            content[key] = value
    return _dump(content, old, path)


def ours(text: str, path: Path) -> str:
    """Return the part of a `.condarc` that `configured` changes, as YAML; empty if there is none.

    Raises:
        TargetError: The text is no configuration of conda's.
    """
    content = _load(text, path)
    part = {key: content[key] for key in KEYS if key in content}
    return _dump(part, "", path) if part else ""


def restored(text: str, channels: Iterable[str], before: str, path: Path) -> str:
    """Take back what `configured` has set.

    What somebody has set otherwise since then stays.

    Args:
        text: The text as it is.
        channels: The URLs of the repositories that it may be set to.
        before: What `ours` gave of the text before.
        path: Where the file is, for the error.

    Raises:
        TargetError: The text is no configuration of conda's.
    """
    content = _load(text, path)
    had = _load(before, path)
    sets = [_wanted(channel) for channel in channels]
    changed = False
    for key in KEYS:
        if any(content.get(key) == wanted[key] for wanted in sets) and content.get(key) != had.get(
            key
        ):
            changed = True
            if key in had:
                content[key] = had[key]
            else:
                del content[key]
    if changed and not content:
        return "".join(line for line in text.splitlines(True) if line.startswith("#"))
    return _dump(content, text, path) if changed else text


def _wanted(channel: str) -> dict[str, Any]:
    """Return what our settings are to be; None for one that is not to be there."""
    return {
        "channels": [channel],
        "channel": None,
        "default_channels": [channel] if _is_read_as_default_only(channel) else [],
        "offline": True,
    }


def _is_read_as_default_only(channel: str) -> bool:
    """Return whether conda finds this channel only where `defaults` stands for it.

    Current conda decodes the last part of a channel's URL, which leads astray where that has other
    escapes than those of spaces; of `defaults` it decodes all, and finds it, but for `%` and `#`.
    For all other channels `defaults` stands for nothing: conda would call the repository so, and
    an exported environment would ask the network for it.
    """
    last = channel.rpartition("/")[2].replace("%20", "")
    return "%" in last and "%25" not in channel and "%23" not in channel


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    return yaml


def _load(text: str, path: Path) -> Any:
    """Return the mapping that a text is; empty for a text without content."""
    try:
        content = _yaml().load(text)
    except (Exception, RecursionError) as error:  # the parser has no base for what it raises
        raise TargetError(
            f"{path} is not valid YAML: {error}", "Correct or remove the file."
        ) from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise TargetError(
            f"{path} is not a conda configuration file.", "Correct or remove the file."
        )
    return content


def _dump(content: Any, old: str, path: Path) -> str:
    stream = StringIO()
    try:
        if content:
            _yaml().dump(content, stream)
        text = stream.getvalue()
        text.encode("utf-8")
    except Exception as error:  # neither has the emitter
        raise TargetError(
            f"{path} cannot be written back: {error}", "Correct or remove the file."
        ) from error
    if old.strip() and type(content) is dict:  # a file of comments only has nothing to hang them on
        return f"{old.rstrip()}\n{text}"
    return text
