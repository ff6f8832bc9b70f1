"""Bills of materials as files: each whole or not there."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from ..exceptions import InvalidRequestError
from ..files.hashing import read_regular
from ..files.replacing import replace
from ..repository.exceptions import NotWrittenError
from ..repository.locate import enclosing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .sbom import Bill


def write(made: Sequence[Bill], folder: Path, *, dry_run: bool = False) -> tuple[Path, ...]:
    """Write bills into a folder, all or none; a file that holds the same already stays as it is.

    Args:
        made: The bills.
        folder: It is made if it is not there.
        dry_run: Check only; nothing is written.

    Returns:
        The files that are new or changed.

    Raises:
        InvalidRequestError: Two would have the same name, or the folder lies in a repository.
        NotWrittenError: The disk refuses, or something else has the place of a file.
    """
    if around := enclosing(folder):
        raise InvalidRequestError(
            f"{folder} lies in the repository {around}, which holds nothing but its own files.",
            "Give another folder with -o.",
        )
    names = [one.name.lower() for one in made]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidRequestError(
            f"Two bills of materials would have the same name, {twice[0]}.",
            "Write those of one label at a time, with --label.",
        )
    changed = [one for one in made if not _holds(folder / one.name, one.content)]
    if changed and not dry_run:
        _write(folder, changed)
    return tuple(folder / one.name for one in changed)


def _write(folder: Path, changed: Sequence[Bill]) -> None:
    parts: list[Path] = []
    path = folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for one in changed:
            path = folder / one.name
            if path.is_dir():
                raise NotWrittenError(path, "there is a folder of this name")
            part = path.with_name(f"{one.name}.part")
            part.unlink(missing_ok=True)
            with part.open("xb") as file:
                parts.append(part)
                file.write(one.content)
                file.flush()
                os.fsync(file.fileno())
        for one, part in zip(changed, parts, strict=True):
            path = folder / one.name
            replace(part, path)
    except OSError as error:
        raise NotWrittenError(path, error.strerror or str(error)) from error
    finally:
        for part in parts:
            with suppress(OSError):
                part.unlink(missing_ok=True)


def _holds(path: Path, content: bytes) -> bool:
    try:
        return read_regular(path, len(content)) == content
    except OSError:
        return False
