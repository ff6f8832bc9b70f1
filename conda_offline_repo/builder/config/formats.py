"""What a text of the file has to be, by the names that the schema has for it as `format`."""

from __future__ import annotations

import os
import re
import stat
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import context, locate_prefix_by_name
from conda.exceptions import EnvironmentNameNotFound

from ...exceptions import InvalidRequestError
from ...repository.exceptions import InvalidLabelError
from ...repository.names import check_label, check_platform
from ...specs import parse_spec
from ...urls import is_local
from ..request.channels import sources
from ..request.machine import PLACES, VIRTUAL_PACKAGE_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

#: What opens a channel: a user, conda's sign of a token, a query.
CREDENTIALS = re.compile(r"@|\?|(?:^|/)t/[^/]")


def checks(folder: Path) -> dict[str, Callable[[str], object]]:
    """Return what checks the texts of a file in this folder, by the name of the format.

    Each raises an `OfflineRepoError` or a ValueError for a text that is not right.
    """
    return {
        "label": partial(_check_name, "label"),
        "environment": partial(_check_name, "environment"),
        "channel": partial(_check_channel, folder),
        "platform": _check_platform,
        "virtual-package": _check_virtual_package,
        "match-spec": _check_package,
        "folder": partial(_check_folder, folder),
        "file": partial(_check_file, folder),
        "prefix": partial(prefix_of, folder),
    }


def advice(word: str, right: Collection[str]) -> str:
    """Return a sentence with the nearest right word, or with all of them."""
    meant = nearest(word, right)
    return f"Did you mean {meant!r}?" if meant else f"Known are: {', '.join(right)}."


def nearest(word: str, right: Collection[str]) -> str | None:
    """Return which of the right words was most probably meant; None if it could be any."""
    return next(iter(get_close_matches(word.lower(), sorted(right), n=1)), None)


def reason(error: Exception) -> str:
    """Return what was wrong, without what is to be done about it on the command line."""
    return " ".join(str(getattr(error, "message", error)).split())


def is_path(environment: str) -> bool:
    """Return whether an environment of conda's is given as its path, not by its name."""
    return environment.startswith((".", "~")) or any(
        separator in environment for separator in (os.sep, os.altsep or os.sep)
    )


def path_of(folder: Path, text: str) -> Path:
    """Return a path that a file in a folder names: relative to the folder, or below `~`."""
    return folder / os.path.expanduser(text)


def prefix_of(folder: Path, text: str) -> Path:
    """Return the environment of conda's that the file names, or gives as its path.

    Raises:
        ValueError: There is none.
    """
    if is_path(text):
        path = path_of(folder, text)
        if not os.path.isdir(path / "conda-meta"):
            raise ValueError(f"{text!r} is not the folder of an environment of conda's.")
        return path
    try:
        return Path(locate_prefix_by_name(text))
    except EnvironmentNameNotFound:
        raise ValueError(f"conda knows no environment {text!r}.") from None


def channel_of(folder: Path, text: str) -> str:
    """Return a channel that a file in a folder names: a relative path begins at the folder."""
    return text if text.startswith("file:") or not is_local(text) else str(path_of(folder, text))


def _check_folder(folder: Path, text: str) -> None:
    path = path_of(folder, text)
    if os.path.exists(path) and not os.path.isdir(path):
        raise ValueError(f"{text!r} is a file, not a folder.")


def _check_file(folder: Path, text: str) -> None:
    try:
        mode = path_of(folder, text).stat().st_mode
    except FileNotFoundError:
        relative = "" if os.path.isabs(text) else " Relative paths begin at the folder of this one."
        raise ValueError(f"There is no file {text!r}.{relative}") from None
    except OSError as error:
        raise ValueError(f"{text!r} cannot be read: {error.strerror}.") from None
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
        raise ValueError(f"{text!r} is {kind}, not a file.")


def _check_channel(folder: Path, text: str) -> None:
    sources((channel_of(folder, text),), None, label="", label_channel=False, token=None)


def _check_name(kind: str, name: str) -> None:
    try:
        check_label(name)
    except InvalidLabelError as error:
        raise ValueError(reason(error).replace("label", kind, 1)) from error


def _check_platform(text: str) -> None:
    try:
        check_platform(text)
    except InvalidRequestError as error:
        known = sorted(set(context.known_subdirs) - {"noarch"})
        raise ValueError(f"{reason(error)} {advice(text, known)}") from error


def _check_virtual_package(name: str) -> None:
    if not VIRTUAL_PACKAGE_NAME.fullmatch(name):
        hint = advice(name, (*PLACES, "__archspec"))
        raise ValueError(f"{name!r} is not a virtual package. {hint}")


def _check_package(text: str) -> None:
    channel, named, _ = text.partition("::")
    if named and CREDENTIALS.search(channel):
        raise ValueError("A package stands here with a password or a token of its channel.")
    parse_spec(text)
