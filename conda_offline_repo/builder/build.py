"""The story of a build: from a request to a published repository."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING

from conda import __version__ as conda_version
from conda.base.context import context

from ..queries import compare
from ..repository import manifest_json
from ..repository.exceptions import FileSystemError, InvalidLabelError, NestedFolderError
from ..repository.locate import enclosing
from ..repository.names import same_name_in_other_case
from ..repository.ownership import check_ours
from ..repository.staging import exclusive
from . import credentials
from .archives import collect, installers
from .archives.archive import long_paths
from .exceptions import KeyMissingError
from .plan import make_plan, proved, tried
from .release import compose, prove, publish, signing
from .release.html import render
from .release.scan import Search
from .request import request as requests
from .request.changes import changes
from .run import Run
from .warnings import held, new_licenses, unchecked

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ..progress import Progress
    from ..queries.compare import Difference
    from ..repository.manifest import Manifest
    from .archives.archive import Archive
    from .options import Options
    from .release.signing import Signer
    from .request.changes import RequestChange
    from .upstream.entries import Entry


@dataclass(frozen=True)
class BuildOutcome:
    """What a build did, or with a dry run would do.

    Attributes:
        path: The repository.
        changed: Whether it is another than before.
        first: Whether there was no repository before.
        request_changes: How the request differs from that of the last build.
        manifest: What it holds now.
        difference: What is new, newer and gone in it.
        new_licenses: The licences that are new in it, with the packages that have them; none where
            that is not known.
        warnings: What the vendor should know before the customer finds out.
    """

    path: Path
    changed: bool
    first: bool
    request_changes: tuple[RequestChange, ...]
    manifest: Manifest
    difference: Difference
    new_licenses: Mapping[str, tuple[str, ...]] | None
    warnings: tuple[str, ...]


def build(
    options: Options, progress: Progress, *, dry_run: bool = False, run: Run | None = None
) -> BuildOutcome:
    """Build or refresh the repository of a label.

    Args:
        options: What the user asked for.
        progress: Told how far the build is.
        dry_run: Solve and compare only; nothing is downloaded or written.
        run: What it shares with other builds of the same command, if there are any.

    Raises:
        OfflineRepoError: The repository cannot be built; it is as it was before.
    """
    run = run or Run(options.root, (options,))
    try:
        with run.one():
            outcome = _build(options, progress, run, dry_run=dry_run)
        if not dry_run:
            run.archives.published(outcome.path, outcome.manifest)
        return outcome
    except OSError as error:
        raise FileSystemError(error) from error


def _build(options: Options, progress: Progress, run: Run, *, dry_run: bool) -> BuildOutcome:
    installers.check_installers(options.installers or ())
    signer = signing.signer(options.sign_keys)
    compose.source_date()
    repository = options.root.absolute() / options.label
    _check_place(repository)
    # before the lock: it would make folders in a root that may be the wrong one
    _check_published(options, signer, repository)
    with nullcontext() if dry_run else exclusive(repository, progress.step) as staging:
        last = manifest_json.read(repository)
        built_with = tools()
        request = requests.resolve(options, last)
        unwanted = credentials.of_request(request, run.secrets)
        search = Search(unwanted, run.searched[unwanted.values])
        plan = make_plan(
            request,
            options.plugin_file,
            last,
            repository,
            progress,
            signed=signer is not None,
        )
        if staging is None:
            archives = collect.foresee(plan.all_entries, repository)
        else:
            remembered = compose.remember(plan.request)
            if not prove.proven(last, remembered, plan.index, built_with, plan.solutions):
                with progress.doing("Proving that the repository installs by itself"):
                    plan = proved(plan, staging / "proof")
                plan = tried(plan, last, repository, staging / "proof", progress)
            # each is searched when it comes, while others are still on their way
            archives = _collect(plan.all_entries, repository, staging, progress, run, search)
        release = compose.compose(
            plan.request,
            plan.solutions,
            plan.all_entries,
            archives,
            {**plan.index, **plan.plugin_index},
            installers.collect_installers(
                options.installers,
                last,
                repository,
                staging,
            ),
            last=last,
            repository=repository,
            built_with=built_with,
            signers=signer.fingerprints if signer else (),
            releases=plan.kept.releases,
        )
        # a page that is written otherwise makes no release
        same = compose.with_page_of(release, last, repository) if last else release
        if last and not publish.differs(same, repository, last):
            kept = publish.finish(same, repository, staging, last, signer) if staging else ()
            now = last if kept else replace(last, on_the_way={})
            nothing = compare.difference(now, now)
            return BuildOutcome(
                repository, False, False, (), now, nothing, {}, (*plan.warnings, *held(kept))
            )
        records = {entry.name: entry.record for entry in plan.all_entries}
        release = compose.with_page(
            release, render.page(release.manifest, records, last, repository)
        )
        remembered = release.manifest.request
        outcome = BuildOutcome(
            path=repository,
            changed=True,
            first=last is None,
            request_changes=changes(last.request, remembered) if last else (),
            manifest=release.manifest,
            difference=compare.difference(last, release.manifest),
            new_licenses=new_licenses(last, release.manifest, records, repository),
            warnings=(
                *plan.kept.warnings,
                *plan.warnings,
                *long_paths(archives, plan.solutions),
                *unchecked(release.manifest),
            ),
        )
        if staging is not None:
            search.release(release)
            progress.step("Publishing")
            kept = publish.publish(release, repository, staging, last, signer)
            outcome = replace(outcome, warnings=(*outcome.warnings, *held(kept)))
        return outcome


def _check_place(repository: Path) -> None:
    root = repository.parent
    around = enclosing(root)
    if around:
        raise NestedFolderError(
            root, around, f"Give the folder above the repositories: --root {around.parent}"
        )
    other = same_name_in_other_case(root, repository.name)
    if other:
        raise InvalidLabelError(repository.name, f"Windows cannot tell it from {other!r} beside it")
    check_ours(repository)


def _check_published(options: Options, signer: Signer | None, repository: Path) -> None:
    last = manifest_json.read(repository)
    requests.resolve(options, last)
    if last and last.signers and not signer and not options.unsigned:
        raise KeyMissingError(repository, last.signers)


def _collect(
    entries: tuple[Entry, ...],
    repository: Path,
    staging: Path,
    progress: Progress,
    run: Run,
    search: Search,
) -> tuple[Archive, ...]:
    """Return the verified archives of a plan, in the repository or staged."""
    collect.check_space(entries, repository, staging, run.archives)
    return collect.collect(entries, repository, staging, progress, run.archives, search.archive)


def tools() -> dict[str, str]:
    """Return the versions of what builds, by name."""
    return {
        "conda": conda_version,
        "conda-offline-repo": version("conda-offline-repo"),
        "solver": context.solver,
    }
