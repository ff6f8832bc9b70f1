"""The environments of a request: named for this build, or remembered and changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conda.common.io import dashlist

from ...exceptions import InvalidRequestError
from ...repository.manifest import solution_key
from ...repository.names import environment_problem
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
        options: What the user asked for.
        last: The manifest of the last build, if anything is remembered.

    Raises:
        InvalidRequestError: There is no such request.
        OfflineRepoError: A file or an environment that is named cannot be read.
    """
    if options.environments:
        wanted = _named(options)
    elif last and (last.request.environments or last.request.exact) and not options.packages:
        if options.add or options.remove:
            raise InvalidRequestError(
                "The last build was for environments, or for archives that were named exactly: "
                "that is no list that --add or --remove could change.",
                "Change the file that says what is wanted, and build from it.",
            )
        wanted = [*_remembered(last)]
    else:
        wanted = [Environment(packages=_listed(options, last))]
    for environment in wanted:
        check_together(environment.packages)
    sorted_ = (replace(one, packages=tuple(sorted({*one.packages}))) for one in wanted)
    return tuple(sorted(sorted_, key=lambda one: one.name))


def _named(options: Options) -> list[Environment]:
    if options.packages or options.add or options.remove:
        raise InvalidRequestError(
            "Packages are named, and another way to say what is wanted as well.",
            "Name the packages, or the file or environment that says which.",
        )
    _check_names(spec.name for spec in options.environments)
    wanted = [environment for spec in options.environments for environment in _read(spec)]
    _check_names(environment.name for environment in wanted)
    return wanted


def _check_names(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        problem = environment_problem(name) if name else None
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
    if spec.prefix:
        yield replace(read_prefix(spec.prefix), name=spec.name)
    elif spec.file:
        for environment in read_file(spec.file):
            name = "-".join(filter(None, (spec.name, environment.name)))
            yield replace(environment, name=name)
    else:
        yield Environment(spec.name, tuple(map(parse_spec, spec.packages)))


def _remembered(last: Manifest) -> Iterator[Environment]:
    request = last.request
    for name in request.environments or ("",):
        if name not in request.exact:
            yield Environment(name, tuple(map(parse_spec, request.environments[name])))
            continue
        exact = {}
        for platform in request.platforms:
            archives = last.solutions.get(solution_key(name, platform), ())
            if archives:
                exact[platform] = tuple(
                    PinnedArchive(package.url, package.sha256, package.md5)
                    for package in map(last.packages.__getitem__, archives)
                )
        yield Environment(name, exact=exact)


def _listed(options: Options, last: Manifest | None) -> tuple[PackageSpec, ...]:
    """Return the packages that are named, or those of the last build and what changes of them;
    none for all that the label channel publishes.
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
    both = new & {package.match.name for package in removed}
    if both:
        raise InvalidRequestError(
            f"{', '.join(sorted(both))}: both added and removed.",
            "To change the version of a package, --add it alone.",
        )
    if named:
        return named
    remembered = tuple(map(parse_spec, last.request.packages)) if last else ()
    if last and not remembered and (added or removed):
        raise InvalidRequestError(
            "The last build was for all that the label channel publishes, which is no list that "
            "--add or --remove could change.",
            "Name all packages to ship.",
        )
    unknown = [one for one in removed if not any(_means(one, package) for package in remembered)]
    if unknown:
        raise InvalidRequestError(
            f"Not among the packages of the last build:{dashlist(map(repr, unknown))}",
            f"They are:{dashlist(remembered)}"
            if remembered
            else "There was no build of this label yet.",
        )
    stay = (
        package
        for package in remembered
        if package.match.name not in new and not any(_means(one, package) for one in removed)
    )
    packages = (*stay, *added)
    if removed and not packages:
        raise InvalidRequestError(
            f"Without {', '.join(removed)} there would be no package to ship.",
            "Name the packages to ship instead.",
        )
    return packages


def _means(removed: PackageSpec, package: PackageSpec) -> bool:
    """Return whether a name, or a whole specification, is that of a package."""
    if removed.match.is_name_only_spec:
        return bool(removed.match.name == package.match.name)
    return bool(removed.match == package.match)
