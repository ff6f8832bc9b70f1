"""The story of a delivery to a store: as to a folder, but without a lock and without a rename."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ...progress import Unwatched
from ...repository.exceptions import FileSystemError
from ...repository.publish import Sealed, Transition, update
from ..deliver import Outcome
from ..plan import check_release
from ..stage import stage
from .send import Sender
from .state import check_name, draw_indexes, look, make_plan

if TYPE_CHECKING:
    from ...progress import Progress
    from ..plan import Plan
    from ..source import Source
    from .state import State
    from .store import Store


def deliver(
    source: Source,
    store: Store,
    progress: Progress,
    *,
    allow_older: bool = False,
    origin_known: bool = False,
    dry_run: bool = False,
) -> Outcome:
    """Bring a store to the release of a source; see `delivery.deliver.deliver`.

    The next manifest is there before all else, so that the next command knows what this one has
    sent. What replaces something is read and checked before that; archives are checked while they
    are sent, before any index names them.

    Raises:
        OfflineRepoError: It failed; the store is whole, at the old release or the new one.
    """
    try:
        with TemporaryDirectory() as folder:
            check_name(store, source.manifest.request.platforms)
            state = look(store, Path(folder, "picture"))
            check_release(
                source,
                store.shown,
                state.picture,
                state.known,
                allow_older=allow_older,
                origin_known=origin_known,
            )
            plan = make_plan(source, store, state)
            if dry_run or not plan.changes:
                return Outcome(plan)
            return Outcome(plan, _publish(plan, store, state, Path(folder, "staging"), progress))
    except OSError as error:
        raise FileSystemError(error) from error


def _publish(
    plan: Plan, store: Store, state: State, staging: Path, progress: Progress
) -> tuple[str, ...]:
    store.clean()
    release, packages = plan.source.manifest, plan.source.manifest.packages
    new = {n for n in plan.lacking if n in packages and n not in state.sizes}
    replacing = {name: file for name, file in plan.lacking.items() if name not in new}
    stage(replace(plan, lacking=replacing), staging, Unwatched())
    draw_indexes(store, state)
    sender = Sender(store, state, plan, staging, progress)
    coming = [*plan.lacking]
    with progress.counting("Sending", len(packages.keys() & plan.lacking.keys()), plan.size):
        if state.last and state.coming and state.coming.raw != release.raw:
            # readers of a half published release need its word until this one can follow
            sender.place(sorted(new))
            coming = [*replacing]
        sealed = Sealed(release, plan.source.signature)
        change = Transition(
            state.picture, staging, sealed, sealed, state.last, coming, plan.surplus
        )
        return update(change, sender)
