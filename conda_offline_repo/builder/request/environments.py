"""The environments of a request: named for this build, or remembered and changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conda.common.io import dashlist
from conda.models.match_spec import MatchSpec

from ...exceptions import InvalidRequestError
from ...repository.manifest import Remembered, solution_key
from ...repository.names import label_problem
from ...specs import check_together, parse_spec
from .inputs.pinned import Environment, PinnedArchive
from .inputs.prefix import read_prefix
from .inputs.read import read_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ...repository.manifest import Manifest
    from ...specs import PackageSpec
    from ..options import EnvironmentSpec, Options


def environments(options: Options, last: Manifest | None) -> tuple[Environment, ...]:
    """Return the environments of a request, sorted by name, their packages sorted as well.

    Args:
        last: The manifest of the last build, if anything is remembered.

    Raises:
        InvalidRequestError: The packages or environments contradict themselves or each other.
        OfflineRepoError: A file or an environment that is named cannot be read.
    """
    listed = options.packages or options.add or options.remove
    if options.environments:
        environments = _named(options)
    elif last and (last.request.environments or last.request.exact) and not listed:
        environments = [*_remembered(last)]
    else:
        environments = [Environment(packages=_packages(options, last))]
    for environment in environments:
        check_together(environment.packages)
    return tuple(
        replace(environment, packages=tuple(sorted({*environment.packages})))
        for environment in sorted(environments, key=lambda environment: environment.name)
    )


def _named(options: Options) -> list[Environment]:
    if options.packages or options.add or options.remove:
        raise InvalidRequestError(
            "Packages are named, and a file or an environment that names them as well.",
            "Name only the packages, or only the file or environment.",
        )
    _check_names(spec.name for spec in options.environments)
    environments = [environment for spec in options.environments for environment in _read(spec)]
    _check_names(environment.name for environment in environments)
    return environments


def _check_names(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        problem = label_problem(name) if name else None
        if name.casefold() in seen:
            problem = "there are two of this name, for Windows at least"
        if problem:
            raise InvalidRequestError(
                f"{name!r} cannot name an environment: {problem}.",
                "Use letters, digits, '.', '_' and '-', and each name once.",
            )
        seen.add(name.casefold())


def _read(spec: EnvironmentSpec) -> Iterator[Environment]:
    """Yield what is asked for; of a file with several environments each, under a joined name."""
    if spec.only and not spec.file:
        raise InvalidRequestError(
            f"{', '.join(spec.only)} is to be chosen from a lock file, and none is named.",
            "Name it with --environment-file, or leave out --only.",
        )
    if spec.prefix:
        yield replace(read_prefix(spec.prefix), name=spec.name)
    elif spec.file:
        for environment in read_file(spec.file, spec.only):
            name = "-".join(filter(None, (spec.name, environment.name)))
            yield replace(environment, name=name, file=spec.file)
    else:
        yield Environment(spec.name, tuple(map(parse_spec, spec.packages)))


def _remembered(last: Manifest) -> Iterator[Environment]:
    request = last.request
    for name in request.environments or ("",):
        exact = {}
        for platform in request.platforms if name in request.exact else ():
            if archives := last.solutions.get(solution_key(name, platform)):
                packages = [last.packages[archive] for archive in archives]
                exact[platform] = tuple(PinnedArchive(p.url, p.sha256, p.md5) for p in packages)
        yield Environment(name, tuple(map(parse_spec, request.environments.get(name, ()))), exact)


def _packages(options: Options, last: Manifest | None) -> tuple[PackageSpec, ...]:
    """Return the packages that are named, or those of the last build, changed; none for all that
    the label channel publishes.
    """
    named, added, removed = (
        tuple(map(parse_spec, texts)) for texts in (options.packages, options.add, options.remove)
    )
    if named and (added or removed):
        raise InvalidRequestError(
            "PACKAGE replaces the list of packages, --add and --remove change it.",
            "Give the whole list, or only what is to be different in it.",
        )
    new = {package.match.name for package in added}
    if both := new & {package.match.name for package in removed}:
        raise InvalidRequestError(
            f"{', '.join(sorted(both))}: both added and removed.",
            "To change the version of a package, --add it alone.",
        )
    if named:
        return named
    request = last.request if last else Remembered()
    remembered = () if request.environments else tuple(map(parse_spec, request.packages))
    if last and not remembered and (added or removed):
        raise InvalidRequestError(
            "--add and --remove change only a list of packages. The last build was for "
            "environments, for exact archives, or for all that the label channel publishes.",
            "Name all packages to ship, or change the file that names them and build from it.",
        )
    forms = {package: (package.match, MatchSpec(package.match.name)) for package in remembered}
    unknown = [spec for spec in removed if not any(spec.match in own for own in forms.values())]
    if unknown:
        raise InvalidRequestError(
            f"Not among the packages of the last build:{dashlist(map(repr, unknown))}",
            f"They are:{dashlist(remembered)}" if last else "There was no build of this label yet.",
        )
    gone = {spec.match for spec in removed}
    stay = (p for p in remembered if p.match.name not in new and gone.isdisjoint(forms[p]))
    packages = (*stay, *added)
    if removed and not packages:
        raise InvalidRequestError(
            f"Without {', '.join(removed)} there would be no package to ship.",
            "Name the packages to ship instead.",
        )
    return packages
