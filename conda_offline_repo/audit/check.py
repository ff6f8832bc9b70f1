"""Who breaks a policy, and what it lets pass."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Literal

from conda.exceptions import InvalidVersionSpec
from conda.models.channel import Channel
from conda.models.records import PackageRecord
from packaging.utils import canonicalize_name

from ..cooldown import cooldown, time_of
from ..queries.contents import channel_of, index_of
from ..queries.dependencies import checked_entry, reached, solved, solved_besides, spec_name
from ..repository.manifest import Manifest, package_name
from ..repository.names import PLUGIN
from ..repository.package import SCRIPTS, Decision, Package
from ..specs import KEYS, parse_spec
from ..urls import public, typed
from .exceptions import Breach
from .licenses import ALLOW, DENY, WARN, judge_license

if TYPE_CHECKING:
    from conda.models.match_spec import MatchSpec

    from ..files.web import Place
    from ..queries.dependencies import Records, Solved
    from .policy import Policy

#: How long before its end an exception is told.
NOTICE = timedelta(days=30)


def check(
    policy: Policy, manifest: Manifest, records: Records, place: Place, now: datetime
) -> tuple[list[Breach], tuple[Decision, ...]]:
    """Return what of a repository breaks a policy, and what the policy lets pass, by an exception
    or with a warning; each by archive.

    Args:
        records: The index entries; see `queries.contents.read_records`.
        place: Of the repository, for messages.
        now: What durations end with, and whose day exceptions have to reach; in UTC.

    Raises:
        ManifestError: An index file does not fit the manifest.
        LicensesMissingError: The policy has rules on licences, which cannot be read.
    """
    judge = Judge(policy, now, manifest.cutoff)
    judged: list[Breach | Decision] = []
    for archive, package in sorted(manifest.packages.items()):
        if entry := checked_entry(manifest, records, place, archive):
            judged += judge.judged(archive, package, entry)
    decisions = tuple(each for each in judged if isinstance(each, Decision))
    breaches = [each for each in judged if isinstance(each, Breach)]
    if breaches:
        present = (*solved(manifest, records, place), *solved_besides(manifest, records, place))
        need = partial(_needed_by, present=present, release=manifest.release)
        breaches = [replace(breach, needed_by=need(breach.archive)) for breach in breaches]
    return breaches, decisions


def ended(decisions: Iterable[Decision], now: datetime) -> bool:
    """Return whether an exception has ended."""
    return any("" < decision.until < now.date().isoformat() for decision in decisions)


@dataclass(frozen=True)
class Judge:
    """Tells what a policy says of a package; see `check`. The wheels of a release are not newer
    than its cutoff, as its manifest has it, which their entries do not tell.
    """

    policy: Policy
    now: datetime
    cutoff: str = ""

    def judged(
        self, archive: str, package: Package, entry: Mapping[str, Any]
    ) -> Iterator[Breach | Decision]:
        """Yield how a package breaks the policy, and what of it the policy lets pass."""
        last = None
        for rule, action, problem in self._problems(archive, package, entry):
            excepted = (e for e in self.policy.exceptions if matches(e.package, package, entry))
            last = last or max(excepted, key=lambda each: each.until, default=None)
            if last and last.until >= self.now.date():
                until = last.until.isoformat()
                yield Decision(archive, rule, problem, last.reason, last.approved_by, until)
            elif action == WARN:
                yield Decision(archive, rule, problem)
            else:
                ended = f"; its exception ended on {last.until}" if last else ""
                yield Breach(archive, rule, f"{problem}{ended}")

    def _problems(
        self, archive: str, package: Package, entry: Mapping[str, Any]
    ) -> Iterator[tuple[str, str, str]]:
        """Yield what is the matter: the rule, `warn` or `deny`, and the problem."""
        policy = self.policy
        if policy.licenses:
            action, problem = judge_license(policy.licenses, entry.get("license"))
            if action != ALLOW:
                yield "licenses", action, problem
        for spec in policy.deny:
            if matches(spec, package, entry):
                yield "packages", DENY, f"{spec} is denied"
        if policy.allow and not any(matches(s, package, entry, pypi=False) for s in policy.allow):
            yield "packages", DENY, "it is not an allowed package"
        if policy.channels and not any(_is_of(channel, package) for channel in policy.channels):
            place = index_of(package.url) if package.wheel else channel_of(archive, package.url)
            yield "channels", DENY, f"it is from {place or 'an unknown place'}"
        if bound := cooldown(policy.exclude_newer, self.now):
            when = time_of(entry)
            if when is None and not (package.wheel and "" < self.cutoff <= bound.cutoff):
                yield "exclude_newer", WARN, "its age is not known"
            elif when and (late := bound.reason_against(when)):
                yield "exclude_newer", DENY, late
        if policy.scripts and package.scripts is None:
            yield "scripts", DENY, "what it runs is not known"
        scripts = package.scripts or {}
        for kind in sorted({*policy.scripts} & scripts.keys(), key=SCRIPTS.index):
            yield "scripts", DENY, f"it has {kind}: {', '.join(scripts[kind])}"


def projects(package: Package, entry: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the projects of PyPI that a package is, by normalized name, with their versions."""
    if package.pypi:
        return package.pypi
    if package.wheel:
        return {canonicalize_name(package.wheel.project): package.wheel.version}
    depends = entry.get("depends")
    needed = map(spec_name, map(str, depends)) if isinstance(depends, list) else ()
    return {canonicalize_name(entry["name"]): entry["version"]} if "python" in needed else {}


