"""Install into the customer's environment from the repository alone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from operator import methodcaller
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from conda.base.context import context
from conda.exceptions import NoWritablePkgsDirError
from conda.models.channel import Channel
from conda.models.match_spec import MatchSpec

from .._conda import configuration, features, indexes, overrides
from .._conda.solver import UnsolvedError, ask
from .._conda.transactions import installed, linked, removed, requested, transaction_to
from ..files.web import WebFolder
from ..urls import is_folder
from .environment.confinement import reading
from .environment.records import followed
from .exceptions import PackageCacheError
from .hooks.archives import from_repositories
from .hooks.caches import check_caches
from .hooks.history_check import expected_by_use, on_servers
from .installed import replaced, superseded

if TYPE_CHECKING:
    from ..repository.locate import Repository
    from ..repository.manifest import Manifest
    from .target import Target

#: What solvers read in `conda-meta` besides the records of packages.
READ = ("history", "pinned", "state")


@contextmanager
def confined(target: Target, repository: Repository) -> Iterator[None]:
    """Let conda see the repository's channel alone, and no other host, and hold back what it will
    hold back in the environment.

    Raises:
        PackageCacheError: conda has no package cache to write, or this user may not read it all.
    """
    own = configuration.merged(target.prefix, target.own_condarc)
    token = expected_by_use.set(target.trust.signers)
    settings = {
        **configuration.cooldown_of(own),
        **reading(target.channel),
        "_channels": (target.channel,),
        "offline": is_folder(target.channel),
        "allowlist_channels": own.allowlist_channels,
        "register_envs": features.registers(),
    }
    if isinstance(repository.path, WebFolder):
        on_servers[repository.path] = repository
        settings["_fetch_threads"] = features.downloads_at_once()
    try:
        with overrides.settings(**settings), overrides.present_umask():
            yield
    except (NoWritablePkgsDirError, PermissionError) as error:
        path = Path(str(getattr(error, "filename", context.pkgs_dirs[0])))
        if not any(map(path.is_relative_to, context.pkgs_dirs)):
            raise
        raise PackageCacheError(error) from error
    finally:
        expected_by_use.reset(token)
        on_servers.clear()


def transaction(
    target: Target, specs: Sequence[MatchSpec], manifest: Manifest, *, back: bool
) -> Any:
    """Solve for the packages in the environment, from the repository alone; see `confined`.

    Args:
        target: The environment.
        specs: The packages to install, or to update where they are installed. Where the repository
            has other bytes under the same name, version and build, these are installed.
        manifest: The manifest of the repository.
        back: Whether these packages and what they need are to come to the versions that the
            repository has, older ones too.

    Returns:
        conda's transaction, not yet run.

    Raises:
        UnsolvedError: The solver finds no solution.
        PoisonedCacheError: conda's package cache holds another archive in the place of one.
    """
    names = [spec.name for spec in specs]
    without = replaced(manifest, target.prefix, names)
    if back:
        without |= superseded(manifest, target.prefix, names)
    with _without_caches() if context.offline else nullcontext():
        if context.offline:
            indexes.refresh_index_cache(Channel(target.channel), context.subdirs)
        if target.moved_from or without:
            change = _with_view(target, specs, without)
        else:
            change = _ask(target, target.prefix, specs, "solve_for_transaction")
    if gone := removed(change, target.prefix) & {*names}:  # libmamba takes that for a solution
        raise UnsolvedError(f"The solver would remove {', '.join(sorted(gone))}.")
    # after the solve, the empty cache was checked
    check_caches(from_repositories(linked(change, target.prefix)))
    return change


@contextmanager
def _without_caches() -> Iterator[None]:
    """Hide conda's caches, of which solvers offline offer what is from where a repository was."""
    # a solver may have them open for a moment longer, and Windows does not remove what is open
    caches = TemporaryDirectory(ignore_cleanup_errors=True)
    with caches as folder, overrides.settings(_pkgs_dirs=(folder,)):
        yield


def _with_view(target: Target, specs: Sequence[MatchSpec], without: frozenset[str]) -> Any:
    """Solve against the view of an environment; return the transaction for the environment."""
    again = {*requested(target.prefix)} & without - {spec.name for spec in specs}
    specs = (*specs, *map(MatchSpec, sorted(again)))
    context.plugin_manager.invoke_pre_solves(frozenset(specs), frozenset())
    with _view(target, without) as folder:
        solution = _ask(target, folder, specs, "solve_final_state")
        seen = installed(folder)
    current = installed(target.prefix)
    records = (current[r.name] if r.name in seen and seen[r.name] == r else r for r in solution)
    return transaction_to(target.prefix, records, specs)


@contextmanager
def _view(target: Target, without: frozenset[str]) -> Iterator[Path]:
    """Copy an environment's records to a temporary folder as the solver is to see them: coming from
    where the repository is now, and without those packages that go back to older versions.

    The environment itself stays as it is until somebody agrees to the solution.
    """
    meta = target.prefix / "conda-meta"
    with TemporaryDirectory() as name:
        folder = Path(name, "conda-meta")
        folder.mkdir()
        for path in (*meta.glob("*.json"), *(meta / file for file in READ)):
            if path.is_file():
                shutil.copyfile(path, folder / path.name)
        for path, text in followed(target.prefix, target.moved_from, target.channel):
            (folder / path.name).write_text(text, "utf-8")
        for record in installed(target.prefix).values():
            if record.name in without:
                Path(folder, f"{record.name}-{record.version}-{record.build}.json").unlink()
        yield Path(name)


def _ask(target: Target, prefix: Path, specs: Sequence[MatchSpec], method: str) -> Any:
    current = installed(prefix)
    return ask(
        methodcaller(method),
        str(prefix),
        (Channel(target.channel),),
        context.subdirs,
        specs,
        "update" if all(spec.name in current for spec in specs) else "install",
    )
