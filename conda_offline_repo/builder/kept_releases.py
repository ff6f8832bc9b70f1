"""The earlier releases that stay installable from the same folder.

The index then holds the packages of all of them, so a release can be kept only as far as conda
chooses the newest release from it as it would without.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..audit.check import Judge, ended
from ..audit.exceptions import Breach
from ..audit.policy import parse_policy
from ..repository.manifest import Kept, Manifest
from .upstream.entry import Entry
from .upstream.unfit import reason_against
from .warnings import BuildWarning

if TYPE_CHECKING:
    from ..queries.dependencies import Records
    from .solving.solution import Ground, Solution


@dataclass(frozen=True)
class KeptReleases:
    """The releases that are kept.

    Attributes:
        releases: By number.
        entries: The archives that they need and the new release does not.
        warnings: Why others are not kept.
    """

    releases: Mapping[int, Kept] = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()
    warnings: tuple[BuildWarning, ...] = ()


def kept_releases(
    ground: Ground, records: Records, solutions: Iterable[Solution], entries: Iterable[Entry]
) -> KeptReleases:
    """Return the releases that stay beside a new one, as many as its request says.

    The last release is one of them, unless the new one installs just the same.

    Args:
        records: The index entries of what is published, as far as they can be read.
        solutions: What the new one installs.
        entries: Its archives.
    """
    request, last = ground.request, ground.last
    if last is None:
        return KeptReleases()
    new = {entry.name: entry for entry in entries}
    earlier, warnings = dict(last.releases), []
    installs = {solution.key: solution.names for solution in solutions}
    if installs != dict(last.solutions) or any(_differs(entry, last) for entry in new.values()):
        earlier[last.release] = Kept(last.created, last.digest, last.solutions)
    elif last.release in request.withdrawn:
        text = f"Release {last.release} is withdrawn, and the new one installs the same packages."
        warnings.append(BuildWarning("withdrawn", f"{text} Change what is to be shipped."))
    decided = request.policy == last.request.policy and not ended(last.decisions, request.time)
    judge = None if decided else Judge(parse_policy(request.policy), request.time)
    releases: dict[int, Kept] = {}
    good = sorted(earlier.keys() - request.withdrawn, reverse=True)
    for release in good[: request.keep - 1]:
        names = sorted(_archives(earlier[release]))
        problems = (_problem(name, new, last, ground, records, judge) for name in names)
        if problem := next(filter(None, problems), None):
            text = f"Release {release} cannot be kept: {problem}."
            warnings.append(BuildWarning("not-kept", text))
        else:
            releases[release] = earlier[release]
    needed = []
    for name in sorted(_archives(*releases.values()) - new.keys()):
        subdir, _, file = name.rpartition("/")
        package = last.packages[name]
        url, more = package.url, (package.wheel, package.index_version)
        needed.append(Entry(subdir, file, records[name], url, url, "", *more))
    return KeptReleases(releases, tuple(needed), tuple(warnings))


def without(kept: KeptReleases, key: str, archives: Iterable[str], solver: str) -> KeptReleases:
    """Return what is kept without the releases that have some archives; nothing, if none has.

    Args:
        kept: What was to be kept.
        key: The solution that conda would use the archives for, in place of the new release's.
        archives: As `subdir/file`; none if it has no solution beside them.
        solver: The solver that conda has.
    """
    unwanted = {*archives}
    releases = {
        number: release
        for number, release in kept.releases.items()
        if unwanted.isdisjoint(release.solutions.get(key, ()))
    }
    if len(releases) == len(kept.releases):
        releases = {}
    names = _archives(*releases.values())
    given_up = sorted(kept.releases.keys() - releases)
    reason = f"the {solver} solver finds no solution for {key} beside it"
    if unwanted:
        reason = (
            f"conda would install {', '.join(sorted(unwanted))} for {key} from it, in place of "
            "what the new release has"
        )
    text = f"Release {', '.join(map(str, given_up))} cannot be kept: {reason}."
    warning = BuildWarning("not-kept", text)
    entries = tuple(entry for entry in kept.entries if entry.name in names)
    return KeptReleases(releases, entries, (*kept.warnings, warning))


def _archives(*releases: Kept) -> set[str]:
    return {name for kept in releases for names in kept.solutions.values() for name in names}


def _differs(entry: Entry, last: Manifest) -> bool:
    """Return whether the repository has no archive of this name, or one of other content."""
    package = last.packages.get(entry.name)
    return package is None or (entry.has_digest and not entry.has_bytes_of(package))


def _problem(
    name: str,
    new: Mapping[str, Entry],
    last: Manifest,
    ground: Ground,
    records: Records,
    judge: Judge | None,
) -> str | None:
    """Return why an archive of the last release cannot be kept, or None."""
    if name in new:
        return f"{name} has other content now" if _differs(new[name], last) else None
    if last.packages[name].index_version > ground.request.index_version:
        return f"{name} is in version 3 of the index format, which is not asked for any more"
    if name not in records:
        return f"the index in {ground.repository} does not have {name} any more"
    if not (records[name].get("sha256") or records[name].get("md5")):
        return f"its channel states no digest of {name}"
    if unfit := reason_against(name.rpartition("/")[2], records[name], ground.request):
        return f"{name}: {unfit}"
    judged = judge.judged(name, last.packages[name], records[name]) if judge else ()
    for breach in judged:
        if isinstance(breach, Breach):
            return f"{name} breaks the policy: {breach.problem}"
    path = ground.repository / name
    with suppress(OSError):
        if path.is_file() and path.stat().st_size == last.packages[name].size:
            return None
    return f"{path} is missing or damaged"
