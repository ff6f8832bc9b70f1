"""What the builds of one command share."""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from conda.base.context import context

from .._conda import overrides
from .archives.local import LocalArchives
from .clock import EPOCH
from .credentials import credentials, credentials_at, credentials_of
from .recent import Recent
from .release.credential_search import Search
from .release.html.overview import Overview
from .solved import solved

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..progress import Progress
    from .options import Options
    from .release.inspection import Known
    from .request.request import Request
    from .solved import Ground, Solved
    from .solving.solution import Task


class Run:
    """What the builds of one command share.

    Attributes:
        secrets: The credentials of all of them: none may leave in the repository of any.
        archives: The archives that are known.
        overview: The page that lists the labels.
        inspected: What was found in archives, see `release.inspection.inspect`.
        proofs: What proofs came to, see `release.prove.proved`.

    Args:
        builds: At least one, all below one root.
    """

    def __init__(self, builds: Sequence[Options]) -> None:
        root = builds[0].root.absolute()
        self.secrets = credentials(*builds)
        self.archives = LocalArchives(root)
        self.overview = Overview(root, self.secrets)
        self.inspected: Known = {}
        self.proofs: Recent[dict[str, str]] = Recent()
        self._solved: Recent[Solved] = Recent()
        self._searched: defaultdict[frozenset[str], set[str]] = defaultdict(set)
        self._first_began: float | None = None

    @contextmanager
    def sharing_indexes(self) -> Iterator[None]:
        """Let conda not ask again, during a build, for an index that it has read for another."""
        began = self._first_began
        ttl = overrides.fresh_since(began) if began else context.local_repodata_ttl
        self._first_began = began or time.time()
        with overrides.settings(local_repodata_ttl=ttl):
            yield

    def solved(
        self, request: Request, tasks: Sequence[Task], progress: Progress, ground: Ground
    ) -> Solved:
        """Solve a request as `solved.solved`; what several labels ask for is solved once, unless
        pip is to install some of it, which depends on the wheels that a label has.
        """

        def solve() -> Solved:
            return solved(request, tasks, progress, ground)

        if any(task.pip.requirements or task.wheels for task in tasks):
            return solve()
        channels = [source.channel.urls(True, ("noarch",)) for source in request.sources]
        question = (replace(request, label="", time=EPOCH), tasks, channels)
        return self._solved.answer(question, solve)

    def search(self, request: Request, servers: Iterable[str]) -> Search:
        """Return the search for all credentials that a request's release must not hold; an archive
        that was searched for the same ones is not searched again.

        Args:
            servers: URLs of those that wheels came from, which netrc may have a login for.
        """
        secrets = credentials_of(request, self.secrets) | credentials_at(servers)
        return Search(secrets, self._searched[secrets.values])
