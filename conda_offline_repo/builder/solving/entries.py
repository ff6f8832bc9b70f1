"""What the channels serve: their entries, verbatim, for the records that the solver chose.

An entry is the JSON object that stands for an archive in the channel's index. It is taken from the
index itself, never from conda's record of it, which keeps only the keys that this conda knows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from conda.base.constants import ChannelPriority
from conda.base.context import context
from conda.models.channel import Channel

from ...repository.manifest import KINDS, VERSION_3
from ...repository.names import archive_problem
from ...urls import channel_url
from ..exceptions import ExactGoneError
from ..request.channels import ChannelSource
from ..upstream.asking import ask_at_once
from ..upstream.entry import Entry, stated_digest
from ..upstream.newer import newer_versions
from ..upstream.repodata import load
from ..upstream.unavailable import explained
from ..upstream.unfit import newer_needs, reason_against
from ..warnings import BuildWarning
from .exceptions import CollisionError, InvalidRecordError, NewerEntryError, UpstreamChangedError
from .unsolved import named_channels

if TYPE_CHECKING:
    from conda.models.records import PackageRecord

    from ..request.request import Request
    from ..upstream.repodata import Index
    from .solution import Solution


def entries_of(
    solutions: Collection[Solution], request: Request
) -> tuple[tuple[Entry, ...], tuple[BuildWarning, ...]]:
    """Return the entries of all solutions together, sorted by name, and warnings.

    Raises:
        UpstreamChangedError: A channel's index no longer has what the solver chose.
        ExactGoneError: It does not have archives that are named exactly.
        CollisionError: Two channels have different files under one name.
        InvalidRecordError: An entry cannot be taken over.
        NewerEntryError: The solver chose an entry that older clients cannot read.
        RefusedAddressError: A channel names an address that it must not name.
        ChannelUnavailableError: A channel cannot be read.
    """
    sources = {source.url: source for source in request.sources}
    records: dict[str, dict[tuple[str, str], PackageRecord]] = defaultdict(dict)
    exact = {record for solution in solutions if solution.exact for record in solution.records}
    # archives that are named exactly come last: their digests are the ones to compare
    for solution in sorted(solutions, key=lambda solution: solution.exact):
        for record in solution.records:
            url = channel_url(record.channel)
            if record.subdir not in (solution.platform, "noarch"):
                raise InvalidRecordError(url, record.fn, "its subdir is not the one it lies in")
            sources.setdefault(url, ChannelSource(url, Channel(url)))
            records[url][record.subdir, record.fn] = record
    # by name as systems see it that do not tell upper from lower case
    entries: dict[str, Entry] = {}
    warnings, gone = [], []
    chosen = {
        url: [record for record in records[url].values() if record not in exact] for url in sources
    }
    passed = {url: _after(url, chosen, request) for url in sources}
    subdirs = {
        url: [*dict.fromkeys(record.subdir for record in (*records[url].values(), *passed[url]))]
        for url in sources
    }
    ask_at_once(request, {source: subdirs[url] for url, source in sources.items()})
    for url, source in sources.items():
        needed, after = records[url].values(), passed[url]
        names = sorted({record.name for record in (*needed, *after)})
        with explained(request, source):
            indexes = load(source, subdirs[url], names, {record.fn for record in needed})
        if any(index.has_relations for index in indexes.values()):
            text = (
                f"The channel {url} says that it builds on other channels "
                "(info.channel_relations). The repository does not say so: it holds all that the "
                "solver chose. If you want packages of those channels, name them with -c."
            )
            warnings.append(BuildWarning("channel-relations", text))
        if request.index_version < VERSION_3:
            warnings += newer_versions(source.url, chosen[url], indexes)
            warnings += _passed_over(source.url, after, indexes)
        for record in needed:
            try:
                entry = _entry(source, record, indexes[record.subdir], request)
            except UpstreamChangedError:
                if record not in exact:
                    raise
                gone.append(f"{url}/{record.subdir}/{record.fn}")
                continue
            # the first is of the channel of the highest priority
            first = entries.setdefault(entry.name.casefold(), entry)
            if first.name != entry.name or not _same_bytes(first, entry):
                raise CollisionError(entry.name, first.public_url, entry.public_url)
    if gone:
        raise ExactGoneError(gone)
    return tuple(sorted(entries.values(), key=lambda entry: entry.name)), tuple(warnings)


def _entry(source: ChannelSource, record: PackageRecord, index: Index, request: Request) -> Entry:
    raw = index.known(request.index_version).get(record.fn)
    # some solvers drop the extension
    files = (record.fn, *(f"{record.fn}.{kind}" for kind in KINDS))
    if raw is None and not index.newer.keys().isdisjoint(files):
        raise NewerEntryError(source.url, record.name, f"{record.subdir}/{record.fn}")
    problem = archive_problem(record.fn) if raw is None else reason_against(record.fn, raw, request)
    if problem:
        raise InvalidRecordError(source.url, record.fn, problem)
    if raw is None or any(
        stated_digest(raw, algorithm) != stated.lower()
        for algorithm in ("sha256", "md5")
        if (stated := record.get(algorithm))
    ):
        raise UpstreamChangedError(source.url, f"{record.subdir}/{record.fn}")
    needed = 1 if record.fn in index.entries and not newer_needs(raw) else VERSION_3
    urls = index.urls(record.fn)
    return Entry(record.subdir, record.fn, raw, *urls, index_version=needed)


def _same_bytes(first: Entry, second: Entry) -> bool:
    """Return whether two entries state the same digests, as far as both state any."""
    digests = ((first.sha256, second.sha256), (first.md5, second.md5))
    common = [own == other for own, other in digests if own and other]
    return first is second or (bool(common) and all(common))


def _after(
    url: str, chosen: Mapping[str, Sequence[PackageRecord]], request: Request
) -> list[PackageRecord]:
    """Return what was chosen of the channels after one, where the solver does not see version 3.

    Args:
        url: Of the channel.
        chosen: What was chosen, by the URL of its channel, in the order of the channels.
    """
    if request.index_version >= VERSION_3:
        return []
    named = {p.match.name for p in request.packages if named_channels(p.match)}
    urls = [*chosen]
    others = urls[urls.index(url) + 1 :]
    return [record for other in others for record in chosen[other] if record.name not in named]


def _passed_over(
    url: str, records: Iterable[PackageRecord], indexes: Mapping[str, Index]
) -> Iterator[BuildWarning]:
    """Yield a warning for each package that a channel has in version 3 alone, and that a solver
    which does not see it took from channels after it: the name may be the publisher's own, and the
    package of a public channel anybody's.

    Args:
        url: Of the channel.
        records: What was chosen of the channels after it.
        indexes: Its own, by subdir, with the entries of these names.

    Raises:
        NewerEntryError: There is one, and the priority of channels is strict.
    """
    newer = {
        str(entry.get("name")): file
        for index in indexes.values()
        for file, entry in index.newer.items()
        if not file.endswith(".whl")
    }
    for record in sorted(records, key=lambda record: record.name):
        if file := newer.get(record.name):
            if context.channel_priority == ChannelPriority.STRICT:
                raise NewerEntryError(url, record.name, file)
            yield BuildWarning(
                "unfit-entry",
                f"{url} has {file} in version 3 of the index format, which not every conda reads "
                f"(--index-version 3). The release has {record.name} {record.version} of "
                f"{channel_url(record.channel)}, which comes after it.",
            )
