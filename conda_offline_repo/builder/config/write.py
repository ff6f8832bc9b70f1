"""The story of putting a label down in `offline-repo.yml`, which may be there already."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ...files import atomic
from ...files.permissions import open_up
from . import nodes, saying, wording
from .exceptions import ConfigFileError, ConfigWriteError
from .read import parse
from .settings import Settings

if TYPE_CHECKING:
    from ...repository.manifest import Remembered
    from ..options import EnvironmentSpec, Options
    from .read import Content, Defaults, Label


def write(
    path: Path,
    options: Options,
    request: Remembered,
    defaults: Defaults,
    *,
    variable: str | None = None,
) -> None:
    """Put a label down in a file, whole or not at all; what else stands in it stays as it is.

    What is the default, or said of all labels in the file, is left out. The root, channels and
    platforms are always said: their defaults differ from machine to machine.

    Args:
        path: The file; it may not be there yet.
        options: Of the build: label, root, keys, installers, environments and the like.
        request: What the build remembers.
        defaults: What holds where the file says nothing.
        variable: The environment variable that has the publisher's token, if there is one.

    Raises:
        ConfigFileError: The file has mistakes.
        ConfigWriteError: The label stands there already, the file is another root's or a link, or
            it cannot be written, or not so that it is read as it was meant.
    """
    label, folder = options.label, path.absolute().parent
    if os.path.islink(path):
        raise ConfigWriteError(path, label, "it is a link", "Give the file that it leads to.")
    old = nodes.read_text(path) if os.path.exists(path) else ""
    content = parse(old, path, defaults, None) if old else None
    if content:
        _check_place(path, options, content, defaults, variable)
    common = content.settings if content else Settings()
    said = saying.settings(options, request, common, defaults, variable)
    ways = saying.asked(options, request)
    _check_exact(path, label, ways, request)
    entry = {label: saying.entry(said, ways, folder)}
    if content:
        text = wording.with_label(old, content.node, entry)
    else:
        root = saying.path(options.root.absolute(), folder)
        text = "".join(f"{line}\n" for line in wording.lines({"root": root, "labels": entry}))
    before = [_meaning(one) for one in content.labels] if content else []
    wanted = (label, said.over(common), ways)
    try:
        now = [_meaning(one) for one in parse(text, path, defaults, None).labels]
    except ConfigFileError as error:
        reason = str(error.mistakes[0]["message"]).removesuffix(".")
        raise ConfigWriteError(path, label, reason) from error
    if wanted not in now or [one for one in now if one != wanted] != before:
        by_hand = "\n".join(wording.lines(entry))
        raise ConfigWriteError(
            path,
            label,
            "the file is written in a way that no label can be added to",
            f"Put this into it by hand, below 'labels':\n{by_hand}",
        )
    try:
        _place(path, text.encode())
    except OSError as error:
        raise ConfigWriteError(path, label, error.strerror or str(error)) from error


def _check_place(
    path: Path, options: Options, content: Content, defaults: Defaults, variable: str | None
) -> None:
    """Check that a label can stand in a file, beside what that says of all labels.

    Raises:
        ConfigWriteError: It cannot.
    """
    label = options.label
    root = content.root or Path(defaults.root).expanduser()
    if os.path.realpath(root) != os.path.realpath(options.root):
        raise ConfigWriteError(
            path,
            label,
            f"the file is for the root {root}, and the label is in {options.root.absolute()}",
            "Give another file.",
        )
    for one in content.labels:
        if one.name.casefold() == label.casefold():
            line = one.node.start_mark.line + 1
            raise ConfigWriteError(
                path, label, f"it stands there already, on line {line}", "Change it there."
            )
    if content.settings.token and not variable:
        raise ConfigWriteError(
            path,
            label,
            "it was built without a token, and the file has one for all labels",
            "Move 'token' to the labels that need it.",
        )


def _check_exact(
    path: Path, label: str, ways: tuple[EnvironmentSpec, ...], request: Remembered
) -> None:
    """Check that environments whose archives were named exactly are given by their files.

    Raises:
        ConfigWriteError: One is not.
    """
    given = {one.name for one in ways if one.file}
    missing = sorted({*request.exact} - given) if "" not in given else []
    if missing:
        what = f"the environment {missing[0]!r}" if missing[0] else "the label"
        raise ConfigWriteError(
            path,
            label,
            f"the archives of {what} were named exactly, by a file that is not known here",
            "Name that file again.",
        )


def _meaning(label: Label) -> tuple[str, Settings, tuple[EnvironmentSpec, ...]]:
    return label.name, label.settings, label.asked


def _place(path: Path, content: bytes) -> None:
    """Write the file whole, with the permissions that it has, or such as suit its folder."""
    with atomic.all_or_none() as beside, beside(path) as file:
        if not path.exists():
            open_up([Path(file.name)], path.parent)
        file.write(content)
    atomic.sync(path.parent)
