"""The story of `use`: an environment is made to install and update from a repository alone."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from conda.utils import quote_for_shell

from .._conda.transactions import actions, installed
from ..exceptions import InvalidRequestError
from ..repository.locate import locate_one
from ..repository.names import DEFAULT
from ..repository.verify import verify
from ..specs import PackageSpec
from .diagnostics import survey
from .environment.lock import check_not_frozen, exclusive
from .exact import exactly
from .exceptions import RepositoryDamagedError, SiblingIndexError, UnknownSignerError
from .install import offline, superseded, transaction
from .target import configure, plan, unmake

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from ..progress import Progress
    from ..repository.locate import Repository
    from .diagnostics import Finding
    from .target import Target


@dataclass(frozen=True)
class UseRequest:
    """What is asked of `use`.

    Attributes:
        path: The repository, or the folder above it.
        prefix: The environment, made or not.
        name: What it was called by, a name or a path; None if it is the active one.
        label: Which repository, if the folder holds several.
        packages: What to install, or to update where it is installed.
        release: Bring the environment to just what this release installs.
        environment: Bring it to just what this environment of the label installs.
        trusted: Fingerprints of keys that are the vendor's.
        allow_older: Take an older release than the last one, or its number with other content.
        other_label: Take another label's repository than the last one.
        verify: Read and check every file of the repository.
        dry_run: Change nothing.
    """

    path: Path
    prefix: Path
    name: str | None = None
    label: str | None = None
    packages: tuple[PackageSpec, ...] = ()
    release: int | None = None
    environment: str | None = None
    trusted: tuple[str, ...] = ()
    allow_older: bool = False
    other_label: bool = False
    verify: bool = True
    dry_run: bool = False

    @property
    def exact(self) -> bool:
        """Whether the environment is to have just what a release installs."""
        return self.release is not None or self.environment is not None

    @property
    def installs(self) -> bool:
        """Whether packages are to be installed."""
        return self.exact or bool(self.packages)


@dataclass(frozen=True)
class Outcome:
    """What `use` did, or in a dry run would do.

    Attributes:
        request: What was asked.
        repository: The repository.
        target: The environment, as it was and what it was to become.
        findings: What does not fit the repository, or interferes.
        linked: The packages that were installed, as `channel/subdir::name-version-build`.
        unlinked: Those that were removed.
        next: The commands to type next.
    """

    request: UseRequest
    repository: Repository
    target: Target
    findings: tuple[Finding, ...]
    linked: tuple[str, ...]
    unlinked: tuple[str, ...]
    next: tuple[str, ...]


class Dialog(Protocol):
    """The person who uses the repository: is told and asked while `use` works."""

    def warn(self, findings: tuple[Finding, ...]) -> None:
        """Tell what to know before anything is installed."""

    def wait(self, holder: str) -> None:
        """Tell who works on the environment, and is waited for."""

    def trusts(self, repository: Repository) -> bool:
        """Ask whether a repository is signed by the vendor; `--yes` is no answer to that."""

    def agree(self, transaction: Any) -> None:
        """Show conda's transaction, and ask whether to go on; raises what conda raises if not."""


def use(request: UseRequest, progress: Progress, dialog: Dialog) -> Outcome:
    """Check a repository, configure an environment for it, and install from it.

    Args:
        request: What is asked.
        progress: Told how far it is.
        dialog: Told and asked what a person has to know and to decide.

    Raises:
        InvalidRequestError: The request contradicts itself.
        RepositoryDamagedError: Files of the repository are not what its manifest says.
        SiblingIndexError: conda may read others in the place of its index.
        UnknownSignerError: Nobody says that its signer is the vendor.
        OfflineRepoError: It cannot be used; see `locate_one`, `target.plan`, `install.transaction`
            and `exact.exactly`.
        CondaError: The environment is frozen, or conda cannot do what is asked.
    """
    if request.exact and request.packages:
        raise InvalidRequestError(
            "--release and --environment take no packages: what is installed stands in the "
            "repository.",
            "Leave them out.",
        )
    repository = locate_one(request.path, request.label)
    target = _plan(request, repository)
    findings = survey(repository, request.prefix)
    if request.verify:
        _verify(repository, progress)
    dialog.warn(findings)
    changes = request.installs or not target.settled
    if changes:
        check_not_frozen(request.prefix)
    if target.trust.unknown and not request.dry_run and not dialog.trusts(repository):
        raise UnknownSignerError(repository.path, repository.signers)
    alone = changes and not request.dry_run
    with exclusive(request.prefix, dialog.wait) if alone else nullcontext():
        target = _plan(request, repository)
        done = _install(request, repository, target, progress, dialog)
    commands = tuple(_next_commands(request, repository))
    return Outcome(request, repository, target, findings, *done, commands)


def _plan(request: UseRequest, repository: Repository) -> Target:
    return plan(
        repository,
        request.prefix,
        allow_older=request.allow_older,
        other_label=request.other_label,
        trusted=request.trusted,
    )


def _verify(repository: Repository, progress: Progress) -> None:
    report = verify(repository, progress)
    if not report.good:
        raise RepositoryDamagedError(
            repository.path,
            missing=report.missing,
            changed=report.changed,
            unreadable=report.unreadable,
        )
    if report.misleading:
        raise SiblingIndexError(repository.path, report.misleading)


def _install(
    request: UseRequest, repository: Repository, target: Target, progress: Progress, dialog: Dialog
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Configure the environment and install into it; returns what was linked and unlinked.

    Nothing is configured before conda's transaction was found and agreed to.
    """
    with offline(target):
        change = _transaction(request, repository, target, progress)
        done = actions(change, target.prefix) if change is not None else ((), ())
        if change is not None:
            dialog.agree(change)
        if request.dry_run:
            return done
        try:
            if change is not None:
                change.download_and_extract()
            configure(target)
            if change is not None:
                change.execute()
        except BaseException:  # an interruption and conda's own exits, too, leave nothing behind
            unmake(target)
            raise
    return done


def _transaction(
    request: UseRequest, repository: Repository, target: Target, progress: Progress
) -> Any:
    if request.exact:
        change = exactly(target, repository, request.release, request.environment)
    elif request.packages:
        progress.step(f"Solving {repository.manifest.label} for {request.prefix}")
        back_to = repository.manifest if request.allow_older else None
        change = transaction(target, [package.match for package in request.packages], back_to)
    else:
        return None
    return None if change.nothing_to_do else change


def _next_commands(request: UseRequest, repository: Repository) -> Iterator[str]:
    """Yield what to type next: activate, then install what is not there and update what is."""
    use_again = f"conda offline-repo use {quote_for_shell(str(repository.path))}"
    if request.name:
        yield f"conda activate {quote_for_shell(request.name)}"
    asked = repository.manifest.request
    if asked.environments or asked.exact:
        environment = request.environment or min(asked.environments, default=DEFAULT)
        prefix = quote_for_shell(str(request.prefix))
        yield f"{use_again} -p {prefix} --environment {environment}"
        return
    packages = dict.fromkeys(PackageSpec(package).unqualified for package in asked.packages)
    here = installed(request.prefix)
    present = [package for package in packages if package.match.name in here]
    absent = [package for package in packages if package not in present]
    if absent or not packages:
        yield f"conda install {' '.join(map(quote_for_shell, absent)) or 'PACKAGE'}"
    updates = " ".join(map(quote_for_shell, present))
    names = [package.match.name for package in present]
    if request.allow_older and superseded(request.prefix, names, repository.manifest):
        yield f"{use_again} --allow-older {updates}"
    elif present and not request.packages and request.release is None:
        yield f"conda update {updates}"
