"""The plugin itself, as a small channel of its own in the repository.

A customer whose conda has no plugin installs it from there into the base environment, whatever
Python that has. So it is the package of the customer's side, and what that needs besides what comes
with every conda; all of it independent of platform and Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from conda.models.match_spec import MatchSpec
from conda.models.version import VersionOrder

from ..files.hashing import hash_file
from ..queries.contents import read_records
from ..repository.names import LICENSES_PACKAGE, PLUGIN, PLUGIN_PACKAGE, SIGNATURES_PACKAGE
from ..urls import file_url
from .archives.archive import read_description
from .exceptions import PluginFileError, PluginNotFoundError
from .solving.exceptions import InvalidRecordError
from .upstream.ages import Ages
from .upstream.entry import Entry
from .upstream.readable import Readers, unreadable
from .upstream.repodata import load
from .upstream.unavailable import explained

if TYPE_CHECKING:
    from ..repository.manifest import Manifest
    from .request.request import Request

FOLDER = f"{PLUGIN}/"
SUBDIR = "noarch"
#: What every base environment has; they come with conda.
GIVEN = frozenset({"conda", "pluggy", "python"})


def entries(
    request: Request,
    given: Path | None,
    last: Manifest | None,
    repository: Path,
    *,
    signed: bool,
) -> tuple[Entry, ...]:
    """Return the archives of the plugin's channel, sorted by name; none if it does not go along.

    Args:
        given: The archive of the package. Without it, the newest of what the channels have and of
            what the repository has, so that a plugin that was once given as a file stays.
        last: The manifest of the published repository, if there is one.
        signed: Whether what checks signatures goes along, if the channels have it; so does what
            reads licences, if the policy has rules on them.

    Raises:
        PluginFileError: The file that was given is not the plugin's package.
        PluginNotFoundError: No channel has the package, or what it needs.
        InvalidRecordError: A channel's entry cannot be used.
        ChannelUnavailableError: A channel cannot be read.
    """
    if not request.plugin:
        return ()
    ages = Ages(request)
    published = [e for e in _published(last, repository) if not ages.against(e)]

    def candidates(spec: MatchSpec) -> list[Entry]:
        if given and spec.name == PLUGIN_PACKAGE:
            return [_from_file(given)]
        return [*_from_channels(request, spec, ages), *published]

    chosen = _with_needs(PLUGIN_PACKAGE, {}, candidates, request)
    licensed = "licenses" in request.policy
    for package, wanted in ((SIGNATURES_PACKAGE, signed), (LICENSES_PACKAGE, licensed)):
        with suppress(PluginNotFoundError):
            chosen = _with_needs(package, chosen, candidates, request) if wanted else chosen
    return tuple(sorted(chosen.values(), key=lambda entry: entry.name))


def checks_signatures(names: Iterable[str]) -> bool:
    """Return whether the package that checks signatures is among the archives of a repository."""
    return any(name.startswith(f"{FOLDER}{SUBDIR}/{SIGNATURES_PACKAGE}-") for name in names)


def _with_needs(
    package: str,
    chosen: Mapping[str, Entry],
    candidates: Callable[[MatchSpec], list[Entry]],
    request: Request,
) -> dict[str, Entry]:
    """Return, by name, what was chosen already, a package, and what it needs."""
    chosen = dict(chosen)
    missing = [MatchSpec(package)]
    while missing:
        spec = missing.pop()
        if spec.name in GIVEN or spec.name.startswith("__"):
            continue
        known = chosen.get(spec.name)
        entries = [known] if known else candidates(spec)
        fitting = [entry for entry in entries if _fits(spec, entry)]
        if not fitting:
            urls = (source.url for source in request.sources)
            raise PluginNotFoundError(str(spec), urls, old_enough=bool(Ages(request)))
        if not known:
            chosen[spec.name] = newest = max(fitting, key=_age)
            missing += map(MatchSpec, newest.record.get("depends") or ())
    return chosen


def _age(entry: Entry) -> tuple[VersionOrder, int]:
    return VersionOrder(entry.record["version"]), entry.record.get("build_number") or 0


def _fits(spec: MatchSpec, entry: Entry) -> bool:
    facts = {key: entry.record[key] for key in ("name", "version", "build")}
    number = entry.record.get("build_number") or 0
    return bool(spec.match({**facts, "build_number": number, "fn": entry.file}))


def _from_channels(request: Request, spec: MatchSpec, ages: Ages) -> list[Entry]:
    """Return what fits in the first channel that has the package and is not too new, as conda
    chooses channels.
    """
    for source in request.sources:
        with explained(request, source):
            index = load(source, (SUBDIR,), (spec.name,))[SUBDIR]
        listed = []
        for file, record in index.entries.items():
            if problem := unreadable(file, record, Readers()):
                raise InvalidRecordError(source.url, file, problem)
            entry = Entry(SUBDIR, file, record, *index.urls(file), FOLDER)
            listed += [] if ages.against(entry) else [entry]
        if fitting := [entry for entry in listed if _fits(spec, entry)]:
            return fitting
    return []


def _published(last: Manifest | None, repository: Path) -> list[Entry]:
    """Return what the repository has, as far as its index is the one that was published."""
    if last is None or not last.request.plugin:
        return []
    published = []
    for name, record in read_records(last, repository, damaged=True).items():
        folder, _, file = name.rpartition("/")
        package = last.packages.get(name)
        if package and folder == f"{FOLDER}{SUBDIR}" and not unreadable(file, record, Readers()):
            urls = (package.url, file_url(repository / name))
            published.append(Entry(SUBDIR, file, record, *urls, FOLDER))
    return published


def _from_file(path: Path) -> Entry:
    """Make the entry that a channel would have for an archive."""
    if not path.is_file():
        raise PluginFileError(path, "it is not a file")
    try:
        index = read_description(path)
        digests = hash_file(path, md5=True)
    except (OSError, ValueError) as error:
        raise PluginFileError(path, getattr(error, "strerror", None) or str(error)) from None
    record = {**index, "sha256": digests.sha256, "md5": digests.md5, "size": digests.size}
    problem = unreadable(path.name, record, Readers())
    if not problem and (record["name"], record.get("subdir")) != (PLUGIN_PACKAGE, SUBDIR):
        problem = f"it is {record['name']} for {record.get('subdir')}, not {PLUGIN_PACKAGE}"
    if problem:
        raise PluginFileError(path, problem)
    url = file_url(path.absolute())
    return Entry(SUBDIR, path.name, record, url, url, FOLDER)
