"""The customer's environment: planned, made, and configured for a repository."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.core.envs_manager import register_env, unregister_env
from conda.gateways.disk.delete import rm_rf

from .._conda import features
from .._conda.transactions import installed, read_again
from ..files.atomic import STAGED, remove
from ..repository.names import check_folder
from ..urls import is_folder
from .environment.condarc import (
    CONDARC,
    configured,
    exempted,
    ours,
    platform_in,
    read_condarc,
    restored,
    used,
)
from .environment.files import cannot_be_written, remove_staged, replace_all
from .environment.lock import LOCK_NAME
from .environment.records import followed, request_alone
from .environment.state import (
    CHANGE_NAME,
    STATE_NAME,
    Change,
    State,
    change_path,
    dump,
    read_change,
    read_state,
    state_path,
)
from .exceptions import OtherLabelError, OtherPlatformError, PlatformMissingError, TargetError
from .hooks.history_check import check_release
from .installed import withdrawn_release
from .trust.signers import Trust, decide

if TYPE_CHECKING:
    from ..repository.locate import Repository
    from .environment.exemption import Exemption
    from .request import UseRequest

#: All that an environment has after an interruption of the first `use`.
BEGUN = {CONDARC, "conda-meta", STATE_NAME, CHANGE_NAME, LOCK_NAME}


@dataclass(frozen=True)
class Target:
    """An environment that is to install from a repository.

    Attributes:
        prefix: Its folder.
        exists: Whether it is an environment already.
        condarc: The new content of its `.condarc`; None if that stays as it is.
        state: Its new state.
        moved_from: The channel URLs that its packages may carry, if the repository has moved.
        settled: Whether it needs no change but an installation.
        trust: Whose signature it is to expect.
    """

    prefix: Path
    exists: bool
    condarc: str | None
    state: State
    moved_from: tuple[str, ...]
    settled: bool
    trust: Trust

    @property
    def own_condarc(self) -> str:
        """The content that its `.condarc` is to have."""
        return read_condarc(self.prefix / CONDARC) if self.condarc is None else self.condarc

    @property
    def channel(self) -> str:
        """The repository as a channel URL."""
        return self.state.channel


def is_environment(prefix: Path) -> bool:
    """Return whether a folder is an environment of conda's."""
    return (prefix / "conda-meta" / "history").is_file()


def plan(repository: Repository, request: UseRequest, exempt: Exemption | None = None) -> Target:
    """Find out what has to be done to an environment, made or not, without doing it.

    `exempt` is what to exempt from conda's settings `exclude_newer`.

    Raises:
        OtherPlatformError: The environment is for another platform.
        PlatformMissingError: The repository has nothing for this machine.
        OtherLabelError: The environment uses another label's repository.
        OlderBuildError, OtherContentError: As `check_release`.
        FolderNameError: conda cannot read a channel in the repository's folder.
        TargetError: The prefix or its `.condarc` cannot be used.
        StateUnreadableError: The environment's state cannot be read.
        OfflineRepoError: The signature is not the expected one; see `trust.decide`.
    """
    manifest, prefix = repository.manifest, request.prefix
    exists = is_environment(prefix)
    if not exists and not _is_free(prefix):
        raise TargetError(
            f"{prefix} exists, but is not a conda environment.",
            "Give another name with -n or another path with -p.",
        )
    path = prefix / CONDARC
    old = read_condarc(path)
    _check_platform(prefix, platform_in(old, path))
    platforms = manifest.request.platforms
    if context.subdir not in platforms:
        raise PlatformMissingError(repository.path, context.subdir, platforms)
    check_folder(repository.path, context.subdirs)
    channel = repository.channel
    platform = None if context.subdir == features.native_platform() else context.subdir
    change = read_change(prefix)
    last = read_state(prefix)
    known = last or (change.state if change else None)
    former = known.channel if known else used(old, path)
    begun = (*change.origins, change.state.channel) if change else ()
    channels = {*([former] if former else []), *begun}
    before, kept = known.before if known else ours(old, path), old
    if any(is_folder(other) != is_folder(channel) for other in channels):  # other settings
        exempt = exempt or exempted(old, channels, channel, path)
        kept = restored(old, channels, before or "", path, known.platform if known else None)
        before = ours(kept, path)
    new = configured(kept, channel, path, platform, exempt)
    if known and known.label != manifest.label and not request.other_label:
        raise OtherLabelError(repository.path, manifest.label, known.label, prefix)
    trust = decide(repository, known, request.trusted)
    if known and not request.allow_older:
        check_release(repository.path, manifest, known, prefix, request.trusted)
    state = State(
        label=manifest.label,
        release=manifest.release,
        path=str(repository.path),
        channel=channel,
        manifest_sha256=manifest.digest,
        before=before,
        signers=trust.signers,
        platform=platform,
        withdrawn=withdrawn_release(manifest, last, prefix) if last else 0,
    )
    same = known is None or known.label == manifest.label
    origins = (*([former] if former and same else []), *begun)
    moved_from = tuple(dict.fromkeys(origin for origin in origins if origin != channel))
    return Target(
        prefix=prefix,
        exists=exists,
        condarc=None if old == new else new,
        state=state,
        moved_from=moved_from,
        settled=exists and old == new and last == state and not moved_from and change is None,
        trust=trust,
    )


