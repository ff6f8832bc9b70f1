"""The page in the root, which lists the labels of the repositories there.

Every build brings it up to date, whatever built the others. Where it cannot, the repositories are
what they are to be all the same, so that is told and is no error.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import quote

from ....exceptions import OfflineRepoError
from ....files.atomic import has_content, put, remove
from ....files.hashing import open_regular
from ....files.lock import acquire, release
from ....repository import manifest_json
from ....repository.locate import labels_in
from .render import OVERVIEW_MARK, PAGE_NAME, LabelRow, overview

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ....progress import Progress
    from ....redaction import Secrets

#: Beside the page, with names that no label has.
LOCK_NAME = f".{PAGE_NAME}.lock"
STAGED_NAME = f".{PAGE_NAME}.new"
#: Where our mark stands in a page of ours at the latest.
HEAD = 512


def refresh(root: Path, secrets: Secrets, progress: Progress) -> tuple[str, ...]:
    """Bring the page of a root up to date; nothing is written if it is.

    Args:
        root: The folder above the repositories.
        secrets: What must not be in it.
        progress: Told who else is at it, if anybody is.

    Returns:
        Why it is not, if it could not be done.
    """
    root = root.absolute()
    page = root / PAGE_NAME
    try:
        lock = acquire(root / LOCK_NAME, progress.step)
        try:
            return _refresh(root, page, secrets)
        finally:
            release(lock)
    except (OSError, OfflineRepoError) as error:
        return (f"{page}, which lists the labels, could not be brought up to date: {error}",)


def _refresh(root: Path, page: Path, secrets: Secrets) -> tuple[str, ...]:
    content = overview(_labels(root))
    if has_content(page, content):
        return ()
    if os.path.lexists(page) and not _is_ours(page):
        return (f"{page} is none of ours and stays as it is; the labels are not listed there.",)
    if any(form.encode() in content for form in secrets.forms()):
        return (f"{page} is not brought up to date: it would hold a credential.",)
    staged = root / STAGED_NAME
    remove(staged)  # what a build left that was killed, or what somebody put there
    put(staged, page, content)
    return ()


def _is_ours(page: Path) -> bool:
    if page.is_symlink():
        return False
    try:
        with open_regular(page) as file:
            return OVERVIEW_MARK.encode() in file.read(HEAD)
    except OSError:
        return False


def _labels(root: Path) -> Iterator[LabelRow]:
    """Yield the labels whose manifests can be read; what is wrong with others is theirs to say."""
    for name in labels_in(root):
        with suppress(OfflineRepoError):
            manifest = manifest_json.read(root / name)
            if manifest:
                page = PAGE_NAME if PAGE_NAME in manifest.files else ""
                yield LabelRow(
                    f"{quote(os.fsencode(name))}/{page}",
                    manifest.label,
                    manifest.build,
                    manifest.created,
                    len(manifest.packages),
                    manifest.size,
                    manifest.request.platforms,
                )
