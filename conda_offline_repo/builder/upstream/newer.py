"""What channels have in version 3 of the index format alone (CEP 48); not all conda can read it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from conda.models.channel import Channel
from conda.models.records import PackageRecord
from conda.models.version import VersionOrder

from ...printable import few
from ..warnings import BuildWarning
from .unfit import is_later

if TYPE_CHECKING:
    from conda.models.match_spec import MatchSpec

    from .repodata import Index

    #: By channel and subdir.
    Indexes = Mapping[tuple[str, str], Index]

#: How many names or versions are listed.
FEW = 5
#: What may be a package's name in the words of a solver.
NAME = re.compile(r"[a-z0-9_][a-z0-9_.-]*", re.ASCII)
WHEEL = "as a wheel"
ARCHIVE = "in version 3 of the index format"


def in_newer_form(spec: MatchSpec, indexes: Indexes) -> str:
    """Return in which newer form channels have what fits a specification, and none has it in the
    usual one; empty if they do not.

    Args:
        indexes: With the entries of the package.
    """
    usual = {
        (record["name"], record["version"], record["build"])
        for index in indexes.values()
        for record in index.entries.values()
    }
    forms: dict[tuple[str, str], list[PackageRecord]] = {}
    for (url, subdir), index in indexes.items():
        for file, entry in index.newer.items():
            record = PackageRecord.from_objects(
                entry, fn=file, subdir=subdir, channel=Channel(f"{url}/{subdir}")
            )
            if spec.match(record) and (record.name, record.version, record.build) not in usual:
                form = WHEEL if file.endswith(".whl") else ARCHIVE
                forms.setdefault((url, form), []).append(record)
    return "; ".join(
        f"{url} has {few(_versions(records, form), FEW)} {form}"
        for (url, form), records in forms.items()
    )


def newer_versions(
    url: str, records: Iterable[PackageRecord], indexes: Mapping[str, Index]
) -> Iterator[BuildWarning]:
    """Yield a warning if a channel has newer versions of chosen packages in version 3 alone.

    Args:
        url: Of the channel.
        records: Those that are chosen from it.
        indexes: Its own, by subdir, with the entries of these packages.
    """
    newest: dict[str, str] = {}
    for index in indexes.values():
        for file, entry in index.newer.items():
            if not file.endswith(".whl") and isinstance(version := entry.get("version"), str):
                before = newest.setdefault(str(entry.get("name")), version)
                newest[str(entry.get("name"))] = version if is_later(version, before) else before
    texts = [
        f"{record.name} {newest[record.name]} (the release has {record.version})"
        for record in sorted(records, key=lambda record: record.name)
        if record.name in newest and is_later(newest[record.name], record.version)
    ]
    if texts:
        yield BuildWarning(
            "unfit-entry",
            f"{url} has newer versions in version 3 of the index format, which not every conda "
            f"reads (--index-version 3): {few(texts, FEW)}.",
        )


def hints(text: str) -> tuple[str, ...]:
    """Return what to do about packages of which a text says what `in_newer_form` returns."""
    hints = {
        ARCHIVE: "Not every conda can install what is in version 3 of the index format. If the "
        "customers have conda 26.7 or newer with the solver rattler: --index-version 3",
        WHEEL: "Not every conda can install wheels. What is named in the request itself, in a "
        "version that is there, is made a package of; for what another package needs, name a "
        "channel that has it as a conda package.",
    }
    return tuple(hint for form, hint in hints.items() if form in text)


def _versions(records: list[PackageRecord], form: str) -> list[str]:
    records.sort(key=lambda record: (VersionOrder(record.version), record.build), reverse=True)
    versions = (r.version if form == WHEEL else f"{r.version}={r.build}" for r in records)
    return list(dict.fromkeys(versions))
