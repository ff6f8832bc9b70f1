"""What to type after `use`, and what works where a solver does not bring what somebody asks for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from conda.base.context import context
from conda.models.match_spec import MatchSpec
from packaging.utils import canonicalize_name

from .._conda.solver import UnsolvedError
from .._conda.transactions import installed, linked, requested
from ..exceptions import OfflineRepoError
from ..printable import quoted
from ..queries.pip import names_by_project
from ..repository.manifest import on_platform, package_name
from ..repository.names import DEFAULT
from ..specs import PackageSpec
from .base import is_base
from .configuration import Finding
from .exact import released
from .install import transaction
from .installed import superseded

if TYPE_CHECKING:
    from conda.models.records import PackageRecord

    from ..repository.locate import Repository
    from ..repository.manifest import Manifest
    from .request import UseRequest
    from .target import Target


def next_commands(request: UseRequest, repository: Repository) -> Iterator[str]:
    """Yield what to type after a request: activate, then install and update what was built for.

    After the environment was brought to just what a release installs, nothing is left to install.
    """
    manifest, prefix = repository.manifest, request.prefix
    built = manifest.request
    use_again = f"conda offline-repo use {quoted(repository.path)}"
    if request.name:
        yield f"conda activate {quoted(request.name)}"
    if request.exact:
        return
    if built.environments or built.exact:
        environment = min(on_platform(manifest.solutions, context.subdir)) or DEFAULT
        where = quoted(prefix)
        yield f"{use_again} -p {where} --environment {environment}"
        return
    current = installed(prefix)
    specs = manifest.specs("", context.subdir)
    packages = dict.fromkeys(PackageSpec(package).unqualified for package in specs)
    absent = [p for p in packages if p.match.name in manifest.names and p.match.name not in current]
    # `conda update` takes names alone
    names = [*dict.fromkeys(p.match.name for p in packages if p.match.name in current)]
    if absent or not packages:
        yield f"conda install {quoted(*absent) or 'PACKAGE'}"
    updates = " ".join(names)
    if request.allow_older and superseded(manifest, prefix, names):
        yield f"{use_again} --allow-older {updates}"
    elif names and not request.packages:
        yield f"conda update {updates}"


def use_arguments(
    request: UseRequest, manifest: Manifest, target: Target, *, changed: bool
) -> list[str]:
    """Return the arguments of `use`, after the repository, that lead where a request leads.

    `changed` is whether the environment has packages that only an exact release takes away.
    """
    words: list[str] = [*request.packages]
    if request.exact:
        words = [] if request.release is None else ["--release", str(request.release)]
        words += ["--environment", request.environment] if request.environment else []
    elif not words or changed:
        current, options = installed(request.prefix), manifest.exact_options(context.subdir)
        solutions = on_platform(manifest.solutions, context.subdir)
        common = {n: sum(package_name(a) in current for a in solutions[n]) for n in options}
        name = max(common, key=lambda n: (common[n], n == request.prefix.name))
        words = options[name].split()
    flags = {"--allow-older": request.allow_older, "--other-label": request.other_label}
    flags |= {"--no-exclude-newer": request.exempt, "--yes": is_base(request.prefix)}
    values = [("--policy", request.policy), ("--platform", target.state.platform)]
    values += [("--trust", key) for key in request.trusted]
    words += [word for option, value in values if value for word in (option, value)]
    words += [flag for flag, given in flags.items() if given]
    return ["-p", str(request.prefix), *words]


def lagging(
    target: Target, repository: Repository, packages: Sequence[PackageSpec], change: Any
) -> tuple[Finding, ...]:
    """Return which packages do not come to what the newest release has of them, and what does it.

    A solver may find that an old version is good enough; see `install.confined`.

    Args:
        target: The environment.
        repository: The repository that it uses.
        packages: What was asked for.
        change: conda's transaction; None if nothing is to be done.
    """
    wanted = _wanted(target, repository, packages) if packages else {}
    late = _late(target, wanted, change)
    if not late:
        return ()
    number = repository.manifest.release
    versions = ", ".join(
        f"{name} {version}, and not {' or '.join(sorted({v for v, _ in wanted[name]}))}"
        for name, version in sorted(late.items())
    )
    remedies = "\n  ".join(ways(target, repository, packages))
    text = f"The solver has chosen {versions} of release {number}.\n  {remedies}"
    return (Finding(str(target.prefix), text),)


def ways(target: Target, repository: Repository, packages: Sequence[PackageSpec]) -> Iterator[str]:
    """Yield the commands that lead on, each after what it does; see `install.confined`.

    Args:
        target: The environment.
        repository: The repository that it uses.
        packages: What the solver does not bring.
    """
    path, prefix = (quoted(path) for path in (repository.path, target.prefix))
    use = f"conda offline-repo use {path} -p {prefix}"
    if held := _held(target, repository, packages):
        names = quoted(*(*packages, *held))
        yield f"conda does not change {' and '.join(held)} unless named: {use} {names}"
    specs = [package.match for package in packages]
    projects = names_by_project(repository.manifest)
    for spec in specs:
        known = " ".join(sorted(projects.get(canonicalize_name(spec.name), ())))
        if known and spec.name not in repository.manifest.names:
            yield f"PyPI's {spec.name} is the package {known} here: {use} {known}"
    current = installed(target.prefix)
    whole = False
    for environment, records in _releases(target, repository).items():
        has = [any(spec.match(record) for record in records) for spec in specs]
        if not all(fits or spec.name in current for fits, spec in zip(has, specs, strict=True)):
            continue
        gone = sorted({*current} - {record.name for record in records})
        removes = f", without {', '.join(gone)}" if gone else ""
        release = f"release {repository.manifest.release}"
        content = f"{environment} of {release}" if environment else release
        option = repository.manifest.exact_options(context.subdir)[environment]
        yield f"To bring the environment to just what {content} installs{removes}: {use} {option}"
        whole = whole or all(has)
    if not whole:
        yield (
            f"`conda offline-repo show {path}` lists what the repository has; "
            "ask your vendor for a build with what is missing."
        )


def _held(
    target: Target, repository: Repository, packages: Sequence[PackageSpec]
) -> tuple[str, ...]:
    """Return the packages that conda keeps at their version, and that bring the others if named.

    These are python and what was once requested.
    """
    manifest, specs = repository.manifest, [package.match for package in packages]
    kept = {"python", *requested(target.prefix)} - {spec.name for spec in specs}
    held = tuple(sorted(kept & superseded(manifest, target.prefix, installed(target.prefix))))
    if not held:
        return ()
    try:
        change = transaction(target, [*specs, *map(MatchSpec, held)], manifest, back=False)
    except (UnsolvedError, OfflineRepoError):
        return ()
    return () if _late(target, _wanted(target, repository, packages), change) else held


def _releases(target: Target, repository: Repository) -> dict[str, list[PackageRecord]]:
    """Return what the newest release installs on this machine, by environment.

    Those are left out that cannot be installed; for base, all.
    """
    releases = {}
    options = repository.manifest.exact_options(context.subdir)
    for environment in () if is_base(target.prefix) else options:
        try:
            releases[environment] = released(repository, None, environment)
        except OfflineRepoError:
            continue
    return releases


def _wanted(
    target: Target, repository: Repository, packages: Sequence[PackageSpec]
) -> dict[str, set[tuple[str, str]]]:
    """Return the versions and builds that the newest release has of packages, by name."""
    wanted = defaultdict(set)
    for records in _releases(target, repository).values():
        for record in records:
            if any(package.match.match(record) for package in packages):
                wanted[record.name].add((record.version, record.build))
    return dict(wanted)


def _late(target: Target, wanted: dict[str, set[tuple[str, str]]], change: Any) -> dict[str, str]:
    """Return the versions of packages that are not what is wanted, by name."""
    final = dict(installed(target.prefix))
    if change is not None:
        final |= {record.name: record for record in linked(change, target.prefix)}
    return {
        name: final[name].version
        for name, versions in wanted.items()
        if name in final and (final[name].version, final[name].build) not in versions
    }
