"""Views of channels: local ones in their place, less the entries that are not to be chosen.

A solver reads a channel as it is, and some fail over an entry that nobody asked for. A view has the
entries of a channel that can be reached from the packages asked for, key for key, less those that
are unfit. It serves every solver and every version of conda alike.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from conda.base.constants import ChannelPriority
from conda.base.context import context
from conda.common.io import dashlist
from conda.models.channel import Channel
from conda.models.records import PackageRecord

from ..._conda import index_requests
from ...queries.dependencies import spec_name
from ...repository.index import NEWER, dump, with_newer
from ...repository.manifest import INDEX_NAME, SECTIONS, VERSION_3
from ...urls import channel_url, file_url
from ..upstream.ages import Ages
from ..upstream.repodata import undecoded
from ..upstream.unavailable import explained
from ..upstream.unfit import LeftOut, is_later, reason_against
from ..warnings import BuildWarning
from .exceptions import SolveError
from .solve import run_locally
from .unsolved import named_channels

if TYPE_CHECKING:
    import msgspec

    from ...specs import PackageSpec
    from ..request.channels import ChannelSource
    from ..request.request import Request
    from .solution import Solution

    Undecoded: TypeAlias = Mapping[str, list[tuple[str, str, msgspec.Raw]]]

#: The sections of version 3 with archives.
NEWER_ARCHIVES = (f"{NEWER}.conda", f"{NEWER}.tar.bz2")
#: How an explanation begins to name what is left out.
LEFT_OUT = "Left out:"
#: What may be a package's name in an explanation.
WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
#: How many entries that are left out an error names.
FEW = 10


class Views:
    """Solves packages from views of a request's channels, made anew for each solve.

    Args:
        scratch: A folder for the views.

    Attributes:
        left_out: The entries that the views lack, besides what is too new.
        misfits: By `subdir/file`, why a solver must not choose others, either.
    """

    def __init__(self, request: Request, scratch: Path) -> None:
        self._request, self._scratch, self._ages = request, scratch, Ages(request)
        #: By URL of a subdir with a `repodata.json`, section, file and entry by package name.
        self._tables: dict[str, Undecoded] = {}
        self._solves, self._holding_back = 0, True
        self.left_out: set[LeftOut] = set()
        self.misfits: dict[str, str] = {}
        self._too_new: set[LeftOut] = set()

    def solve(self, platform: str, packages: Sequence[PackageSpec]) -> tuple[PackageRecord, ...]:
        """Solve packages for a platform, and return the channels' records.

        Raises:
            SolveError: There is no solution; the explanation names what is left out, and of what is
                too new what there would be a solution with.
            ChannelUnavailableError: A channel cannot be read.
        """
        try:
            return self._solved(platform, packages)
        except SolveError as error:
            if not (lines := self._needed(platform, packages)):
                raise
            explanation = f"{error.explanation}\nToo new:{dashlist(lines)}".strip()
            raise SolveError(platform, explanation) from None

    def _needed(self, platform: str, packages: Sequence[PackageSpec]) -> list[str]:
        """Return what is too new in the solution that there would be with it; nothing if there
        would be none.
        """
        if not self._too_new:
            return []
        self._holding_back = False
        try:
            records = self._solved(platform, packages)
        except SolveError:
            return []
        finally:
            self._holding_back = True
        names = {f"{record.subdir}/{record.fn} {channel_url(record.channel)}" for record in records}
        return sorted(str(x) for x in self._too_new if f"{x.file} {x.channel}" in names)

    def _solved(self, platform: str, packages: Sequence[PackageSpec]) -> tuple[PackageRecord, ...]:
        self._solves += 1
        folder = self._scratch / f"{self._solves}"
        sources = self._write(folder, platform, packages)
        channels, pkgs = tuple(map(Channel, sources)), folder / "pkgs"
        pkgs.mkdir()
        machine = self._request.virtual_packages[platform]
        unqualified = [package.unqualified for package in packages]
        try:
            records = run_locally(platform, unqualified, channels, machine, pkgs)
        except SolveError as error:
            explanation = error.explanation
            for view, source in sources.items():
                explanation = explanation.replace(view, source.url)
            names = {package.match.name for package in packages} | {*WORD.findall(explanation)}
            raise SolveError(platform, f"{explanation}{self._listed(names)}") from None
        return tuple(_of_channel(record, sources) for record in records)

    def warnings(self, solutions: Iterable[Solution]) -> Iterator[BuildWarning]:
        """Yield a warning for each entry that is left out and newer than what solutions have, or of
        a channel that goes before that of theirs.
        """
        chosen = {record.name: record for s in solutions for record in s.records}
        order = [source.url for source in self._request.sources]
        for left in sorted(self.left_out, key=str):
            if (record := chosen.get(left.name)) is None:
                continue
            of = channel_url(record.channel)
            after = of in order and order.index(left.channel) < order.index(of)
            if after or is_later(left.version, record.version):
                text = f"{left}. The release has {record.name} {record.version}"
                text = f"{text} of {of}." if after else f"{text}."
                yield BuildWarning("unfit-entry", f"An entry is left out: {text}")

    def _write(
        self, folder: Path, platform: str, packages: Iterable[PackageSpec]
    ) -> dict[str, ChannelSource]:
        """Write a view of each channel, and return the channels by the URL of their views.

        Each view has a name of its own: conda's classic solver takes two channels for one if the
        last parts of their URLs are the same. Where priorities are strict, a name is that of the
        first channel that has it, also if none of its entries is fit.
        """
        strict = context.channel_priority == ChannelPriority.STRICT
        subdirs, sources = (platform, "noarch"), self._request.sources
        places = [folder / f"channel-{number}" for number in range(len(sources))]
        restricted = {p.match.name: own for p in packages if (own := named_channels(p.match))}
        views: dict[Path, dict[str, dict[str, Mapping[str, Any]]]] = {
            place / subdir: {section: {} for section in (*SECTIONS, NEWER)}
            for place in places
            for subdir in subdirs
        }
        done: set[str] = set()
        pending = {package.match.name for package in packages}
        while pending:
            # conda makes pip a dependency of python by itself
            needed = {"pip"} if "python" in pending else set()
            taken: set[str] = set()
            for place, source in zip(places, sources, strict=True):
                names = {n for n in pending if source.url in restricted.get(n, (source.url,))}
                names -= taken
                for subdir, section, file, record in self._fit(source, subdirs, names):
                    views[place / subdir][section][file] = record
                    extras = (record.get("extra_depends") or {}).values()
                    needed.update(map(spec_name, chain(record.get("depends") or (), *extras)))
                    taken |= {record["name"]} if strict else set()
                if strict:
                    left_out = (*self.left_out, *self._too_new)
                    taken |= names & {x.name for x in left_out if x.channel == source.url}
            done |= pending
            pending = needed - done
        for path, sections in views.items():
            path.mkdir(parents=True)
            newer = sections.pop(NEWER)
            index = {"info": {"subdir": path.name}, **sections}
            (path / INDEX_NAME).write_bytes(dump(with_newer(index, newer) if newer else index))
        return dict(zip(map(file_url, places), sources, strict=True))

    def _fit(
        self, source: ChannelSource, subdirs: Sequence[str], names: Collection[str]
    ) -> Iterator[tuple[str, str, str, Mapping[str, Any]]]:
        """Yield subdir, section, file and entry of what a channel has under these names, less what
        is unfit.
        """
        with explained(self._request, source):
            entries = [*self._entries(source, subdirs, names)]
        for subdir, section, file, record in entries:
            too_new, unfit = None, self.misfits.get(f"{subdir}/{file}")
            unfit = unfit or reason_against(file, record, self._request)
            if unfit is None and self._holding_back:
                too_new = self._ages.reason_against(f"{source.url}/{subdir}", file, record)
            if reason := unfit or too_new:
                name, version = str(record.get("name")), str(record.get("version"))
                left = LeftOut(source.url, f"{subdir}/{file}", name, version, reason)
                (self.left_out if unfit else self._too_new).add(left)
            else:
                yield subdir, section, file, record

    def _entries(
        self, source: ChannelSource, subdirs: Sequence[str], names: Collection[str]
    ) -> Iterator[tuple[str, str, str, Mapping[str, Any]]]:
        urls = dict(zip(source.channel.urls(True, subdirs), subdirs, strict=True))
        unread = [url for url in urls if url not in self._tables]
        shards = index_requests.shards(sorted(names), unread) if names and unread else {}
        wanted = {section: section for section in SECTIONS}
        if self._request.index_version == VERSION_3:
            wanted |= dict.fromkeys(NEWER_ARCHIVES, NEWER)
        for url, subdir in urls.items():
            if url in shards:
                for section, file, record in index_requests.shard_entries(shards[url]):
                    if section in wanted and record["name"] in names:
                        yield subdir, wanted[section], file, record
            elif names:
                if url not in self._tables:
                    self._tables[url] = _by_name(undecoded(url))
                for name in names:
                    for section, file, entry in self._tables[url].get(name, ()):
                        if section in wanted:
                            yield subdir, wanted[section], file, json.loads(bytes(entry))

    def _listed(self, names: Collection[str]) -> str:
        """Return what is left out of packages of these names, as the end of an explanation."""
        lines = sorted(str(left) for left in self.left_out if left.name in names)
        more = [f"… and {len(lines) - FEW} more"] if len(lines) > FEW else []
        return f"\n{LEFT_OUT}{dashlist([*lines[:FEW], *more])}" if lines else ""


def _by_name(sections: Mapping[str, Mapping[str, msgspec.Raw]]) -> Undecoded:
    table: dict[str, list[tuple[str, str, msgspec.Raw]]] = defaultdict(list)
    for section, entries in sections.items():
        for file, entry in entries.items():
            table[file.rsplit("-", 2)[0]].append((section, file, entry))
    return table


def _of_channel(record: PackageRecord, sources: Mapping[str, ChannelSource]) -> PackageRecord:
    """Return the record of a view as that of its channel."""
    own = f"{channel_url(record.channel)}/"  # with a subdir that is not one, if the entry has such
    source = next(source for view, source in sources.items() if own.startswith(f"{view}/"))
    url = f"{source.url}/{record.subdir}/{record.fn}"
    return PackageRecord.from_objects(record, channel=source.channel, url=url)
