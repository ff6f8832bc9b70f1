"""The story of a build: from a request to a published repository."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from conda import __version__ as conda_version
from conda.base.context import context

from . import channel, compare, contents, fetch, lock, manifest, prove, publish, scan, secrets
from . import request as requests
from .exceptions import FileSystemError, InvalidLabelError
from .names import same_name_in_other_case
from .solve import solve
from .upstream import chosen, wanted

if TYPE_CHECKING:
    from pathlib import Path

    from .compare import Difference
    from .manifest import Manifest
    from .progress import Progress
    from .request import Options


@dataclass(frozen=True)
class Outcome:
    """What a build did, or with a dry run would do.

    Attributes:
        path: The repository.
        changed: Whether it is another than before.
        manifest: What it holds now.
        difference: What is new, newer and gone in it.
    """

    path: Path
    changed: bool
    manifest: Manifest
    difference: Difference


def build(options: Options, progress: Progress, *, dry_run: bool = False) -> Outcome:
    """Build or refresh the repository of a label.

    Args:
        options: What the user asked for.
        progress: Told how far the build is.
        dry_run: Solve and compare only; nothing is downloaded or written.

    Raises:
        OfflineRepoError: The repository cannot be built; it is as it was before.
    """
    try:
        return _build(options, progress, dry_run=dry_run)
    except OSError as error:
        raise FileSystemError(error) from error


def _build(options: Options, progress: Progress, *, dry_run: bool) -> Outcome:
    requests.check(options)
    repository = options.root.absolute() / options.label
    other = same_name_in_other_case(repository.parent, repository.name)
    if other:
        raise InvalidLabelError(options.label, f"Windows cannot tell it from {other!r} beside it")
    publish.check_ours(repository)
    exclusive = nullcontext() if dry_run else lock.exclusive(repository, progress.step)
    with exclusive as staging:
        last = manifest.read(repository)
        request = requests.resolve(options, last)
        progress.step(f"Reading the channels and solving for {', '.join(request.platforms)}")
        packages = wanted(request)
        solutions = solve(request, packages)
        entries = chosen(solutions, request)
        index = channel.index(entries, request.platforms)
        if staging is None:
            archives = fetch.foresee(entries, repository)
        else:
            progress.step("Proving that the repository installs by itself")
            prove.prove(request, packages, solutions, index, staging / "proof")
            progress.expect("Collecting", len(entries), sum(entry.size or 0 for entry in entries))
            arriving = staging / publish.ARCHIVES
            fetch.check_space(entries, repository, arriving)
            archives = fetch.collect(entries, repository, arriving, progress.advance)
            progress.finish()
        state = contents.compose(
            request,
            solutions,
            entries,
            archives,
            index,
            last=last,
            repository=repository,
            built_with=tools(),
        )
        changed = publish.differs(state, repository)
        difference = compare.difference(last, state.manifest if changed or not last else last)
        if changed and staging is not None:
            scan.scan(state, secrets.known(options))
            progress.step("Publishing")
            publish.publish(state, repository, staging)
        if last and not changed:
            return Outcome(repository, False, last, difference)
        return Outcome(repository, changed, state.manifest, difference)


def tools() -> dict[str, str]:
    """The versions of what builds, by name."""
    return {
        "conda": conda_version,
        "conda-offline-repo": version("conda-offline-repo"),
        "solver": context.solver,
    }
