"""What the builds of one command share."""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .._conda import overrides
from .archives.local import Known
from .credentials import credentials

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from .options import Options


class Run:
    """What the builds of one command share.

    Attributes:
        secrets: The credentials of all of them: none may leave in the repository of any.
        archives: What is known of archives.
        searched: By the secrets that were searched for, the digests of the archives that do not
            hold any.

    Args:
        root: The folder above the repositories.
        builds: What is to be built.
    """

    def __init__(self, root: Path, builds: Sequence[Options]) -> None:
        self.secrets = credentials(*builds)
        self.archives = Known(root.absolute())
        self.searched: defaultdict[frozenset[str], set[str]] = defaultdict(set)
        self._began = time.time()
        self._builds = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Build one label: indexes that conda has read for another are not asked for again."""
        self._builds += 1
        if self._builds == 1:
            yield
            return
        with overrides.settings(local_repodata_ttl=overrides.fresh_since(self._began)):
            yield
