"""Change a repository in a store, in the order of `repository.publish`."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...files.atomic import write
from ...files.hashing import hash_bytes, open_regular
from ...files.workers import run_all, workers
from ...repository.exceptions import OTHER_FILE
from ...repository.manifest import BESIDE, MANIFEST_NAME, NEXT_NAME, Manifest
from ...repository.publication.publish import Writer
from ..source import SourceReadError, chunks, failure
from .exceptions import NotArrivedError, OtherPublisherError, StoreError
from .store import PART, Store, kept

if TYPE_CHECKING:
    from ...progress import Progress
    from ..plan import Plan
    from .state import State

#: Bytes up to which a file is sent in one request, after all of it was read and checked.
LARGE = 8 << 20
#: Bytes of all files on their way together.
MOST = 32 << 20


class Memory:
    """What files on their way may take of this machine's memory."""

    def __init__(self) -> None:
        self._free = MOST
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, size: int) -> Iterator[None]:
        """Wait for so many bytes and take them as long as the context lasts."""
        size = min(size, MOST)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= size)
            self._free -= size
        try:
            yield
        finally:
            with self._changed:
                self._free += size
                self._changed.notify(2)  # to wake all of them each time takes longer than to wait


@dataclass(frozen=True)
class Sender(Writer):
    """Changes a repository in a store.

    Attributes:
        state: What the store has, kept up to date.
        staging: A folder of this machine with those files of the release that replace others, read
            and checked; all others are sent from the source.
    """

    store: Store
    state: State
    plan: Plan
    staging: Path
    progress: Progress
    memory: Memory = field(default_factory=Memory)

    @property
    def _release(self) -> Manifest:
        return self.plan.source.manifest

    def has(self, name: str) -> bool:
        """See `Writer.has`."""
        return name in self.state.sizes

    def put(self, name: str, content: bytes) -> None:
        """See `Writer.put`."""
        if name not in BESIDE:
            self._check_alone()
        self.store.write(name, content, hash_bytes(content).sha256)
        write(self.state.picture / name, content)
        self.state.sizes[name] = len(content)

    def announced(self) -> None:
        """Lay the staged files ready in the store; see `deliver.finish_other`."""

        def lay(name: str) -> None:
            content = (self.staging / name).read_bytes()
            self.store.write(kept(name), content, hash_bytes(content).sha256, archive=True)
            self.state.sizes[kept(name)] = len(content)

        names = [name for name in self.plan.lacking if (self.staging / name).exists()]
        run_all(lay, names, self.store.protocol.connections)

    def place(self, names: Sequence[str]) -> None:
        """See `Writer.place`.

        Raises:
            SourceDamagedError, SourceUnreadableError, UnreadableError: As `failure` tells.
            NotArrivedError: Files are not in the store, though it said so.
        """
        files, packages = self._release.everything, self._release.packages
        if any((self.staging / name).exists() for name in names):
            self._check_alone()
        stop = threading.Event()

        def send(name: str) -> SourceReadError | None:
            try:
                self._send(name, stop)
            except SourceReadError as error:  # the others are sent all the same
                return error
            return None

        # a large file last would keep all others waiting for it
        largest_first = sorted(names, key=lambda name: (-files[name].size, name))
        connections = self.store.protocol.connections
        with workers(send, largest_first, connections, stop) as results:
            problems = {name: error for name, error in results if error}
        if problems:
            raise failure(self.plan.source, problems)
        if archives := packages.keys() & {*names}:
            self._check_arrived(archives)
        self.state.sizes.update((name, files[name].size) for name in names)

    def delete(self, name: str) -> None:
        """See `Writer.delete`."""
        if self.has(name):
            self.store.delete(name)
            self.state.sizes.pop(name)
            (self.state.picture / name).unlink(missing_ok=True)

    def clear(self, names: Iterable[str]) -> tuple[str, ...]:
        """See `Writer.clear`."""

        def cleared(name: str) -> bool:
            try:
                self.delete(name)
            except StoreError:  # all else is there: the next command tries again
                return False
            return True

        present = [name for name in names if self.has(name)]
        results = run_all(cleared, present, self.store.protocol.connections)
        for folder in {name.rpartition("/")[0] for name in present} - {""}:
            if not any(name.startswith(f"{folder}/") for name in self.state.sizes):
                self.store.delete_folder(folder)
        return tuple(name for name, done in zip(present, results, strict=True) if not done)

    def _send(self, name: str, stop: threading.Event) -> None:
        file, archive = self._release.everything[name], name in self._release.packages
        content, in_parts = self._content(name, stop), archive and file.size > LARGE
        with self.memory.taken(2 * PART if in_parts else file.size):
            if in_parts:
                self.store.write_parts(name, content)
            else:
                self.store.write(name, b"".join(content), file.sha256, archive=archive)
        self.progress.advance(0, packages=archive)

    def _content(self, name: str, stop: threading.Event) -> Iterator[bytes]:
        """Yield the content of a file of the release; raises at its end if it is another.

        Raises:
            SourceReadError: It cannot be read, or is not the file that the manifest names.
        """
        source, file = self.plan.source, self._release.everything[name]
        if (self.staging / name).exists():
            source = replace(source, open=lambda name: open_regular(self.staging / name))
        sha256, size = hashlib.sha256(), 0
        for chunk in chunks(source, name):
            if stop.is_set():
                raise InterruptedError
            sha256.update(chunk)
            size += len(chunk)
            if size > file.size:
                break
            yield chunk
            self.progress.advance(len(chunk))
        if sha256.hexdigest() != file.sha256:
            raise SourceReadError(OTHER_FILE)

    def _check_alone(self) -> None:
        """See that nobody else has changed the manifests since this command did or looked."""
        for name in (MANIFEST_NAME, NEXT_NAME):
            path = self.state.picture / name
            known = path.read_bytes() if path.exists() else None
            if self.store.read(name) != known:
                raise OtherPublisherError(self.store.shown)

    def _check_arrived(self, names: Iterable[str]) -> None:
        """See that the store has files of the release in the size that was sent.

        Raises:
            NotArrivedError: It does not, though it said so.
        """
        files, arrived = self._release.everything, self.store.sizes()
        if lacking := [name for name in sorted(names) if arrived.get(name) != files[name].size]:
            raise NotArrivedError(self.store.shown, lacking)
