"""The attestations of archives, as channels serve them beside these (CEP 50).

An entry states as `attestations_sha256` the digest of a file, with which the name of the file ends.
Its content is a JSON array of bundles of Sigstore. A channel that cannot give it stops no build:
what is missing is told.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..._conda.network.retries import DownloadFailedError
from ...files.hashing import read_regular
from ...repository import reading
from ...repository.names import attestations_name
from ..exceptions import ChannelRefusedError
from ..upstream.entry import Entry
from .archive import Archive
from .downloads import downloads

if TYPE_CHECKING:
    from ...progress import Progress
    from .download import Turn
    from .local import LocalArchives

#: Bytes, as many as rattler reads; a bundle has about ten thousand.
LARGEST = 4 << 20
#: Characters of a file's name that every system allows.
LONGEST_NAME = 255


@dataclass(frozen=True)
class Collected:
    """The attestations of archives.

    Attributes:
        files: By archive, as `subdir/file`: in the repository, or staged.
        missing: By archive, why it has none, though its entry states some.
    """

    files: Mapping[str, Archive]
    missing: Mapping[str, str]


def collect_attestations(
    entries: Iterable[Entry],
    repository: Path,
    staging: Path,
    progress: Progress,
    local: LocalArchives,
    arrived: Callable[[Archive], None],
) -> Collected:
    """Return the attestations of archives, verified by the digests that the entries state.

    Args:
        entries: Of the archives.
        repository: The published folder; nothing in it is changed.
        staging: A folder on the same file system, which keeps what is downloaded.
        progress: Sees that something is done, if it is.
        local: The archives of this machine, and their attestations; downloads are added.
        arrived: Called, in any thread, for each file that is new in the repository; an error that
            it raises ends the work.
    """
    stop = threading.Event()
    files: dict[str, Archive] = {}
    missing: dict[str, str] = {}

    def collect(entry: Entry, turn: Turn) -> Archive | str:
        try:
            file = _entry(entry)
            archive = local.find(file, repository, staging)
            if archive is None:
                target = staging / file.name
                target.parent.mkdir(parents=True, exist_ok=True)
                digests = turn.download(file, target, lambda size: None, LARGEST)
                local.note(target, digests)
                archive = Archive.of(file, target, digests, staged=True)
            read_bundles(archive.path)
        except ChannelRefusedError as error:
            return f"the server answers with HTTP {error.status}"
        except (DownloadFailedError, ValueError) as error:
            return str(error)
        if archive.staged:
            arrived(archive)
        return archive

    stating = [entry for entry in entries if entry.record.get("attestations_sha256") is not None]
    with (
        progress.doing("Collecting attestations") if stating else nullcontext(),
        downloads(collect, stating, stop, lambda entry: entry.url) as outcomes,
    ):
        for entry, outcome in outcomes:
            if isinstance(outcome, str):
                missing[entry.name] = outcome
            else:
                files[entry.name] = outcome
    return Collected(files, missing)


def read_bundles(path: Path) -> list[Any]:
    """Return the bundles in a file with attestations, not looked at any further.

    Raises:
        ValueError: It has none.
    """
    try:
        bundles = reading.load(read_regular(path, LARGEST, links=True))
    except ValueError as error:
        raise ValueError(f"it is not JSON: {error}") from None
    if not isinstance(bundles, list) or not bundles:
        raise ValueError("it is not a list of attestations")
    return bundles


def _entry(entry: Entry) -> Entry:
    """Return the file with the attestations of an archive as an entry of its own.

    Raises:
        ValueError: The archive's entry does not state it as it must.
    """
    try:
        sha256 = reading.sha256(entry.record["attestations_sha256"])
    except ValueError as error:
        raise ValueError(f"its attestations_sha256 is wrong: {error}") from None
    file = attestations_name(entry.file, sha256)
    if len(file) > LONGEST_NAME:
        raise ValueError(f"their file would have a name of more than {LONGEST_NAME} characters")
    public_url, url = (attestations_name(url, sha256) for url in (entry.public_url, entry.url))
    return Entry(entry.subdir, file, {"sha256": sha256}, public_url, url, entry.folder)
