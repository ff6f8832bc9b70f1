"""The environment's own `.condarc`, which tells conda to install from the repository alone."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from .exceptions import TargetError

if TYPE_CHECKING:
    from pathlib import Path


def configured(old: str, channel: str, path: Path) -> str:
    """Return the text of a `.condarc` with our keys set and all the rest of it kept, comments too.

    Args:
        old: The text as it is; empty where there is no file.
        channel: The URL of the repository.
        path: Where the file is, for the error.

    Raises:
        TargetError: The text is no configuration of conda's.
    """
    yaml = YAML()
    yaml.preserve_quotes = True
    try:
        content = yaml.load(old)
    except YAMLError as error:
        raise TargetError(f"{path} is not valid YAML: {error}") from error
    was_empty = content is None
    if was_empty:
        content = {}
    if not isinstance(content, dict):
        raise TargetError(f"{path} is not a conda configuration file.")
    wanted = {
        "channels": [channel],
        "default_channels": [channel] if _may_be_default(channel) else None,
        "offline": True,
    }
    if all(content.get(key) == value for key, value in wanted.items()):
        return old
    for key, value in wanted.items():
        if value is None:
            content.pop(key, None)
        else:
            content[key] = value
    text = StringIO()
    yaml.dump(content, text)
    if was_empty and old.strip():  # a file of comments only has nothing for them to hang on
        return f"{old.rstrip()}\n{text.getvalue()}"
    return text.getvalue()


def _may_be_default(channel: str) -> bool:
    """Whether conda can have this channel for `defaults`.

    Current conda decodes the escapes in the URL of such a channel, so that `%` and `#` lead astray
    and packages are recorded under another URL; but without it, it decodes the last part alone,
    which leads astray if that has any.
    """
    escaped = "%25" in channel or "%23" in channel
    return not escaped and ("%" not in channel or "%" in channel.rpartition("/")[2])
