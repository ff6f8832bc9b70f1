"""The environment's own `.condarc`, which tells conda to install from the repository alone."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from ruamel.yaml import YAML

from ..exceptions import TargetError
from .files import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import Any

CONDARC = ".condarc"
#: The settings that are ours. conda takes the second for the first, and refuses to have both.
KEYS = ("channels", "channel", "default_channels", "offline")
#: Where an entry is ours that has its own name as its only channel; see `_names`.
NAMES = "custom_multichannels"


def read_condarc(path: Path) -> str:
    """Return the text of a `.condarc`; empty if there is none.

    Raises:
        TargetError: It cannot be read.
    """
    try:
        return read_text(path)
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise TargetError(
            f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.",
            "Correct or remove it, then repeat this command.",
        ) from error


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
    wanted = {**_wanted(channel), NAMES: _names(content, channel)}
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
    others = _names(content, None)
    if NAMES in content and content[NAMES] != others:
        changed = True
        content[NAMES] = others
        if not others:
            del content[NAMES]
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
    """Return what our settings are to be; None for one that is not to be there.

    `defaults` leads nowhere: neither to the network nor, by another name, to the repository.
    """
    return {"channels": [channel], "channel": None, "default_channels": [], "offline": True}


def _names(content: Any, channel: str | None) -> Any:
    """Return what `custom_multichannels` is to be, None if it is not to be there.

    conda takes the last part of a URL for the name of a channel, and goes by that name: packages
    that its caches have from another folder of this name would count as the repository's. As one
    of several channels, it goes by its whole path, and is called as these are: by the URL, here.

    Args:
        content: The settings as they are.
        channel: The URL of the repository; None for that of none.
    """
    there = content.get(NAMES)
    if there is not None and not isinstance(there, dict):
        return there
    others = {name: of for name, of in (there or {}).items() if of != [name]}
    if channel and _may_be_one_of_several(channel):
        others[channel] = [channel]
    return others or None


def _may_be_one_of_several(channel: str) -> bool:
    """Return whether conda finds this channel as one of several.

    Current conda decodes the escapes in the URL of such a channel, so that `%` and `#` lead astray,
    and packages are recorded under another URL and installed anew. Without it, it decodes the last
    part alone, which leads astray if that has other escapes than those of spaces.
    """
    escaped = "%25" in channel or "%23" in channel
    last = channel.rpartition("/")[2].replace("%20", "")
    return not escaped and ("%" not in channel or "%" in last)


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
