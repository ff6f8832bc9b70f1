"""Install into the customer's environment from the repository alone."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from operator import methodcaller
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.models.channel import Channel
from conda.models.match_spec import MatchSpec

from .._conda import indexes, overrides
from .._conda.solver import UnsolvedError, ask
from .._conda.transactions import installed, linked, requested, transaction_to
from .environment.records import followed
from .exceptions import TargetError
from .hooks.archives import from_repositories
from .hooks.caches import check_caches
from .hooks.history_check import checked_by_use

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from ..repository.manifest import Manifest
    from .target import Target

#: What solvers read of an environment besides the records of its packages.
READ = ("history", "pinned", "state")


@contextmanager
def offline(target: Target) -> Iterator[None]:
    """Let conda see the repository's channel only, and no network."""
    settings = overrides.settings(_channels=(target.channel,), offline=True)
    with settings, checked_by_use(target.trust.signers):
        yield


def transaction(target: Target, specs: Sequence[MatchSpec], back_to: Manifest | None) -> Any:
    """Solve for the packages in the environment, from the repository alone; see `offline`.

    Args:
        target: The environment.
        specs: What to install. What is installed already is updated.
        back_to: The manifest of the repository, if what is installed of these packages and of what
            they need is to be brought to the versions that it has, older ones too.

    Returns:
        conda's transaction, not yet run.

    Raises:
        TargetError: A package is not in the repository, or does not go with what is installed.
        PoisonedCacheError: conda's package cache holds another archive in the place of one.
    """
    names = {spec.name for spec in specs}
    without = superseded(target.prefix, names, back_to) if back_to else frozenset()
    try:
        # offline, solvers offer what conda's caches have as well: from where the repository was
        with TemporaryDirectory() as caches, overrides.settings(_pkgs_dirs=(caches,)):
            indexes.refresh_index_cache(Channel(target.channel), context.subdirs)
            if target.moved_from or without:
                change = _with_view(target, specs, without)
            else:
                change = _ask(target, target.prefix, specs, "solve_for_transaction")
    except UnsolvedError as error:
        raise TargetError(
            f"The packages cannot be installed.\n{error}",
            "`conda offline-repo show` lists what the repository has; "
            "ask your vendor for a build with what is missing.",
        ) from None
    # what was checked after the solve was the empty cache
    check_caches(from_repositories(linked(change, target.prefix)))
    return change


def superseded(prefix: Path, names: Iterable[str], manifest: Manifest) -> frozenset[str]:
    """The names of what is to be brought to the versions of a repository that went back.

    They are the packages that are named and all that they need, as far as the repository has
    another version or content of them.
    """
    records = installed(prefix)
    needed: set[str] = set()
    to_see = [*names]
    while to_see:
        name = to_see.pop()
        if name in records and name not in needed:
            needed.add(name)
            to_see += [MatchSpec(spec).name for spec in records[name].depends]
    offered = {path.rpartition("/")[2].rsplit("-", 2)[0] for path in manifest.packages}

    def differs(name: str) -> bool:
        record = records[name]
        package = manifest.packages.get(f"{record.subdir}/{record.fn}")
        return package is None or (record.get("sha256") or package.sha256) != package.sha256

    return frozenset(filter(differs, needed & offered))


def _with_view(target: Target, specs: Sequence[MatchSpec], without: frozenset[str]) -> Any:
    """Solve against the view of an environment; returns the transaction for the environment."""
    asked = set(requested(target.prefix)) & without - {spec.name for spec in specs}
    specs = (*specs, *map(MatchSpec, sorted(asked)))
    context.plugin_manager.invoke_pre_solves(frozenset(specs), frozenset())
    with _view(target, without) as folder:
        solution = _ask(target, folder, specs, "solve_final_state")
        seen = installed(folder)
    here = installed(target.prefix)
    records = (here[r.name] if r.name in seen and seen[r.name] == r else r for r in solution)
    return transaction_to(target.prefix, records, specs)


@contextmanager
def _view(target: Target, without: frozenset[str]) -> Iterator[Path]:
    """Lay an environment out in a temporary folder as it is to look to the solver: with its
    packages' origins brought over to where the repository is now, and without those that are to be
    brought back to older versions.

    The environment itself stays as it is until the solution is found, shown and agreed to.
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
    here = installed(prefix)
    return ask(
        methodcaller(method),
        str(prefix),
        (Channel(target.channel),),
        context.subdirs,
        specs,
        "update" if all(spec.name in here for spec in specs) else "install",
    )
