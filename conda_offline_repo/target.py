"""The customer's environment: made, configured for a repository, and filled from it."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.core.envs_manager import register_env
from conda.core.prefix_data import PrefixData
from conda.gateways.disk.delete import rm_rf
from conda.models.channel import Channel
from conda.models.match_spec import MatchSpec
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from . import _compat
from .exceptions import OlderBuildError, PlatformMissingError, TargetError
from .guard import check_caches
from .moved import follow
from .solve import UNSOLVED, explanation
from .state import State, dump_state, read_state, state_path
from .urls import file_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import Any

    from .locate import Repository

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
    new = _condarc(old, channel, path)
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


@contextmanager
def offline(target: Target) -> Iterator[None]:
    """Let conda see the repository's channel only, and no network."""
    with _compat.settings(_channels=(target.channel,), offline=True):
        yield


def transaction(target: Target, packages: Iterable[str]) -> Any:
    """Solve for the packages in the environment, from the repository alone; see `offline`.

    Returns:
        conda's transaction, not yet run. Packages that are installed already are updated.

    Raises:
        TargetError: A package is not in the repository, or does not go with what is installed.
    """
    specs = tuple(MatchSpec(package) for package in packages)
    channel = Channel(target.channel)
    there = installed(target.prefix)
    backend = context.plugin_manager.get_cached_solver_backend(None)
    solver = backend(
        str(target.prefix),
        (channel,),
        context.subdirs,
        specs_to_add=specs,
        command="update" if all(spec.name in there for spec in specs) else "install",
    )
    try:
        # offline, solvers offer what conda's caches have as well: from where the repository was
        with TemporaryDirectory() as caches, _compat.settings(_pkgs_dirs=(caches,)):
            _compat.refresh_index_cache(channel, context.subdirs)
            change = solver.solve_for_transaction()
        check_caches(change.prefix_setups[str(target.prefix)].link_precs)
        return change
    except UNSOLVED as error:
        text = explanation(error, (channel,))
    # nothing of the rattler solver may live on: its threads would end the process with a crash
    del solver
    gc.collect()
    raise TargetError(
        f"The packages cannot be installed.\n{text}",
        "`conda offline-repo show` lists what the repository has; "
        "ask your vendor for a build with what is missing.",
    )


def installed(prefix: Path) -> frozenset[str]:
    """The names of the packages in an environment."""
    return frozenset(record.name for record in PrefixData(str(prefix)).iter_records())


def _condarc(old: str, channel: str, path: Path) -> str:
    """The text of a `.condarc` with our keys set and all the rest of it kept, comments too."""
    yaml = YAML()
    yaml.preserve_quotes = True
    try:
        content = yaml.load(old)
    except YAMLError as error:
        raise TargetError(f"{path} is not valid YAML: {error}") from error
    was_empty = content is None
    if was_empty:
        content = {}
    if not isinstance(content, dict):
        raise TargetError(f"{path} is not a conda configuration file.")
    wanted = {
        "channels": [channel],
        "default_channels": [channel] if _may_be_default(channel) else None,
        "offline": True,
    }
    if all(content.get(key) == value for key, value in wanted.items()):
        return old
    for key, value in wanted.items():
        if value is None:
            content.pop(key, None)
        else:
            content[key] = value
    text = StringIO()
    yaml.dump(content, text)
    if was_empty and old.strip():  # a file of comments only has nothing for them to hang on
        return f"{old.rstrip()}\n{text.getvalue()}"
    return text.getvalue()


def _may_be_default(channel: str) -> bool:
    """Whether conda can have this channel for `defaults`.

    Current conda decodes the escapes in the URL of such a channel, so that `%` and `#` lead astray
    and packages are recorded under another URL; but without it, it decodes the last part alone,
    which leads astray if that has any.
    """
    escaped = "%25" in channel or "%23" in channel
    return not escaped and ("%" not in channel or "%" in channel.rpartition("/")[2])


def _replace(path: Path, content: str) -> None:
    """Write a file beside, then rename it into place."""
    temporary = path.with_name(f"{path.name}.new")
    temporary.write_text(content, encoding="utf-8")
    temporary.replace(path)
