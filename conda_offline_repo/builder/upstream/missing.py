"""Which packages of a request no channel has, all at once, and what there is instead."""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from conda import CondaError
from conda.models.channel import Channel
from conda.models.match_spec import MatchSpec
from conda.models.records import PackageRecord
from conda.models.version import VersionOrder

from ...urls import public
from ..request.channels import ChannelSource
from .repodata import FilesOf, load
from .unavailable import explained

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ...specs import PackageSpec
    from ..request.request import Request

log = logging.getLogger(__name__)
#: How many names or versions are told of.
FEW = 5


@dataclass(frozen=True)
class Missing:
    """A package that some platforms' part of the channels does not have.

    Attributes:
        package: As it was typed.
        platforms: Which.
        instead: What there is that comes near.
    """

    package: str
    platforms: tuple[str, ...]
    instead: str


class _Known(NamedTuple):
    """What one channel has for one platform: all names, and the records that are looked for."""

    url: str
    names: frozenset[str]
    records: tuple[PackageRecord, ...]


def missing(request: Request, packages: Mapping[str, Iterable[PackageSpec]]) -> tuple[Missing, ...]:
    """Look for each package in the channels, by name and then by what else is asked of it.

    This reads whole indexes, so it is for packages, by platform, that a solver did not find.

    Returns:
        Those that no channel has, in the order of the request; none also where the channels
        cannot be read well enough to tell.
    """
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    try:
        for platform, wanted in packages.items():
            wanted = tuple(wanted)
            known = tuple(_known(request, platform, [package.match for package in wanted]))
            for package in wanted:
                instead = _instead(package.match, known)
                if instead:
                    found[package, instead].append(platform)
    except (CondaError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        # what the solver said is told in any case
        log.debug("cannot tell which packages are missing", exc_info=error)
        return ()
    return tuple(
        Missing(text, tuple(platforms), instead) for (text, instead), platforms in found.items()
    )


def _known(request: Request, platform: str, specs: Iterable[MatchSpec]) -> Iterator[_Known]:
    sources = {source.url: source for source in request.sources}
    names = set()
    for spec in specs:
        names.add(spec.name)
        for url in _channels(spec):
            sources.setdefault(url, ChannelSource(url, Channel(url)))
    for source in sources.values():
        with explained(request, source):
            indexes = load(
                source, (platform, "noarch"), sorted(names), FilesOf(names), all_names=True
            )
        yield _Known(
            source.url,
            frozenset().union(*(index.names for index in indexes.values())),
            tuple(
                PackageRecord.from_objects(
                    entry, fn=file, subdir=subdir, channel=Channel(f"{source.url}/{subdir}")
                )
                for subdir, index in indexes.items()
                for file, entry in index.entries.items()
            ),
        )


def _instead(spec: MatchSpec, known: Iterable[_Known]) -> str:
    """Return what there is instead of a package; nothing if there is the package itself."""
    if "*" in spec.name:
        return ""
    channels = _channels(spec)
    own = [one for one in known if one.url in channels or not channels]
    names = sorted(set().union(*(one.names for one in own)))
    if spec.name not in names:
        nearest = get_close_matches(spec.name, names, FEW)
        text = "no package has this name"
        return f"{text}; near to it: {', '.join(nearest)}" if nearest else text
    records = sorted(
        (record for one in own for record in one.records if record.name == spec.name),
        key=lambda record: (VersionOrder(record.version), record.build_number),
        reverse=True,
    )
    if any(map(spec.match, records)):
        return ""
    version = spec.get_raw_value("version")
    fitting = MatchSpec(spec.name, version=version) if version else MatchSpec(spec.name)
    if builds := [f"{r.version}={r.build}" for r in records if fitting.match(r)]:
        return f"the builds that exist: {_few(builds)}"
    return f"the versions that exist: {_few(record.version for record in records)}"


def _channels(spec: MatchSpec) -> frozenset[str]:
    """Return the channels that a specification names itself; usually none."""
    named = spec.get_raw_value("channel")
    if named is None:
        return frozenset()
    urls = Channel(named).urls(with_credentials=False, subdirs=("noarch",))
    return frozenset(public(url).rpartition("/")[0] for url in urls)


def _few(texts: Iterable[str]) -> str:
    unique = list(dict.fromkeys(texts))
    more = f" and {len(unique) - FEW} more" if len(unique) > FEW else ""
    return f"{', '.join(unique[:FEW])}{more}"
