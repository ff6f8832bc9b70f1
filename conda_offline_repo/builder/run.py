"""What the builds of one command share."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..clock import EPOCH
from .archives.local import LocalArchives
from .credentials import credentials, credentials_at, credentials_of
from .recent import Recent
from .release.credential_search import Search
from .release.html.overview import Overview
from .solved import Solved, solved
from .solving.solution import Ground

if TYPE_CHECKING:
    from ..progress import Progress
    from ..repository.manifest import Manifest
    from .archives.facts import Known
    from .options import Options
    from .request.request import Request
    from .solving.solution import Task


class Run:
    """What the builds of one command share.

    Attributes:
        builds: At least one, all below one root.
        progress: Sees how far they are.
        dry_run: Whether they solve, prove and compare only; no archive is downloaded, though their
            attestations are, and nothing published.
        began: When they began (`time.time()`): conda asks for each index once from then on.
        secrets: The credentials of all of them: none may leave in the repository of any.
        archives: The archives that are known.
        overview: The page that lists the labels.
        facts: What is known of archives, see `archives.facts.facts_of`.
        proofs: What proofs came to, see `release.prove.proved`.
    """

    def __init__(
        self, builds: Sequence[Options], progress: Progress, *, dry_run: bool = False
    ) -> None:
        self.builds, self.progress, self.dry_run = builds, progress, dry_run
        root = builds[0].root.absolute()
        self.began = time.time()
        self.secrets = credentials(*builds)
        self.archives = LocalArchives(root)
        self.overview = Overview(root, self.secrets)
        self.facts: Known = {}
        self.proofs: Recent[dict[str, str]] = Recent()
        self._solved: Recent[Solved] = Recent()
        self._searched: defaultdict[frozenset[str], set[str]] = defaultdict(set)

    @property
    def seconds(self) -> float:
        """The seconds of processors that were needed to solve and to prove."""
        return self._solved.seconds + self.proofs.seconds

    def ground(
        self, request: Request, repository: Path, last: Manifest | None, scratch: Path
    ) -> Ground:
        """Return a request and what it is solved on."""
        shared = (self.archives, self.progress, self.dry_run)
        return Ground(request, repository, last, scratch, *shared)

    def solved(self, tasks: Sequence[Task], ground: Ground) -> Solved:
        """Solve a request as `solved.solved`; what several labels ask for is solved once, unless
        pip is to install some of it, which depends on the wheels that a label has.
        """
        solve, request = partial(solved, tasks, ground), ground.request
        if any(task.takes_wheels for task in tasks):
            return solve()
        channels = [source.channel.urls(True, ("noarch",)) for source in request.sources]
        alike = replace(request, label="", time=EPOCH, next_due="", withdrawn={}, policy={})
        return self._solved.answer((alike, tasks, channels), solve)

    def search(self, request: Request, servers: Iterable[str]) -> Search:
        """Return the search for all credentials that a request's release must not hold; an archive
        that was searched for the same ones is not searched again.

        Args:
            servers: URLs of those that wheels came from, which netrc may have a login for.
        """
        secrets = credentials_of(request, self.secrets) | credentials_at(servers)
        return Search(secrets, self._searched[secrets.values])
