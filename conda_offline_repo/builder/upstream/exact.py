"""Archives that are named exactly, as an explicit list or a lock file names them.

They are told from others by channel, subdir, file name and digest; all else of them stands in the
channel's index, see `entries`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda.models.match_spec import MatchSpec
from conda.models.records import PackageRecord

from ...specs import PackageSpec
from ...urls import public
from ..exceptions import ExactGoneError
from .repodata import load
from .unavailable import explained

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..request.channels import ChannelSource
    from ..request.inputs.locked import PinnedArchive
    from ..request.request import Request


def records(archives: Iterable[PinnedArchive], request: Request) -> tuple[PackageRecord, ...]:
    """Return as much of the records of these archives as is known of them.

    Raises:
        ExactGoneError: One lies in none of the channels.
        ChannelUnavailableError: A channel cannot be read.
    """
    return tuple(_record(archive, request) for archive in archives)


def spec(record: PackageRecord) -> PackageSpec:
    """Return the package specification that this record alone fits."""
    fields = {"name": record.name, "version": record.version, "build": record.build}
    return PackageSpec(str(MatchSpec(**fields)))


def _record(archive: PinnedArchive, request: Request) -> PackageRecord:
    folder, _, file = public(archive.url).rpartition("/")
    subdir = folder.rpartition("/")[2]
    source = _source(folder, subdir, file, request)
    name, version, end = file.rsplit("-", 2)
    digests: dict[str, Any] = {"sha256": archive.sha256, "md5": archive.md5}
    return PackageRecord(
        name=name,
        version=version,
        build=end.removesuffix(".conda").removesuffix(".tar.bz2"),
        build_number=0,
        channel=source.channel,
        subdir=subdir,
        fn=file,
        url=f"{source.url}/{subdir}/{file}",
        **{algorithm: digest for algorithm, digest in digests.items() if digest},
    )


def _source(folder: str, subdir: str, file: str, request: Request) -> ChannelSource:
    """Return the channel that an archive is of: by its address, or by where the channel's index
    says that its archives lie (CEP 15).
    """
    for source in request.sources:
        if folder == f"{source.url}/{subdir}":
            return source
    for source in request.sources:
        with explained(request, source):
            indexes = load(source, (subdir,), names=(), files=frozenset())
        if indexes[subdir].public_url == folder:
            return source
    raise ExactGoneError((f"{folder}/{file}",))
