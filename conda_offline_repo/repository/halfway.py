"""A repository on a web server that is read while another release comes into its place.

A publication, and a `sync`, put files in an order in which what is read always fits together. Other
copies do not: for a moment, the index is of one release, and the manifest or its signature of
another. So a reader asks again for a while.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..files.web import WebFolder
from .exceptions import HalfPublishedError, ManifestError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    Result = TypeVar("Result")

#: Seconds for which a reader asks again, and those between two times.
PATIENCE = 60.0
PAUSE = 2.0


def once_whole(read: Callable[[], Result], say: Callable[[str], None]) -> Result:
    """Return what is read of repositories, as soon as what web servers have of them fits together.

    Args:
        read: Reads them from the start, the manifest first, each time that it is called.
        say: Called once with why it takes longer.

    Raises:
        HalfPublishedError: It does not fit together after `PATIENCE`.
        OfflineRepoError: As `read`.
    """
    deadline = None
    while True:
        try:
            return read()
        except ManifestError as error:
            if not error.halfway or not isinstance(error.path, WebFolder):
                raise
            url = WebFolder.at(error.path.channel).url
            if deadline is None:
                deadline = time.monotonic() + PATIENCE
                say(f"{url} is being published; asking again for up to {PATIENCE:g} s")
            elif time.monotonic() >= deadline:
                raise HalfPublishedError(url, str(error.message), PATIENCE) from None
            time.sleep(PAUSE)
