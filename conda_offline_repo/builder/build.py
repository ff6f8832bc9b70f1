"""The story of a build: from a request to a published repository."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from .._conda import index_requests, overrides
from .._conda.network.sessions import asking_nobody
from ..clock import release_time
from ..files.workers import short_turns
from ..repository.names import check_folder
from ..repository.publication.exceptions import FileSystemError
from ..repository.publication.staging import exclusive
from ..repository.transition import is_current
from . import outcome as outcomes
from .archives import collect, installers
from .archives.attestations import collect_attestations
from .archives.facts import facts_of
from .planning import last_and_request, place, planned, proved
from .policy import decided
from .release import attestations, compose, inspection, publish, signing
from .release.html import render
from .release.try_install import try_install
from .upstream import unavailable

if TYPE_CHECKING:
    from ..repository.manifest import Manifest
    from .archives.archive import Archive
    from .options import Options
    from .outcome import BuildOutcome
    from .release.plan import BuildPlan
    from .run import Run


def build(
    options: Options,
    run: Run,
    ahead: Callable[[Manifest | None], BuildPlan | None] = lambda _: None,
) -> BuildOutcome:
    """Build or refresh the repository of a label.

    Args:
        run: What it shares with other builds of the same command.
        ahead: Returns a plan that was made ahead from the last manifest, see `planning.plan_of`;
            None if there is none.

    Raises:
        OfflineRepoError: The repository cannot be built; it is as it was before.
    """
    try:
        with index_requests.asked_once(run.began), asking_nobody():
            outcome = _build(options, run, ahead)
    except OSError as error:
        raise FileSystemError(error) from error
    if not run.dry_run:
        run.archives.published(outcome.path, outcome.manifest)
    return outcome


def _build(
    options: Options, run: Run, ahead: Callable[[Manifest | None], BuildPlan | None]
) -> BuildOutcome:
    release_time()  # a wrong one is refused before anything is done
    installers.check_installers(options.installers or ())
    signer = signing.signer(options.sign_keys)
    root, progress = options.verify_attestations, run.progress
    verifier = attestations.Verifier(root) if root else None
    repository = place(options)
    # before the lock, which would make folders in a root that may be the wrong one
    last, request = last_and_request(options, signer, repository)
    with (
        nullcontext() if run.dry_run else exclusive(repository, progress.step) as staging,
        ExitStack() as stack,
    ):
        if not is_current(repository, last):  # another command has published in the meantime
            last, request = last_and_request(options, signer, repository)
        scratch = (
            nullcontext(staging) if staging else TemporaryDirectory(ignore_cleanup_errors=True)
        )
        with scratch as folder:
            check_folder(Path(folder), request.platforms)
            ground = run.ground(request, repository, last, Path(folder) / "pypi")
            plan = ahead(last) or planned(options, signer, run, ground)
            plan = replace(plan, decisions=decided(plan))  # before anything is downloaded
            prove = partial(proved, scratch=Path(folder) / "proof", run=run)
            # the proof may decide against releases that are kept
            if not plan.proof.by and (staging is None or plan.kept.releases):
                plan = prove(plan)
            search = stack.enter_context(run.search(request, plan.servers_of_wheels))
            if staging is None:
                archives = collect.foresee(plan.all_entries, repository)
            else:
                plan, archives = _collected(plan, prove, staging, run, search.archive)
            # so small that a dry run fetches them as well
            files = collect_attestations(
                plan.all_entries, repository, Path(folder), progress, run.archives, search.archive
            )
            if staging is None:  # they do not stay
                search.finish()
            verified, doubts = attestations.attesters(plan, archives, files, verifier)
        plan = replace(plan, warnings=(*plan.warnings, *doubts))
        shipped = installers.collect_installers(options.installers, last, repository, staging)
        draft = compose.compose(plan, archives, files, verified, shipped)
        if last:
            same = compose.completed(draft, compose.published_page(last, repository))
            renews = options.next_due is not None and not options.whole
            if not publish.differs(same, repository, last, renews=renews):
                left = publish.finish(same, repository, staging, last, signer) if staging else ()
                outcome = outcomes.unchanged(plan, last, left)
                return _tried(outcome, plan, archives, options, run)
        warnings = inspection.inspect(plan, archives, run.facts)
        draft = compose.with_facts(draft, plan, run.facts)
        if staging:
            manifest = replace(draft.manifest, decisions=decided(plan, draft.manifest))
            draft = replace(draft, manifest=manifest)
        page = render.page(draft.manifest, plan.records, last, repository, plan.published)
        release = compose.completed(draft, page)
        outcome = outcomes.changed(plan, release, warnings)
        outcomes.check_warnings(outcome, options.fail_on)
        outcome = _tried(outcome, plan, archives, options, run)
        if staging is None:
            return outcome
        search.release(release)
        progress.step("Publishing")
        left = publish.publish(release, repository, staging, last, signer)
        return replace(outcome, warnings=(*outcome.warnings, *outcomes.undeleted(left)))


def _collected(
    plan: BuildPlan,
    prove: Callable[[BuildPlan], BuildPlan],
    staging: Path,
    run: Run,
    arrived: Callable[[Archive], None],
) -> tuple[BuildPlan, tuple[Archive, ...]]:
    """Return a plan with its proof, made while the archives come and are read, and these."""
    entries, records, repository = plan.all_entries, plan.records, plan.repository

    def read(archive: Archive) -> None:
        arrived(archive)
        facts_of(archive, records, run.facts)

    collect.check_space(entries, repository, staging, run.archives)
    with (
        overrides.without_cuda(),
        short_turns(),
        unavailable.refusal_explained(plan.request),
        collect.collecting(
            entries, repository, staging, run.progress, run.archives, read
        ) as collected,
    ):
        return plan if plan.proof.by else prove(plan), collected()


def _tried(
    outcome: BuildOutcome,
    plan: BuildPlan,
    archives: tuple[Archive, ...],
    options: Options,
    run: Run,
) -> BuildOutcome:
    """Return an outcome with what was tried of it, if that is wanted."""
    if not options.try_install:
        return outcome
    if run.dry_run:
        return replace(outcome, tried=dict.fromkeys(plan.installs, "not tried in a dry run"))
    return replace(outcome, tried=try_install(plan, archives, run.progress))
