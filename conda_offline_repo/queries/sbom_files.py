"""Bills of materials as files: each whole or not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exceptions import InvalidRequestError
from ..files.atomic import all_or_none, has_content
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
    changed = [one for one in made if not has_content(folder / one.name, one.content)]
    if changed and not dry_run:
        _write(folder, changed)
    return tuple(folder / one.name for one in changed)


def _write(folder: Path, changed: Sequence[Bill]) -> None:
    path = folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with all_or_none() as beside:
            for one in changed:
                path = folder / one.name
                if path.is_dir():
                    raise NotWrittenError(path, "there is a folder of this name")
                with beside(path) as file:
                    file.write(one.content)
    except OSError as error:
        raise NotWrittenError(path, error.strerror or str(error)) from error
