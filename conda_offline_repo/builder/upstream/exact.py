"""Archives that are named exactly, as an explicit list or a lock file names them: by channel,
subdir, file name and digest. All else of them stands in the channel's index, see `entries`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from conda.models.match_spec import MatchSpec
from conda.models.records import PackageRecord

from ...repository.manifest import stem
from ...specs import PackageSpec
from ...urls import public
from ..exceptions import ExactGoneError
from ..warnings import BuildWarning
from .repodata import load
from .unavailable import explained

if TYPE_CHECKING:
    from ..request.channels import ChannelSource
    from ..request.inputs.pinned import PinnedArchive
    from ..request.request import Request


def record_of(archive: PinnedArchive, request: Request) -> PackageRecord:
    """Return the record of an archive, as far as its URL tells.

    Raises:
        ExactGoneError: It lies in none of the channels.
        ChannelUnavailableError: A channel cannot be read.
    """
    folder, _, file = public(archive.url).rpartition("/")
    subdir = folder.rpartition("/")[2]
    source = _source(folder, subdir, file, request)
    name, version, end = file.rsplit("-", 2)
    digests: dict[str, Any] = {"sha256": archive.sha256, "md5": archive.md5}
    return PackageRecord(
        name=name,
        version=version,
        build=stem(end),
        build_number=0,
        channel=source.channel,
        subdir=subdir,
        fn=file,
        url=f"{source.url}/{subdir}/{file}",
        **{algorithm: digest for algorithm, digest in digests.items() if digest},
    )


def spec(record: PackageRecord) -> PackageSpec:
    """Return the package specification that this record alone fits."""
    fields = {"name": record.name, "version": record.version, "build": record.build}
    return PackageSpec(str(MatchSpec(**fields)))


def as_record(name: str, entry: Mapping[str, Any]) -> PackageRecord:
    """Return conda's record of an entry in an index, by `subdir/file`, without a channel."""
    subdir, _, file = name.rpartition("/")
    return PackageRecord(**{**entry, "fn": file, "subdir": subdir, "channel": "", "url": ""})


def without_pip(keys: Iterable[str]) -> Iterator[BuildWarning]:
    """Yield a warning of environments that have python, but not pip."""
    if names := ", ".join(keys):
        yield BuildWarning(
            "no-pip",
            f"What is named exactly for {names} has python, but not pip. That can be installed, "
            "but where the customer's conda has the classic solver, later installs need the "
            "setting add_pip_as_python_dependency: false.",
        )


def _source(folder: str, subdir: str, file: str, request: Request) -> ChannelSource:
    """Return the channel of an archive: by its URL, or by the `base_url` of its index (CEP 15)."""
    for source in request.sources:
        if folder == f"{source.url}/{subdir}":
            return source
    for source in request.sources:
        with explained(request, source):
            index = load(source, (subdir,))[subdir]
        if index.public_url == folder:
            return source
    raise ExactGoneError((f"{folder}/{file}",))
