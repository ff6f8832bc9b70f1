"""The page of a root, which lists the labels of its repositories.

Every build brings it up to date, whatever built the others. Where it cannot, the repositories are
what they are to be all the same, so that is a warning, not an error.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from ....exceptions import OfflineRepoError
from ....files.atomic import has_content, put, remove
from ....files.hashing import open_regular
from ....files.lock import acquire, release
from ....repository import manifest_json
from ....repository.locate import labels_in
from ....repository.manifest import MANIFEST_NAME
from ...warnings import BuildWarning
from .render import OVERVIEW_MARK, PAGE_NAME, ListedLabel, overview

if TYPE_CHECKING:
    from ....progress import Progress
    from ....redaction import Secrets

#: Beside the page, with names that no label has.
LOCK_NAME = f".{PAGE_NAME}.lock"
STAGED_NAME = f".{PAGE_NAME}.new"
#: Where our mark stands in a page of ours at the latest.
HEAD = 512


class Overview:
    """The page of a root. A manifest that is as it was when its label was listed is not read again.

    Args:
        root: The folder above the repositories.
        secrets: What must not be in the page.
    """

    def __init__(self, root: Path, secrets: Secrets) -> None:
        self._root = root
        self._page = root / PAGE_NAME
        self._secrets = secrets
        self._listed: dict[str, tuple[tuple[int, ...], ListedLabel]] = {}

    def refresh(self, progress: Progress) -> tuple[BuildWarning, ...]:
        """Bring the page up to date, if it is not; return why that was not possible, if so.

        Args:
            progress: Told who else is at it, if anybody is.
        """
        try:
            lock = acquire(self._root / LOCK_NAME, progress.step)
            try:
                problem = self._refresh()
            finally:
                release(lock)
        except (OSError, OfflineRepoError) as error:
            problem = f"{self._page}, which lists the labels, could not be updated: {error}"
        return (BuildWarning("overview", problem),) if problem else ()

    def _refresh(self) -> str:
        """Bring the page up to date; return why that is not possible, or nothing."""
        content = overview(self._labels())
        page = self._page
        if has_content(page, content):
            return ""
        if os.path.lexists(page) and not _is_ours(page):
            return f"{page} was not made by a build and stays; the labels are not listed there."
        if any(form.encode() in content for form in self._secrets.forms()):
            return f"{page} is not updated: it would hold a credential."
        staged = self._root / STAGED_NAME
        remove(staged)  # what a build left that was killed, or what somebody put there
        put(staged, page, content)
        return ""

    def _labels(self) -> Iterator[ListedLabel]:
        """Yield the labels whose manifests can be read; others say what is wrong with theirs."""
        for name in labels_in(self._root):
            with suppress(OfflineRepoError, OSError):
                state = (self._root / name / MANIFEST_NAME).stat()
                version = (state.st_ino, state.st_size, state.st_mtime_ns)
                if self._listed.get(name, ((),))[0] != version:
                    manifest = manifest_json.stated(self._root / name)
                    page = PAGE_NAME if PAGE_NAME in manifest.files else ""
                    link = f"{quote(os.fsencode(name))}/{page}"
                    self._listed[name] = version, ListedLabel.of(link, manifest)
                yield self._listed[name][1]


def _is_ours(page: Path) -> bool:
    if page.is_symlink():
        return False
    try:
        with open_regular(page) as file:
            return OVERVIEW_MARK.encode() in file.read(HEAD)
    except OSError:
        return False
