"""Why a request has no solution: packages that no channel has, and what the machine lacks."""

from __future__ import annotations

import logging
import re
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from difflib import SequenceMatcher, get_close_matches
from typing import TYPE_CHECKING

from conda import CondaError
from conda.common.io import dashlist
from conda.models.channel import Channel
from conda.models.match_spec import MatchSpec
from conda.models.records import PackageRecord
from conda.models.version import VersionOrder

from ...printable import few
from ...urls import public
from ..exceptions import UnreadableIndexError
from ..request.machine import can_be
from ..upstream import newer
from ..upstream.newer import FEW
from ..upstream.repodata import load
from ..upstream.unavailable import explained
from .exceptions import SolveError

if TYPE_CHECKING:
    from ...specs import PackageSpec
    from ..request.request import Request
    from ..upstream.repodata import Index

log = logging.getLogger(__name__)
#: A version in a specification.
VERSION = re.compile(r"[0-9](?:[\w.!+-]*\w)?", re.ASCII)
#: What comes of an index that cannot be read well enough.
UNREADABLE = (CondaError, OSError, ValueError, KeyError, TypeError, AttributeError)
VIRTUAL = re.compile(r"(?<![\w/-])__[a-z0-9_]+")


def missing(
    request: Request, packages: Mapping[str, Sequence[PackageSpec]]
) -> dict[str, tuple[str, ...]]:
    """Look for each package in the channels, by name and then by what else is asked of it.

    This reads whole indexes, so it is for packages, by platform, that a solver did not find.

    Returns:
        By what to say of them, the platforms for which no channel has a package, in the order of
        the request; empty also where the channels cannot be read well enough to tell.

    Raises:
        UnreadableIndexError: A channel has something else in the place of an index, which the
            solver may have taken for an empty one.
    """
    absent: dict[tuple[str, str], list[str]] = defaultdict(list)
    try:
        for platform, specs in packages.items():
            indexes = _indexes(request, platform, {spec.match.name for spec in specs})
            for spec in specs:
                if nearest := _nearest(spec.match, indexes):
                    absent[spec, nearest].append(platform)
    except UnreadableIndexError:
        raise
    except UNREADABLE as error:
        # the explanation of the solver is shown in any case
        log.debug("cannot tell which packages are missing", exc_info=error)
        return {}
    lines = {}
    for (package, nearest), platforms in absent.items():
        where = "" if tuple(platforms) == request.platforms else f" for {', '.join(platforms)}"
        lines[f"{package}{where}: {nearest}"] = tuple(platforms)
    return lines


def unsolved_error(
    platform: str,
    where: str,
    packages: Iterable[PackageSpec],
    virtual_packages: Mapping[str, str],
    explanation: str,
) -> SolveError:
    """Return the error for a request without solution for a platform, with hints at virtual
    packages.

    Args:
        where: In which environment, if it has a name.
    """
    names = {*VIRTUAL.findall(explanation)} - {package.match.name for package in packages}
    elsewhere = sorted(name for name in names if not can_be(platform, name))
    names = names.difference(elsewhere)
    hints = [
        f"The customer's machine is taken to have {name} {virtual_packages[name]}."
        if virtual_packages.get(name)
        else f"The customer's machine is taken to have no {name}."
        for name in sorted(names)
    ]
    if hints:
        hints.append("If it has a newer one, say so: --virtual-package NAME=VERSION.")
    if elsewhere:
        hints.append(
            f"No machine of {platform} has {' or '.join(elsewhere)}: packages that need it are for "
            "another system. Name other ones, or versions, for this platform."
        )
    return SolveError(f"{platform}{where}", explanation, *hints)


def in_newer_form(request: Request, platform: str, explanation: str) -> str:
    """Return which packages that a solver speaks of channels have in a newer form; see `newer`."""
    with suppress(*UNREADABLE):  # the explanation of the solver is shown in any case
        names = {*newer.NAME.findall(explanation)}
        indexes = _indexes(request, platform, names)
        forms = ((name, newer.in_newer_form(MatchSpec(name), indexes)) for name in sorted(names))
        return dashlist(f"{name}: {form}" for name, form in forms if form)
    return ""


def _indexes(request: Request, platform: str, names: Iterable[str]) -> dict[tuple[str, str], Index]:
    """Return the indexes of all channels of a request, by channel and subdir."""
    indexes = {}
    for source in request.sources:
        with explained(request, source):
            by_subdir = load(source, (platform, "noarch"), sorted(names), all_names=True)
        for subdir, index in by_subdir.items():
            known = index.known(request.index_version)
            newer = {file: e for file, e in index.newer.items() if file not in known}
            indexes[source.url, subdir] = replace(index, entries=known, newer=newer)
    return indexes


def _nearest(spec: MatchSpec, indexes: Mapping[tuple[str, str], Index]) -> str:
    """Return what comes near to a package; nothing if the package itself exists."""
    if "*" in spec.name:
        return ""
    channels = named_channels(spec)
    own = {key: index for key, index in indexes.items() if key[0] in channels or not channels}
    names = sorted(set().union(*(index.names for index in own.values())))
    if spec.name not in names:
        similar = get_close_matches(spec.name, names, FEW)
        text = "no package has this name"
        return f"{text}; near to it: {', '.join(similar)}" if similar else text
    records = sorted(
        (
            PackageRecord.from_objects(
                entry, fn=file, subdir=subdir, channel=Channel(f"{url}/{subdir}")
            )
            for (url, subdir), index in own.items()
            for file, entry in index.entries.items()
            if entry["name"] == spec.name
        ),
        key=lambda record: (VersionOrder(record.version), record.build_number),
        reverse=True,
    )
    if any(map(spec.match, records)):
        return ""
    if form := newer.in_newer_form(spec, own):
        return f"in a newer form only: {form}"
    version, build = spec.get_raw_value("version"), spec.get_raw_value("build")
    fitting = MatchSpec(spec.name, version=version) if version else MatchSpec(spec.name)
    if builds := [f"{r.version}={r.build}" for r in records if fitting.match(r)]:
        asked = str(build or "").strip("*")
        builds.sort(key=lambda text: -SequenceMatcher(None, text.partition("=")[2], asked).ratio())
        return f"no build satisfies; the nearest {_few(builds)}"
    versions = list(dict.fromkeys(record.version for record in records))
    if not versions:
        form = newer.in_newer_form(MatchSpec(spec.name), own)
        return f"no version satisfies; in a newer form only: {form}"
    return f"no version satisfies; the nearest {_few(_by_distance(versions, str(version)))}"


def _by_distance(versions: Sequence[str], asked: str) -> list[str]:
    """Return versions, newest first, in the order of how far they are from those that are asked
    for, counted in versions between.
    """
    order = sorted(map(VersionOrder, versions))
    places = [bisect(order, VersionOrder(text)) for text in VERSION.findall(asked)]

    def distance(version: str) -> float:
        place = order.index(VersionOrder(version)) + 0.5
        return min((abs(place - asked) for asked in places), default=0)

    return sorted(versions, key=distance)


def named_channels(spec: MatchSpec) -> frozenset[str]:
    """Return the URLs of the channels that a specification names itself; usually none."""
    named = spec.get_raw_value("channel")
    if named is None:
        return frozenset()
    urls = Channel(named).urls(with_credentials=False, subdirs=("noarch",))
    return frozenset(public(url).rpartition("/")[0] for url in urls)


def _few(texts: Iterable[str]) -> str:
    unique = list(dict.fromkeys(texts))
    return f"{'are' if unique[1:] else 'is'} {few(unique, FEW)}"
