"""The plan of a build: what is to be in the repository, before any archive of it is at hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from ..._conda import features
from ...cooldown import time_of
from ...queries.contents import read_records
from ...repository.manifest import VERSION_3, Manifest
from .. import plugin_channel
from ..kept_releases import KeptReleases, kept_releases
from ..solving.solve import unused_settings
from ..solving.tasks import tasks
from ..upstream import access, exact, surroundings
from ..upstream.ages import Ages
from ..upstream.asking import ask_for_indexes
from ..upstream.entry import Entry, as_published
from . import rules
from .exceptions import OlderBuilderError
from .index import make_index
from .other_solvers import Proof

if TYPE_CHECKING:
    from ...queries.dependencies import Records
    from ...repository.package import Decision
    from ..request.request import Request
    from ..solved import Solved
    from ..solving.solution import Ground, Solution, Task
    from ..warnings import BuildWarning
    from .draft import Draft


@dataclass(frozen=True)
class BuildPlan:
    """What is to be in the repository.

    Attributes:
        request: What is asked for.
        repository: The folder.
        last: The manifest of what is published there, if anything is.
        signers: The fingerprints of the keys that will sign the manifest.
        built_with: Versions of the tools, by name.
        solutions: What is installed in each environment, on each platform.
        entries: The channels' entries for it.
        of_plugin: Those of the plugin.
        kept: The earlier releases that stay beside it.
        index: The index files of the repository, by path.
        proof: Which solvers have proven it; none yet.
        published: The index entries of what is published, by `subdir/file`.
        decisions: What the policy lets pass, as far as it is known without the archives.
        warnings: What the vendor should know.
    """

    request: Request
    repository: Path
    last: Manifest | None
    signers: tuple[str, ...]
    built_with: Mapping[str, str]
    solutions: tuple[Solution, ...]
    entries: tuple[Entry, ...]
    of_plugin: tuple[Entry, ...]
    kept: KeptReleases
    index: Mapping[str, Draft]
    proof: Proof = Proof()
    published: Records = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()
    warnings: tuple[BuildWarning, ...] = ()

    @property
    def all_entries(self) -> tuple[Entry, ...]:
        """The entries of all archives that are to be there."""
        return (*self.entries, *self.kept.entries, *self.of_plugin)

    @property
    def records(self) -> dict[str, Mapping[str, Any]]:
        """The index entries of these, by `subdir/file`."""
        return {entry.name: entry.record for entry in self.all_entries}

    def keeping(self, kept: KeptReleases) -> BuildPlan:
        """Return the same plan with other earlier releases beside it."""
        index = make_index((*self.entries, *kept.entries), self.request.platforms)
        return replace(self, kept=kept, index=index)

    @property
    def plugin_index(self) -> dict[str, Draft]:
        """Those of the plugin's channel."""
        if not self.of_plugin:
            return {}
        files = make_index(self.of_plugin, self.request.platforms)
        return {f"{plugin_channel.FOLDER}{name}": draft for name, draft in files.items()}

    @cached_property
    def installs(self) -> dict[str, tuple[str, ...]]:
        """The archives of each solution, as the manifest has them."""
        return {solution.key: solution.names for solution in self.solutions}

    @property
    def servers_of_wheels(self) -> frozenset[str]:
        """The URLs of the servers that wheels came from."""
        return frozenset(urljoin(e.public_url, "/") for e in self.entries if e.wheel)

    @property
    def pip(self) -> dict[str, dict[str, str]]:
        """What stands for the requirements of pip, as the manifest has it."""
        return {
            solution.key: {text: str(spec) for text, spec in solution.pip.items()}
            for solution in self.solutions
            if solution.pip
        }


def make_plan(
    ground: Ground,
    solved: Callable[[Sequence[Task], Ground], Solved],
    plugin_file: Path | None,
    signers: tuple[str, ...],
    built_with: Mapping[str, str],
) -> BuildPlan:
    """Solve a request, and find out what the repository is to hold; see `BuildPlan`.

    Args:
        solved: Solves; see `solved.solved`.
        plugin_file: The archive of the plugin, if given.

    Raises:
        OlderBuilderError: This conda does not read the version of the index format.
        SolveError: There is no solution.
        TooNewError: A package that is named exactly is too new.
        ForbiddenError: A setting of the administrator does not allow a package.
        OfflineRepoError: The channels cannot be read, or have what no repository holds.
    """
    request, repository, last = ground.request, ground.repository, ground.last
    if request.index_version == VERSION_3 and not features.reads_version_3():
        raise OlderBuilderError
    with ground.progress.doing("Reading the channels"):
        ask_for_indexes(request)
        of_plugin = plugin_channel.entries(
            request, plugin_file, last, repository, signed=bool(signers)
        )
        todo = tasks(request)
    outcome = solved(todo, ground)
    solutions, by_name = outcome.solutions, outcome.entries
    entries = tuple(by_name[name] for name in sorted(by_name))
    records = {name: entry.record for name, entry in by_name.items()}
    ages = Ages(request)
    ages.check({entry.name: time_of(entry.record) for entry in entries if not entry.wheel})
    rules.check_names(solutions)
    noarch = rules.check_python(solutions, records)
    published = read_records(last, repository, damaged=True) if last else {}
    entries = tuple(as_published(entry, published) for entry in entries)
    kept = kept_releases(ground, published, solutions, entries)
    rules.check_allowed((*entries, *of_plugin), kept.entries)
    return BuildPlan(
        request=request,
        repository=repository,
        last=last,
        signers=signers,
        built_with=built_with,
        solutions=solutions,
        entries=entries,
        of_plugin=tuple(as_published(entry, published) for entry in of_plugin),
        kept=kept,
        index=make_index((*entries, *kept.entries), request.platforms),
        published=published,
        warnings=(
            *request.warnings,
            *outcome.warnings,
            *exact.without_pip(s.key for s in solutions if s.lacks_pip),
            *surroundings.from_cache(request),
            *unused_settings(solutions),
            *access.unsent_token(request),
            *rules.unused_virtual_packages(request, entries),
            *noarch,
            *ages.undated((*entries, *of_plugin)),
        ),
    )
