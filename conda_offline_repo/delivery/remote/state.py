"""What a store has: which files of which sizes, and what its manifests say of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from conda.base.context import context

from ...files.atomic import write
from ...files.workers import run_all
from ...repository.exceptions import FolderNameError
from ...repository.manifest import (
    BESIDE,
    JOURNAL_NAME,
    MANIFEST_NAME,
    NEXT_NAME,
    NEXT_SIGNATURE_NAME,
    Manifest,
)
from ...repository.names import PLUGIN, misread_problem
from ...repository.publication.exceptions import ForeignFolderError, NestedFolderError
from ...repository.signing.signature import SIGNATURE_NAME, content
from ...repository.transition import read_next
from ..deliver import read_target
from ..exceptions import PlaceError
from ..plan import Plan
from .store import Store, is_arriving

if TYPE_CHECKING:
    from ..source import Source

#: The manifests of a repository and their signatures.
SEALS = (NEXT_NAME, NEXT_SIGNATURE_NAME, MANIFEST_NAME, SIGNATURE_NAME)


@dataclass(frozen=True)
class State:
    """What a store had when it was looked at.

    Attributes:
        sizes: The bytes of each file, by path.
        picture: A folder of this machine with the manifests and signatures of the repository, and
            later with its index files.
        last: Its manifest; None if none can be read.
        coming: The manifest of an interrupted publication; None if none can be read.
    """

    sizes: dict[str, int]
    picture: Path
    last: Manifest | None
    coming: Manifest | None

    @property
    def known(self) -> Manifest | None:
        """What tells which files are there; before the first release is whole, the next one."""
        return self.last or self.coming

    def has(self, name: str, sha256: str) -> bool:
        """Return whether a file has this content: of those that it may have, its size tells."""
        manifests = (manifest for manifest in (self.last, self.coming) if manifest)
        allowed = {s: n for manifest in manifests for s, n in manifest.allowed(name).items()}
        return [s for s, size in allowed.items() if size == self.sizes.get(name)] == [sha256]


def look(store: Store, picture: Path) -> State:
    """Find out what a store has.

    Raises:
        ForeignFolderError: It has files that are not ours.
        PlaceError, NestedFolderError: It has repositories below, or lies in one.
    """
    sizes = store.sizes()
    draw(store, picture, [name for name in SEALS if name in sizes])
    _check_place(store, sizes)
    return State(sizes, picture, read_target(picture), read_next(picture))


def check_name(store: Store, platforms: Iterable[str]) -> None:
    """Refuse a name under which conda looks for a channel somewhere else, once it is in a URL.

    The keys of objects usually are their paths at a web server; elsewhere only the last name is.

    Raises:
        FolderNameError: It is such a name.
    """
    path = store.shown.partition("://")[2].partition("/")[2]
    served = path if store.protocol.objects else path.rpartition("/")[2]
    problem = served and misread_problem(f"https://host/{quote(served)}", {*platforms, "noarch"})
    if problem:
        advice = "Give another one: customers, too, need a URL in which conda finds the channel."
        raise FolderNameError(store.shown, "conda", problem, advice)


def draw(store: Store, picture: Path, names: list[str]) -> None:
    """Bring files of a store into the picture of it; one that has gone meanwhile is left out."""
    contents = run_all(store.read, names, store.protocol.connections)
    for name, raw in zip(names, contents, strict=True):
        if raw is not None:
            write(picture / name, raw)


def _check_place(store: Store, sizes: dict[str, int]) -> None:
    if MANIFEST_NAME in sizes or NEXT_NAME in sizes:
        return
    if any(name.endswith(f"/{MANIFEST_NAME}") for name in sizes):
        raise PlaceError(store.shown, "it is the folder above repositories")
    if any(name not in SEALS and not is_arriving(name) for name in sizes):
        raise ForeignFolderError(store.shown)
    above = store.root.rpartition("/")[0]
    if above.strip("/") and store.has(f"{above}/{MANIFEST_NAME}"):
        around = store.shown.rpartition("/")[0]
        raise NestedFolderError(store.shown, around, "Give a folder beside that one.")


def make_plan(source: Source, store: Store, state: State) -> Plan:
    """Compare a store with a release, by the sizes of files and what its manifests say of them."""
    release, last, sizes = source.manifest, state.last, state.sizes
    files = sorted(release.everything.items())
    lacking = {name: file for name, file in files if not state.has(name, file.sha256)}
    surplus = tuple(_surplus(release, state))
    same = last is not None and last.raw == release.raw
    sealed = content(state.picture / SIGNATURE_NAME) == source.signature
    beside = not sizes.keys().isdisjoint(BESIDE)
    changes = bool(lacking or surplus or beside) or not (same and sealed)
    return Plan(source, store.shown, last, lacking, surplus, changes)


def _surplus(release: Manifest, state: State) -> Iterator[str]:
    """Yield what has to go, as `leftovers` of a folder."""
    ours = {JOURNAL_NAME, *(state.known.everything if state.known else ())}
    ours.update(state.known.on_the_way if state.known else ())
    subdirs = {*context.known_subdirs}
    for name in sorted(state.sizes.keys() - release.everything.keys() - {*SEALS}):
        folder, _, file = name.removeprefix(f"{PLUGIN}/").rpartition("/")
        if (file and folder in subdirs) or name in ours or is_arriving(name):
            yield name
