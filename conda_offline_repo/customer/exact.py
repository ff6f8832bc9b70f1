"""Bring an environment to just what a release installs, an earlier one or the newest.

No solver is asked: the manifest has the solution, so that the result is the same with every solver.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda.base.context import context
from conda.models.match_spec import MatchSpec

from .._conda import features
from .._conda.machine import unmet
from .._conda.transactions import installed, transaction_to
from ..repository.manifest import INDEX_NAME, key_parts, package_name, solution_key
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
from .source import records as indexed

if TYPE_CHECKING:
    from conda.models.records import PackageRecord

    from ..repository.locate import Repository
    from .request import UseRequest


def exactly(repository: Repository, request: UseRequest) -> Any:
    """Return conda's transaction, not yet run, for just the packages of the requested release.

    What else is installed goes, but for what has to stay in base; what fits already stays as it
    is. See `install.confined`.

    Raises:
        ReleaseNotKeptError: The repository does not have this release.
        EnvironmentMissingError: The release does not have this environment, or has several.
        PlatformMissingError: The release has nothing for this machine.
        MachineMisfitError: This machine does not have what its packages demand.
        BaseMisfitError: They do not go together with what has to stay in base.
        RepositoryDamagedError: The index does not have its packages.
        PoisonedCacheError: conda's package cache holds another archive in the place of one.
    """
    prefix, environment, manifest = request.prefix, request.environment, repository.manifest
    current = installed(prefix)
    wanted = released(repository, request.release, environment)
    records = [_same(current, record) or record for record in wanted]
    if is_base(prefix):
        others = staying(current, {record.name for record in records})
        check_fits(records, others)
        records += others.values()
    name = environment if environment and environment in manifest.request.environments else ""
    packages = manifest.specs(name, context.subdir)
    requested = {MatchSpec(package).name for package in packages}
    if not requested:  # nobody named any: what nothing else needs
        needed = {MatchSpec(spec).name for record in records for spec in record.depends}
        requested = {record.name for record in records} - needed
    specs = (MatchSpec(record.name) for record in records if record.name in requested)
    return transaction_to(prefix, records, specs)


def released(
    repository: Repository, release: int | None, environment: str | None
) -> list[PackageRecord]:
    """Return just the packages of a release; arguments as `solution`, errors as `exactly`."""
    names = solution(repository, release, environment)
    by_name = indexed(repository, names)
    if absent := sorted({name.rpartition("/")[0] for name in names if name not in by_name}):
        damaged = [f"{subdir}/{INDEX_NAME}" for subdir in absent]
        raise RepositoryDamagedError(repository.path, changed=damaged)
    records = [*by_name.values()]
    check_machine(repository, records)
    return records


def check_machine(repository: Repository, records: Iterable[Mapping[str, Any]]) -> None:
    """Check that this machine has what packages of a repository demand of it.

    Raises:
        MachineMisfitError: It does not.
    """
    keys = ("depends", "constrains")
    demanding = [
        record
        for record in records
        if any(str(text).startswith("__") for key in keys for text in record.get(key) or ())
    ]
    # to look at the machine takes longer than all else
    if demanding and (demands := unmet(demanding, features.own_virtual_packages())):
        assumed = repository.manifest.request.virtual_packages
        raise MachineMisfitError(demands, assumed.get(context.subdir, {}))


def keeping(repository: Repository, prefix: Path, archives: Iterable[str]) -> tuple[Finding, ...]:
    """Return which packages stay in base though they are not among the archives of the release."""
    if not is_base(prefix):
        return ()
    records = staying(installed(prefix), {*map(package_name, archives)}).values()
    packages = ", ".join(f"{record.name} {record.version}" for record in records)
    text = (
        "These packages stay in base as they are, as conda, its plugins or what they need, though "
        f"the release does not have them: {packages}"
    )
    return (Finding(str(prefix), text),) if packages else ()


def solution(
    repository: Repository, release: int | None, environment: str | None
) -> tuple[str, ...]:
    """Return the archives that a release installs into an environment; raises as `exactly`.

    Args:
        repository: The repository.
        release: The number of the release; None for the newest.
        environment: The label's environment; None if the label has just one.
    """
    releases = repository.manifest.installable
    number = repository.manifest.release if release is None else release
    if number not in releases:
        raise ReleaseNotKeptError(repository.path, number, repository.manifest)
    solutions = releases[number].solutions
    parts = sorted(map(key_parts, solutions))
    environments = sorted({name for name, _ in parts})
    if environment in (None, DEFAULT) and environments == [""]:
        environment = ""
    if environment not in environments:
        raise EnvironmentMissingError(repository.path, environment, environments)
    key = solution_key(environment, context.subdir)
    if key not in solutions:
        platforms = [platform for name, platform in parts if name == environment]
        raise PlatformMissingError(repository.path, context.subdir, platforms)
    return solutions[key]


def _same(current: Mapping[str, Any], wanted: PackageRecord) -> Any:
    """Return the installed record if it is of this very package, wherever it came from."""
    record = current.get(wanted.name)
    keys = ("subdir", "fn", "sha256" if wanted.get("sha256") else "md5")
    return record if record and all(record.get(k) == wanted.get(k) for k in keys) else None