def _check_platform(prefix: Path, configured: str | None) -> None:
    """Refuse to mix the packages of two platforms."""
    subdirs = {record.subdir for record in installed(prefix).values()} - {"noarch"}
    platforms = sorted(subdirs & {*context.known_subdirs}) or [configured or context.subdir]
    if context.subdir not in platforms:
        raise OtherPlatformError(prefix, platforms[0], context.subdir)


def configure(target: Target) -> None:
    """Make the environment if need be, write its `.condarc`, and let its records follow.

    Killed or failing at any moment, it leaves the environment as it was, or a change under way,
    which the next `use` finishes. A full disk is noticed before anything is changed.

    Raises:
        TargetError: It cannot be written.
    """
    if target.settled:
        return
    history = target.prefix / "conda-meta" / "history"
    try:
        history.parent.mkdir(parents=True, exist_ok=True)
        for folder in (target.prefix, history.parent):
            remove_staged(folder)
        replace_all(_new_contents(target))
        if not target.exists:
            register_env(str(target.prefix))
            history.touch()
        remove(change_path(target.prefix))
    except (OSError, ValueError) as error:
        raise cannot_be_written(target.prefix, error) from error
    if target.moved_from:
        read_again(target.prefix)


def _new_contents(target: Target) -> Iterator[tuple[Path, str]]:
    """Yield the files to be changed, in this order."""
    yield change_path(target.prefix), dump(Change(target.moved_from, target.state))
    yield from followed(target.prefix, target.moved_from, target.channel)
    yield from request_alone(target.prefix, (target.channel, *target.moved_from))
    if target.condarc is not None:
        yield target.prefix / CONDARC, target.condarc
    yield state_path(target.prefix), dump(target.state)


def unmake(target: Target) -> None:
    """Remove an environment that this run made and could not fill."""
    if target.exists:
        return
    meta = target.prefix / "conda-meta"
    with suppress(OSError):
        if is_environment(target.prefix):
            unregister_env(str(target.prefix))
    with suppress(OSError):
        for path in (*target.prefix.iterdir(), *meta.iterdir()):
            if path != meta and path.name != LOCK_NAME:  # this run holds the lock
                rm_rf(str(path))
    for folder in (meta, target.prefix):
        with suppress(OSError):
            folder.rmdir()


def _is_free(prefix: Path) -> bool:
    """Return whether a path does not exist, or has only what an interrupted `use` has left."""
    if not prefix.exists() and not prefix.is_symlink():
        return True
    meta = prefix / "conda-meta"
    try:
        paths = [*prefix.iterdir(), *(meta.iterdir() if meta.is_dir() else ())]
    except OSError:
        return False
    return all(path.name.removesuffix(STAGED) in BEGUN for path in paths)
