"""The plan of a build: what is to be in the repository, before any archive of it is at hand."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .._conda.solver import undisturbed
from ..queries.contents import read_records
from . import plugin_channel
from .exceptions import ProofError
from .keep import kept_releases, without
from .release import index, prove, updates
from .upstream import check_closure, unavailable
from .upstream import entries as upstream
from .upstream.solve import solve

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ..progress import Progress
    from ..repository.manifest import Manifest
    from .keep import KeptReleases
    from .request.request import Request
    from .upstream.entries import Entry
    from .upstream.solve import Solution


@dataclass(frozen=True)
class BuildPlan:
    """See the module.

    Attributes:
        request: What is asked for.
        solutions: What is installed in each environment, on each platform.
        entries: The channels' entries for it.
        of_plugin: Those of the plugin.
        kept: The earlier releases that stay beside it.
        index: The index files of the repository, by path.
        plugin_index: Those of the plugin's channel.
        warnings: What the vendor should know.
    """

    request: Request
    solutions: tuple[Solution, ...]
    entries: tuple[Entry, ...]
    of_plugin: tuple[Entry, ...]
    kept: KeptReleases
    index: Mapping[str, bytes]
    plugin_index: Mapping[str, bytes]
    warnings: tuple[str, ...]

    @property
    def all_entries(self) -> tuple[Entry, ...]:
        """The entries of all archives that are to be there."""
        return (*self.entries, *self.kept.entries, *self.of_plugin)


def make_plan(
    request: Request,
    plugin_file: Path | None,
    last: Manifest | None,
    repository: Path,
    progress: Progress,
    *,
    signed: bool,
) -> BuildPlan:
    """Solve a request, and find out what the repository is to hold.

    Args:
        request: What is asked for.
        plugin_file: The archive of the plugin, if it was given.
        last: The manifest of the published repository, if there is one.
        repository: Its folder.
        progress: Told how far it is.
        signed: Whether the repository will be.

    Raises:
        SolveError: There is no solution.
        OfflineRepoError: The channels cannot be read, or have what no repository holds.
    """
    with progress.doing("Reading the channels"):
        of_plugin = plugin_channel.entries(request, plugin_file, last, repository, signed=signed)
        tasks = upstream.tasks(request)
    since = time.time()
    with undisturbed():
        solutions = solve(request, tasks, progress)
        with progress.doing("Reading the entries of the packages"):
            taken = upstream.entries_of(solutions, request, since)
    for solution in solutions:
        if solution.exact:
            check_closure.check_complete(solution, taken.entries)
    kept = kept_releases(last, repository, request.keep, solutions, taken.entries)
    files = index.make_index((*taken.entries, *kept.entries), request.platforms)
    plugin_files = index.make_index(of_plugin, request.platforms) if of_plugin else {}
    return BuildPlan(
        request=request,
        solutions=solutions,
        entries=taken.entries,
        of_plugin=of_plugin,
        kept=kept,
        index=files,
        plugin_index={f"{plugin_channel.FOLDER}{name}": one for name, one in plugin_files.items()},
        warnings=(
            *taken.warnings,
            *check_closure.without_pip(solutions),
            *unavailable.from_cache(request),
        ),
    )


def proved(plan: BuildPlan, scratch: Path) -> BuildPlan:
    """Return a plan that is proven; without the earlier releases that conda would prefer.

    Raises:
        ProofError: It does not prove without them either.
    """
    while True:
        try:
            prove.prove(plan.request, plan.solutions, plan.index, scratch)
            return plan
        except ProofError as error:
            if not plan.kept.releases:
                raise
            kept = without(plan.kept, error.key, error.other)
            entries = (*plan.entries, *kept.entries)
            files = index.make_index(entries, plan.request.platforms)
            plan = replace(plan, kept=kept, index=files)


def tried(
    plan: BuildPlan, last: Manifest | None, repository: Path, scratch: Path, progress: Progress
) -> BuildPlan:
    """Return a plan with warnings of what updates from earlier releases do not come to."""
    if last is None:
        return plan
    new = {one.key: one.names for one in plan.solutions}
    releases = {
        last.build: last.solutions,
        **{build: one.solutions for build, one in plan.kept.releases.items()},
    }
    earlier = {build: one for build, one in releases.items() if dict(one) != new}
    if not earlier:
        return plan
    with progress.doing("Trying the update from earlier releases"):
        found = updates.unreached(
            plan.request,
            plan.solutions,
            plan.index,
            earlier,
            read_records(last, repository, damaged=True),
            scratch,
        )
    return replace(plan, warnings=(*plan.warnings, *found))
