"""Install into the customer's environment from the repository alone."""

from __future__ import annotations

from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.core.link import PrefixSetup, UnlinkLinkTransaction
from conda.core.prefix_data import PrefixData
from conda.core.solve import diff_for_unlink_link_precs
from conda.history import History
from conda.models.channel import Channel
from conda.models.match_spec import MatchSpec
from conda.models.prefix_graph import PrefixGraph

from .._conda import indexes, overrides
from .._conda.solver import UnsolvedError, ask
from .exceptions import TargetError
from .hooks.archives import from_repositories
from .hooks.caches import check_caches
from .hooks.history_check import checked_by_use
from .view import superseded, view

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from ..repository.manifest import Manifest
    from .target import Target


@contextmanager
def offline(target: Target) -> Iterator[None]:
    """Let conda see the repository's channel only, and no network."""
    settings = overrides.settings(_channels=(target.channel,), offline=True)
    with settings, checked_by_use(target.trust.signers):
        yield


def transaction(target: Target, packages: tuple[str, ...], back_to: Manifest | None = None) -> Any:
    """Solve for the packages in the environment, from the repository alone; see `offline`.

    Args:
        target: The environment.
        packages: What to install. What is installed already is updated.
        back_to: The manifest of the repository, if what is installed of these packages and of what
            they need is to be brought to the versions that it has, older ones too.

    Returns:
        conda's transaction, not yet run.

    Raises:
        TargetError: A package is not in the repository, or does not go with what is installed.
        PoisonedCacheError: conda's package cache holds another archive in the place of one.
    """
    without = superseded(target.prefix, packages, back_to) if back_to else frozenset()
    try:
        # offline, solvers offer what conda's caches have as well: from where the repository was
        with TemporaryDirectory() as caches, overrides.settings(_pkgs_dirs=(caches,)):
            indexes.refresh_index_cache(Channel(target.channel), context.subdirs)
            if target.moved_from or without:
                change = _with_view(target, packages, without)
            else:
                change = _ask(target, target.prefix, packages, "solve_for_transaction")
    except UnsolvedError as error:
        raise TargetError(
            f"The packages cannot be installed.\n{error}",
            "`conda offline-repo show` lists what the repository has; "
            "ask your vendor for a build with what is missing.",
        ) from None
    check_caches(from_repositories(change.prefix_setups[str(target.prefix)].link_precs))
    return change


def _with_view(target: Target, packages: tuple[str, ...], without: frozenset[str]) -> Any:
    """Solve against the view of an environment; returns the transaction for the environment."""
    named = {MatchSpec(package).name for package in packages}
    asked = set(History(str(target.prefix)).get_requested_specs_map()) & without - named
    specs = (*packages, *sorted(asked))
    manager = context.plugin_manager
    added = frozenset(map(MatchSpec, specs))
    manager.invoke_pre_solves(added, frozenset())
    with view(target, without) as folder:
        final = _ask(target, folder, specs, "solve_final_state")
        seen = {record.name: record for record in PrefixData(str(folder)).iter_records()}
    here = {record.name: record for record in PrefixData(str(target.prefix)).iter_records()}
    stays = (here[r.name] if r.name in seen and seen[r.name] == r else r for r in final)
    ordered = type(final)(PrefixGraph(stays).graph)
    unlink, link = diff_for_unlink_link_precs(str(target.prefix), ordered, tuple(added))
    manager.invoke_post_solves("repodata.json", unlink, link)
    setup = PrefixSetup(str(target.prefix), unlink, link, (), tuple(added), ())
    return UnlinkLinkTransaction(setup)


def _ask(target: Target, prefix: Path, packages: tuple[str, ...], method: str) -> Any:
    there = installed(prefix)
    update = all(MatchSpec(package).name in there for package in packages)
    return ask(
        lambda solver: getattr(solver, method)(),
        str(prefix),
        (Channel(target.channel),),
        context.subdirs,
        packages,
        "update" if update else "install",
    )


def installed(prefix: Path) -> frozenset[str]:
    """Return the names of the packages in an environment."""
    return frozenset(record.name for record in PrefixData(str(prefix)).iter_records())
