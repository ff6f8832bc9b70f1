"""The story of `use`: an environment is made to install and update from a repository alone."""

from __future__ import annotations

import logging
from collections.abc import Collection
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from .._conda.solver import UnsolvedError
from .._conda.transactions import actions, installed, linked, read_again
from ..repository.locate import Repository, labels_in
from .configuration import Finding
from .cooldown import HeldBack, held_back
from .diagnostics import diagnose
from .environment.files import replace_all
from .environment.lock import check_not_frozen, exclusive
from .environment.state import dump, read_state, state_path
from .exact import exactly, keeping, solution
from .exceptions import CooldownError, TargetError
from .hooks.guard import check_format, solutions_with
from .hooks.policy import check_policies
from .install import confined, transaction
from .installed import installed_release, withdrawn_release
from .source import check_files, located, reachable, records
from .target import Target, configure, plan, unmake
from .trust.exceptions import UnknownSignerError
from .ways import lagging, next_commands, ways

if TYPE_CHECKING:
    from ..progress import Progress
    from .request import Dialog, UseRequest

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What `use` did, or in a dry run would do.

    Attributes:
        request: The request.
        repository: The repository.
        target: The environment, as it was and as it was to become.
        findings: What does not fit the repository, or interferes.
        held_back: What conda does not install because of its age; None if nothing.
        exempted: Whether the environment is exempted from that, or would be in a dry run if the
            user agreed.
        linked: The installed packages, as `channel/subdir::name-version-build`.
        unlinked: The removed packages.
        release: The release that the environment's packages are of; see `installed_release`.
        mixed: Whether it has packages, but of no single release.
        next: The commands to type next.
    """

    request: UseRequest
    repository: Repository
    target: Target
    findings: tuple[Finding, ...]
    held_back: HeldBack | None
    exempted: bool
    linked: tuple[str, ...]
    unlinked: tuple[str, ...]
    release: int | None
    mixed: bool
    next: tuple[str, ...]


def use(request: UseRequest, progress: Progress, dialog: Dialog) -> Outcome:
    """Check a repository, configure an environment for it, and install from it.

    Args:
        request: What to do.
        progress: Shows how far the verification is.
        dialog: Shows what the user has to know, and asks what to decide.

    Raises:
        RepositoryDamagedError: Files of the repository differ from its manifest.
        SiblingIndexError: conda may read other files in the place of its index.
        NewerFormatError: This conda does not see the packages.
        UnknownSignerError: Nobody confirms that its signer is the vendor.
        PolicyBreachedError: A policy forbids packages of it.
        CooldownError: conda forbids the release because of its age, and nobody exempts it.
        OfflineRepoError: It cannot be used; see `reachable`, `located`, `target.plan`,
            `install.transaction` and `exact.exactly`.
        CondaError: The environment is frozen, or conda refuses.
    """
    with reachable(request.path, request.prefix):
        return _use(request, progress, dialog)


def _use(request: UseRequest, progress: Progress, dialog: Dialog) -> Outcome:
    state = read_state(request.prefix)
    usual = state.label if state else None
    repository = located(request.path, progress, request.label, usual)
    if usual and not request.label and len(labels_in(request.path)) > 1:
        progress.step(f"Taking label {usual}, which this environment uses")
    target = plan(repository, request)
    solutions = _solutions(request, repository)
    check_format(repository.path, repository.manifest, solutions)
    findings = diagnose(repository, request.prefix)
    archives = {name for solution in solutions for name in solution}
    held = held_back(repository, request.prefix, partial(records, repository, archives))
    if request.exact:
        findings += keeping(repository, request.prefix, archives)
    if request.verify:
        check_files(repository, progress)
    if not request.packages:
        findings += _allowed(request, repository, archives)
    exemption = held.exemption if held else None
    exempted = exemption is not None and (request.exempt or request.dry_run)
    of_age = (held.finding,) if held and not (exempted and request.exempt) else ()
    dialog.warn((*findings, *of_age))
    changes = request.exact or bool(request.packages) or not target.settled
    if changes:
        check_not_frozen(request.prefix)
    if target.trust.unknown and not request.dry_run and not dialog.trusts(repository):
        raise UnknownSignerError(repository.path, repository.signers)
    if held and exemption and not exempted and dialog.exempts(held):
        exempted, of_age = True, ()
    refused = held and (held.packages if request.exact else request.packages and held.unsupported)
    if held and refused and not exempted:
        raise CooldownError(held.problem, held.remedy)
    plan_target = partial(plan, repository, request, exemption if exempted else None)
    target = plan_target() if exempted else target
    if exempted and not changes:
        changes = True
        check_not_frozen(request.prefix)
    alone = changes and not request.dry_run
    with exclusive(request.prefix, dialog.wait) if alone else nullcontext():
        if alone:  # another `use` may have changed the environment before
            read_again(request.prefix)
            target = plan_target()
        shared = (request, repository, target, progress)
        linked, unlinked, late = _install(*shared, dialog, () if exempted else of_age)
        if alone and (state := target.state).withdrawn:
            left = withdrawn_release(repository.manifest, state, request.prefix)
            replace_all([(state_path(request.prefix), dump(replace(state, withdrawn=left)))])
    release = installed_release(repository.manifest, request.prefix)
    mixed = release is None and bool(installed(request.prefix))
    return Outcome(
        request=request,
        repository=repository,
        target=target,
        findings=(*findings, *of_age, *late),
        held_back=held,
        exempted=exempted,
        linked=linked,
        unlinked=unlinked,
        release=release,
        mixed=mixed,
        next=tuple(next_commands(request, repository)),
    )


def _allowed(
    request: UseRequest, repository: Repository, archives: Collection[str]
) -> tuple[Finding, ...]:
    """Return what the policies warn of; raises as `check_policies` does."""
    texts = check_policies(repository, request.policy, archives)
    return tuple(Finding("policy", text) for text in texts)


def _solutions(request: UseRequest, repository: Repository) -> tuple[tuple[str, ...], ...]:
    """Return the archives of the environments that are meant, of one or any."""
    if request.exact:
        return (solution(repository, request.release, request.environment),)
    return solutions_with(repository.manifest, [package.match for package in request.packages])


def _install(
    request: UseRequest,
    repository: Repository,
    target: Target,
    progress: Progress,
    dialog: Dialog,
    of_age: tuple[Finding, ...],
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Finding, ...]]:
    """Configure the environment and install into it.

    Returns what was linked and unlinked, and what the solver does not bring. Nothing is configured
    before conda has a transaction and the user agrees to it.
    """
    with confined(target, repository):
        change = _transaction(request, repository, target, progress, of_age)
        changed = actions(change, target.prefix) if change else ((), ())
        for verb, packages in zip(("link", "unlink"), changed, strict=True):
            for package in packages:
                log.info("%s %s", verb, package)
        late: tuple[Finding, ...] = ()
        if change and request.packages:
            names = {f"{r.subdir}/{r.fn}" for r in linked(change, target.prefix)}
            late = _allowed(request, repository, names)
        newest = () if request.allow_older else request.packages
        late += lagging(target, repository, newest, change)
        if late:
            dialog.warn(late)
        if change:
            dialog.agree(change)
        if not request.dry_run:
            try:
                if change:
                    change.download_and_extract()
                configure(target)
                if change:
                    change.execute()
            except BaseException:  # an interruption and conda's own exits leave nothing, either
                unmake(target)
                raise
    return *changed, late


def _transaction(
    request: UseRequest,
    repository: Repository,
    target: Target,
    progress: Progress,
    of_age: tuple[Finding, ...],
) -> Any:
    change = None
    if request.exact:
        change = exactly(repository, request)
    elif request.packages:
        progress.step(f"Solving {repository.manifest.label} for {request.prefix}")
        specs = [package.match for package in request.packages]
        try:
            change = transaction(target, specs, repository.manifest, back=request.allow_older)
        except UnsolvedError as error:
            problem = f"The packages cannot be installed.\n{error}"
            hints = ways(target, repository, request.packages)
            raise TargetError(problem, *(f.text for f in of_age), *hints) from None
    return None if change is None or change.nothing_to_do else change
