"""Bring an environment to just what a release installs, an earlier one or the newest.

No solver is asked: what a release installs stands in the manifest, so that every solver's conda
comes to the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda.base.context import context
from conda.core.link import PrefixSetup, UnlinkLinkTransaction
from conda.core.prefix_data import PrefixData
from conda.core.solve import diff_for_unlink_link_precs
from conda.models.channel import Channel
from conda.models.match_spec import MatchSpec
from conda.models.records import PackageRecord

from .._conda import features
from ..queries.contents import read_records
from ..repository.manifest import INDEX_NAME, key_parts, solution_key
from ..repository.names import DEFAULT
from .exceptions import (
    EnvironmentMissingError,
    PlatformMissingError,
    ReleaseNotKeptError,
    RepositoryDamagedError,
)
from .hooks.archives import from_repositories
from .hooks.caches import check_caches

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from ..repository.locate import Repository
    from .target import Target


def exactly(
    target: Target, repository: Repository, build: int | None, environment: str | None
) -> Any:
    """Return conda's transaction, not yet run, for just the packages of a release.

    What else is installed goes. What is there already stays as it is. See `install.offline`.

    Args:
        target: The environment.
        repository: What it uses.
        build: The number of the release; None for the newest.
        environment: Which of the label's; None if it has just one.

    Raises:
        ReleaseNotKeptError: The repository does not have this release.
        EnvironmentMissingError: The release does not have this environment, or has several.
        PlatformMissingError: The release has nothing for this machine.
        RepositoryDamagedError: The index does not have its packages.
        PoisonedCacheError: conda's package cache holds another archive in the place of one.
    """
    here = {record.name: record for record in PrefixData(str(target.prefix)).iter_records()}
    request = repository.manifest.request
    build = repository.manifest.build if build is None else build
    records = _records(target, repository, _solution(repository, build, environment))
    final = [_there(here, record) or record for record in records]
    packages = request.environments.get(environment or "", request.packages)
    asked = {MatchSpec(package).name for package in packages}
    if not asked:  # nobody named any: what nothing else needs
        needed = {MatchSpec(spec).name for record in final for spec in record.depends}
        asked = {record.name for record in final} - needed
    specs = tuple(MatchSpec(record.name) for record in final if record.name in asked)
    unlink, link = diff_for_unlink_link_precs(
        str(target.prefix), features.sorted_by_need(final), specs
    )
    context.plugin_manager.invoke_post_solves(INDEX_NAME, unlink, link)
    check_caches(from_repositories(link))
    setup = PrefixSetup(str(target.prefix), unlink, link, (), specs, ())
    return UnlinkLinkTransaction(setup)


def _solution(repository: Repository, build: int, environment: str | None) -> tuple[str, ...]:
    manifest = repository.manifest
    solutions = {
        manifest.build: manifest.solutions,
        **{number: kept.solutions for number, kept in manifest.releases.items()},
    }
    if build not in solutions:
        raise ReleaseNotKeptError(repository.path, build, sorted(solutions))
    found = solutions[build]
    parts = sorted(map(key_parts, found))
    names = sorted({name for name, _ in parts})
    if environment in (None, DEFAULT) and names == [""]:
        environment = ""
    if environment not in names:
        raise EnvironmentMissingError(repository.path, environment, names)
    key = solution_key(environment, context.subdir)
    if key not in found:
        there = [platform for name, platform in parts if name == environment]
        raise PlatformMissingError(repository.path, context.subdir, there)
    return found[key]


def _records(target: Target, repository: Repository, names: Iterable[str]) -> list[PackageRecord]:
    """Return the packages of these names as conda's solvers have them from the index."""
    entries = read_records(repository.manifest, repository.path, damaged=True)
    absent = sorted({name.rpartition("/")[0] for name in names if name not in entries})
    if absent:
        damaged = tuple(f"{subdir}/{INDEX_NAME}" for subdir in absent)
        raise RepositoryDamagedError(repository.path, (), damaged)
    return [_record(target, name, entries[name]) for name in names]


def _record(target: Target, name: str, entry: Mapping[str, Any]) -> PackageRecord:
    subdir, _, file = name.rpartition("/")
    return PackageRecord(
        **{
            **entry,
            "fn": file,
            "subdir": subdir,
            "url": f"{target.channel}/{name}",
            "channel": Channel(f"{target.channel}/{subdir}"),
        }
    )


def _there(here: Mapping[str, Any], wanted: PackageRecord) -> Any:
    """Return what is installed, if it is this very package, wherever it came from."""
    found = here.get(wanted.name)
    keys = ("subdir", "fn", "sha256" if wanted.get("sha256") else "md5")
    if found and all(found.get(key) == wanted.get(key) for key in keys):
        return found
    return None
