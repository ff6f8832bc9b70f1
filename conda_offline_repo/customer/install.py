"""Install into the customer's environment from the repository alone."""

from __future__ import annotations

from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.core.prefix_data import PrefixData
from conda.models.channel import Channel
from conda.models.match_spec import MatchSpec

from .. import _compat
from ..solver import UnsolvedError, ask
from .archives import from_repositories
from .caches import check_caches
from .exceptions import TargetError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from .target import Target


@contextmanager
def offline(target: Target) -> Iterator[None]:
    """Let conda see the repository's channel only, and no network."""
    with _compat.settings(_channels=(target.channel,), offline=True):
        yield


def transaction(target: Target, packages: tuple[str, ...]) -> Any:
    """Solve for the packages in the environment, from the repository alone; see `offline`.

    Returns:
        conda's transaction, not yet run. Packages that are installed already are updated.

    Raises:
        TargetError: A package is not in the repository, or does not go with what is installed.
        PoisonedCacheError: conda's package cache holds another archive in the place of one.
    """
    channel = Channel(target.channel)
    there = installed(target.prefix)
    update = all(MatchSpec(package).name in there for package in packages)
    try:
        # offline, solvers offer what conda's caches have as well: from where the repository was
        with TemporaryDirectory() as caches, _compat.settings(_pkgs_dirs=(caches,)):
            _compat.refresh_index_cache(channel, context.subdirs)
            change = ask(
                lambda solver: solver.solve_for_transaction(),
                str(target.prefix),
                (channel,),
                context.subdirs,
                packages,
                "update" if update else "install",
            )
    except UnsolvedError as error:
        raise TargetError(
            f"The packages cannot be installed.\n{error}",
            "`conda offline-repo show` lists what the repository has; "
            "ask your vendor for a build with what is missing.",
        ) from None
    check_caches(from_repositories(change.prefix_setups[str(target.prefix)].link_precs))
    return change


def installed(prefix: Path) -> frozenset[str]:
    """The names of the packages in an environment."""
    return frozenset(record.name for record in PrefixData(str(prefix)).iter_records())
