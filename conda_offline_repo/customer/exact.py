"""Bring an environment to just what a release installs, an earlier one or the newest.

No solver is asked: the manifest has the solution, so that the result is the same with every solver.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda.base.context import context
from conda.models.channel import Channel
from conda.models.match_spec import MatchSpec
from conda.models.records import PackageRecord

from .._conda import features
from .._conda.machine import unmet
from .._conda.transactions import installed, transaction_to
from ..queries.contents import read_records
from ..repository.manifest import INDEX_NAME, key_parts, solution_key
from ..repository.names import DEFAULT
from .base import check_fits, is_base, staying
from .configuration import Finding
from .exceptions import (
    EnvironmentMissingError,
    MachineMisfitError,
    PlatformMissingError,
    ReleaseNotKeptError,
    RepositoryDamagedError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import Any

    from ..repository.locate import Repository
    from .target import Target


def exactly(
    target: Target, repository: Repository, release: int | None, environment: str | None
) -> Any:
    """Return conda's transaction, not yet run, for just the packages of a release.

    What else is installed goes, but for what has to stay in base; what fits already stays as it
    is. See `install.offline`.

    Args:
        target: The environment.
        repository: The repository that it uses.
        release: The number of the release; None for the newest.
        environment: The label's environment; None if the label has just one.

    Raises:
        ReleaseNotKeptError: The repository does not have this release.
        EnvironmentMissingError: The release does not have this environment, or has several.
        PlatformMissingError: The release has nothing for this machine.
        MachineMisfitError: This machine does not have what its packages demand.
        BaseMisfitError: They do not go together with what has to stay in base.
        RepositoryDamagedError: The index does not have its packages.
        PoisonedCacheError: conda's package cache holds another archive in the place of one.
    """
    current = installed(target.prefix)
    request = repository.manifest.request
    wanted = released(target, repository, release, environment)
    records = [_same(current, record) or record for record in wanted]
    if is_base(target.prefix):
        others = staying(current, {record.name for record in records})
        check_fits(records, others)
        records += others.values()
    packages = request.environments.get(environment or "", request.packages)
    requested = {MatchSpec(package).name for package in packages}
    if not requested:  # nobody named any: what nothing else needs
        needed = {MatchSpec(spec).name for record in records for spec in record.depends}
        requested = {record.name for record in records} - needed
    specs = (MatchSpec(record.name) for record in records if record.name in requested)
    return transaction_to(target.prefix, records, specs)


def released(
    target: Target, repository: Repository, release: int | None, environment: str | None
) -> list[PackageRecord]:
    """Return just the packages of a release; arguments and errors as `exactly`."""
    records = _records(target, repository, _solution(repository, release, environment))
    if demands := unmet(records, features.own_virtual_packages()):
        assumed = repository.manifest.request.virtual_packages
        raise MachineMisfitError(demands, assumed.get(context.subdir, {}))
    return records


def installed_release(repository: Repository, prefix: Path) -> int | None:
    """Return the newest release whose packages an environment has, some or all of them.

    None if it has none of them, or its packages are of no single release that the repository has.
    """
    current, packages = installed(prefix), repository.manifest.packages
    for number, solutions in sorted(_releases(repository).items(), reverse=True):
        for key, names in solutions.items():
            if key_parts(key)[1] != context.subdir:
                continue
            stems = {name: name.rpartition("/")[2].rsplit("-", 2)[0] for name in names}
            shared = [(current[stem], name) for name, stem in stems.items() if stem in current]
            if shared and all(
                f"{record.subdir}/{record.fn}" == name
                and record.get("sha256") in (None, "", packages[name].sha256)
                for record, name in shared
            ):
                return number
    return None


def _releases(repository: Repository) -> dict[int, Mapping[str, tuple[str, ...]]]:
    """Return the solutions of each release that the repository has, by number."""
    manifest = repository.manifest
    kept = {number: kept.solutions for number, kept in manifest.releases.items()}
    return {**kept, manifest.release: manifest.solutions}


def keeping(
    target: Target, repository: Repository, release: int | None, environment: str | None
) -> tuple[Finding, ...]:
    """Return which packages stay in base though the release does not have them.

    Raises:
        ReleaseNotKeptError, EnvironmentMissingError, PlatformMissingError: As `exactly`.
    """
    if not is_base(target.prefix):
        return ()
    names = _solution(repository, release, environment)
    released = {name.rpartition("/")[2].rsplit("-", 2)[0] for name in names}
    records = staying(installed(target.prefix), released).values()
    packages = ", ".join(f"{record.name} {record.version}" for record in records)
    text = (
        "These packages stay in base as they are, as conda, its plugins or what they need, though "
        f"the release does not have them: {packages}"
    )
    return (Finding(str(target.prefix), text),) if packages else ()


def _solution(
    repository: Repository, release: int | None, environment: str | None
) -> tuple[str, ...]:
    """Return the names of the archives that a release installs into an environment.

    Raises:
        ReleaseNotKeptError, EnvironmentMissingError, PlatformMissingError: As `exactly`.
    """
    releases = _releases(repository)
    number = repository.manifest.release if release is None else release
    if number not in releases:
        raise ReleaseNotKeptError(repository.path, number, sorted(releases))
    parts = sorted(map(key_parts, releases[number]))
    environments = sorted({name for name, _ in parts})
    if environment in (None, DEFAULT) and environments == [""]:
        environment = ""
    if environment not in environments:
        raise EnvironmentMissingError(repository.path, environment, environments)
    key = solution_key(environment, context.subdir)
    if key not in releases[number]:
        platforms = [platform for name, platform in parts if name == environment]
        raise PlatformMissingError(repository.path, context.subdir, platforms)
    return releases[number][key]


def _records(target: Target, repository: Repository, names: Iterable[str]) -> list[PackageRecord]:
    """Return the packages of these names as conda's solvers have them from the index."""
    entries = read_records(repository.manifest, repository.path, damaged=True)
    absent = sorted({name.rpartition("/")[0] for name in names if name not in entries})
    if absent:
        damaged = [f"{subdir}/{INDEX_NAME}" for subdir in absent]
        raise RepositoryDamagedError(repository.path, changed=damaged)
    records = []
    for name in names:
        subdir, _, file = name.rpartition("/")
        url = f"{target.channel}/{name}"
        channel = Channel(url.rpartition("/")[0])
        place = {"fn": file, "subdir": subdir, "url": url, "channel": channel}
        records.append(PackageRecord(**{**entries[name], **place}))
    return records


def _same(current: Mapping[str, Any], wanted: PackageRecord) -> Any:
    """Return the installed record if it is of this very package, wherever it came from."""
    record = current.get(wanted.name)
    keys = ("subdir", "fn", "sha256" if wanted.get("sha256") else "md5")
    return record if record and all(record.get(k) == wanted.get(k) for k in keys) else None
