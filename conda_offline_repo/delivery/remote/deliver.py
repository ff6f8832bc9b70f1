"""The story of a delivery to a store: as to a folder, but without a lock and without a rename."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from ...files.hashing import open_regular
from ...progress import Progress, Unwatched
from ...repository.manifest import INDEX_NAME
from ...repository.publication.exceptions import FileSystemError
from ...repository.publication.publish import Sealed, Transition, update
from ...repository.transition import age, is_next, next_signatures
from ..deliver import Outcome
from ..exceptions import SourceDamagedError, SourceUnreadableError
from ..plan import Plan, Terms, check_release
from ..source import Source
from ..stage import stage
from .send import Sender
from .state import State, check_name, draw, look, make_plan
from .store import Store, kept


def deliver(source: Source, store: Store, progress: Progress, terms: Terms) -> Outcome:
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
            check_release(source, store.shown, state.picture, state.known, terms)
            other = Path(folder, "other")
            if not terms.dry_run and finish_other(source, store, state, other, progress):
                state = look(store, Path(folder, "later"))
                check_release(source, store.shown, state.picture, state.known, terms)
            plan = make_plan(source, store, state)
            if terms.dry_run or not plan.changes:
                return Outcome(plan)
            return Outcome(plan, _publish(plan, store, state, Path(folder, "staging"), progress))
    except OSError as error:
        raise FileSystemError(error) from error


def finish_other(
    source: Source, store: Store, state: State, folder: Path, progress: Progress
) -> bool:
    """Finish the publication of another release, as far as its files lie ready; returns whether.

    Before anything is replaced there, a copy of all that replaces lies ready. Otherwise, index
    files of that release would be known to neither the old one nor the one that comes.
    """
    last, coming = state.last, state.coming
    if not last or not coming or coming.raw in (source.manifest.raw, last.raw):
        return False
    if age(coming) <= age(last) or not is_next(state.picture, last, coming):
        return False
    ready = [name for name in coming.everything if kept(name) in state.sizes]
    draw(store, folder, [kept(name) for name in ready])
    other = Source(
        place=Path(store.shown),
        manifest=coming,
        signers=coming.signers,
        signature=next_signatures(state.picture, coming),
        open=lambda name: open_regular(folder / kept(name)),
        names=frozenset(ready),
        paths=(),
    )
    plan = make_plan(other, store, state)
    if not ready or not other.names.issuperset(plan.lacking):
        return False
    try:
        _publish(plan, store, state, folder / "staging", progress)
    except (SourceDamagedError, SourceUnreadableError):
        return False
    return True


def _publish(
    plan: Plan, store: Store, state: State, staging: Path, progress: Progress
) -> tuple[str, ...]:
    store.clean()
    release, packages = plan.source.manifest, plan.source.manifest.packages
    new = {n for n in plan.lacking if n in packages and n not in state.sizes}
    replacing = {name: file for name, file in plan.lacking.items() if name not in new}
    stage(replace(plan, lacking=replacing), staging, Unwatched())
    draw(store, state.picture, [name for name in state.sizes if name.endswith(f"/{INDEX_NAME}")])
    sender = Sender(store, state, plan, staging, progress)
    with progress.counting("Sending", len(packages.keys() & plan.lacking.keys()), plan.size):
        sealed = Sealed(release, plan.source.signature)
        surplus = [*plan.surplus, *map(kept, replacing)]
        change = Transition(
            *(state.picture, staging, sealed, sealed, state.last, [*plan.lacking], surplus)
        )
        return update(change, sender)
