"""What the file names on this machine: files, folders and environments."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import locate_prefix_by_name
from conda.exceptions import EnvironmentNameNotFound

if TYPE_CHECKING:
    from .reader import Reader
    from .value import Value


def path(reader: Reader, text: str) -> Path:
    """Return a path of the file: relative ones begin at the file's folder, `~` is expanded."""
    return reader.folder / os.path.expanduser(text)


def folder(reader: Reader, value: Value) -> Path | None:
    """Return a folder, which may not be there yet; None if it cannot be one."""
    text = reader.text(value)
    if text is None:
        return None
    found = path(reader, text)
    if os.path.exists(found) and not os.path.isdir(found):
        reader.say(value.node, f"{text!r} is a file, not a folder.")
    return found


def file(reader: Reader, value: Value) -> Path | None:
    """Return a file that is there; None if it is not."""
    text = reader.text(value)
    if text is None:
        return None
    found = path(reader, text)
    try:
        mode = found.stat().st_mode
    except FileNotFoundError:
        relative = "" if os.path.isabs(text) else " Relative paths begin at the folder of this one."
        reader.say(value.node, f"There is no file {text!r}.{relative}")
    except OSError as error:
        reader.say(value.node, f"{text!r} cannot be read: {error.strerror}.")
    else:
        if stat.S_ISREG(mode):
            return found
        kind = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
        reader.say(value.node, f"{text!r} is {kind}, not a file.")
    return None


def prefix(reader: Reader, value: Value) -> Path | None:
    """Return an environment of conda's, named or given as its path; None if there is none."""
    text = reader.text(value)
    if text is None:
        return None
    if is_path(text):
        found = path(reader, text)
        if not os.path.isdir(found / "conda-meta"):
            reader.say(value.node, f"{text!r} is not the folder of an environment of conda's.")
            return None
        return found
    try:
        return Path(locate_prefix_by_name(text))
    except EnvironmentNameNotFound:
        reader.say(value.node, f"conda knows no environment {text!r}.")
        return None


def is_path(text: str) -> bool:
    """Return whether an environment is given as its path, not by its name."""
    return text.startswith((".", "~")) or any(one in text for one in (os.sep, os.altsep or os.sep))
