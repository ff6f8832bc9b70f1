"""What channels have in version 3 of the index format alone, under names that a solver which does
not see it took from channels after them.

The name may be the publisher's own, and the package of a public channel anybody's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda.base.constants import ChannelPriority
from conda.base.context import context

from ...repository.manifest import VERSION_3
from ...urls import channel_url
from ..warnings import BuildWarning
from .exceptions import NewerEntryError
from .unsolved import named_channels

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from conda.models.records import PackageRecord

    from ..request.request import Request
    from ..upstream.repodata import Index


def after(
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


def warnings(
    url: str, records: Iterable[PackageRecord], indexes: Mapping[str, Index]
) -> Iterator[BuildWarning]:
    """Yield a warning for each package that a channel has in version 3 and another was taken for.

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