def matches(spec: str, package: Package, entry: Mapping[str, Any], *, pypi: bool = True) -> bool:
    """Return whether a package is what a MatchSpec describes, under its name or those on PyPI."""
    name, project, match = _parsed(spec)
    versions = {entry["version"]} if name == entry["name"].lower() else set()
    if pypi and (version := projects(package, entry).get(project)):
        versions.add(version)
    if not versions:
        return False
    channel = Channel(None if package.wheel else package.url.rpartition("/")[0] or None)
    known = {key: entry[key] for key in KEYS & entry.keys()} | {"name": name, "channel": channel}
    known.setdefault("build_number", 0)
    for version in versions:
        with suppress(InvalidVersionSpec):  # of PyPI
            if match.match(PackageRecord(**{**known, "version": version})):
                return True
    return False


@lru_cache(maxsize=4096)
def _parsed(spec: str) -> tuple[str, str, MatchSpec]:
    """Return a MatchSpec with its name, and the same as PyPI has it."""
    match = parse_spec(spec).match
    return match.name, canonicalize_name(match.name), match


def _is_of(channel: str, package: Package) -> bool:
    """Return whether a package is of a channel that a policy names."""
    if package.wheel or channel == "pypi":
        return bool(package.wheel) and channel == "pypi"
    urls = [f"https://conda.anaconda.org/{channel}", *Channel(typed(channel)).base_urls]
    with suppress(ValueError):  # not a URL
        return public(package.url).startswith(tuple(f"{public(url)}/" for url in urls if url))
    return False


def _needed_by(archive: str, present: Iterable[Solved], release: int) -> tuple[str, ...]:
    """Return because of what an archive is there; see `Breach`."""
    reasons: set[str] = set()
    for solution in present:
        names = {name for name, other in solution.archives.items() if other == archive}
        if names and solution.platform == PLUGIN:
            reasons.add(PLUGIN)
        elif names and solution.release != release:
            reasons.add(f"release {solution.release}")
        else:
            roots = solution.asked_for if names else ()
            reasons |= {root for root in roots if names & reached((root,), solution.needs)}
    return tuple(sorted(reasons))


def remarks(
    decisions: Iterable[Decision], now: datetime
) -> Iterator[tuple[Literal["policy", "exception-ends"], str]]:
    """Yield what to know of decisions: what the policy warns of, and which exceptions end soon."""
    warned, ends = defaultdict(set), set()
    last = (min(now.date(), date.max - NOTICE) + NOTICE).isoformat()
    for decision in decisions:
        name = package_name(decision.archive)
        if not decision.reason:
            warned[decision.problem].add(name)
        elif decision.until <= last:
            ends.add((decision.until, name))
    for problem, names in sorted(warned.items()):
        yield "policy", f"The policy warns of {', '.join(sorted(names))}: {problem}."
    for until, package in sorted(ends):
        text = f"The policy's exception for {package} ends on {until}"
        yield "exception-ends", f"{text}. Renew it, or replace the package before then."
