"""The customer's environment: made, and configured for a repository."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.core.envs_manager import register_env
from conda.gateways.disk.delete import rm_rf

from ..urls import file_url
from .condarc import configured
from .exceptions import OlderBuildError, PlatformMissingError, TargetError
from .moved import follow
from .state import State, dump_state, read_state, state_path

if TYPE_CHECKING:
    from pathlib import Path

    from ..repository.locate import Repository

CONDARC = ".condarc"


@dataclass(frozen=True)
class Target:
    """An environment that is to install from a repository.

    Attributes:
        prefix: Its folder.
        exists: Whether it is an environment already.
        channel: The repository as a channel URL.
        condarc: The content that the environment's `.condarc` is to have.
        configured: Whether it has that content already.
        state: What the environment is to remember of the repository.
        moved_from: The channel URL that its packages carry, if the repository has moved.
    """

    prefix: Path
    exists: bool
    channel: str
    condarc: str
    configured: bool
    state: State
    moved_from: str | None


def plan(repository: Repository, prefix: Path, *, allow_older: bool = False) -> Target:
    """Find out what has to be done to an environment, without doing it.

    Raises:
        PlatformMissingError: The repository has nothing for this machine.
        OlderBuildError: The environment has used a newer build, and older ones are not allowed.
        TargetError: The prefix or its `.condarc` cannot be used.
    """
    platforms = repository.manifest.request.platforms
    if context.subdir not in platforms:
        raise PlatformMissingError(repository.path, context.subdir, platforms)
    exists = (prefix / "conda-meta" / "history").is_file()
    if not exists and prefix.exists() and (not prefix.is_dir() or any(prefix.iterdir())):
        raise TargetError(
            f"{prefix} is there, but is not a conda environment.",
            "Give another name with -n or another path with -p.",
        )
    channel = file_url(repository.path)
    path = prefix / CONDARC
    try:
        old = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        old = ""
    except (OSError, UnicodeDecodeError) as error:
        raise TargetError(f"{path} cannot be read: {error}.") from error
    new = configured(old, channel, path)
    manifest = repository.manifest
    last = read_state(prefix)
    same_label = last is not None and last.label == manifest.label
    if last and same_label and manifest.build < last.build and not allow_older:
        raise OlderBuildError(repository.path, manifest.build, last.build)
    return Target(
        prefix=prefix,
        exists=exists,
        channel=channel,
        condarc=new,
        configured=old == new,
        state=State(manifest.label, manifest.build, str(repository.path), channel),
        moved_from=last.channel if last and same_label and last.channel != channel else None,
    )


def configure(target: Target) -> None:
    """Make the environment if need be, and give it its `.condarc`.

    Raises:
        TargetError: It cannot be written.
    """
    history = target.prefix / "conda-meta" / "history"
    try:
        if not target.exists:
            history.parent.mkdir(parents=True, exist_ok=True)
            history.touch()
            register_env(str(target.prefix))
        if not target.configured:
            _replace(target.prefix / CONDARC, target.condarc)
        if target.moved_from:
            follow(target.prefix, target.moved_from, target.channel)
        if read_state(target.prefix) != target.state:
            _replace(state_path(target.prefix), dump_state(target.state))
    except OSError as error:
        raise TargetError(
            f"{target.prefix} cannot be written: {error.strerror or error}.",
            "Give another path with -p, or ask for write permission to this one.",
        ) from error


def unmake(target: Target) -> None:
    """Remove an environment that this run made and could not fill."""
    if not target.exists:
        rm_rf(str(target.prefix))


def _replace(path: Path, content: str) -> None:
    """Write a file beside, then rename it into place."""
    temporary = path.with_name(f"{path.name}.new")
    temporary.write_text(content, encoding="utf-8")
    temporary.replace(path)
