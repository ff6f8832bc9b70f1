"""The environments of a request: named for this build, or remembered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...exceptions import InvalidRequestError
from ...repository.manifest import solution_key
from ...repository.names import environment_problem
from ...specs import check_spec, check_together
from .inputs.locked import Environment, PinnedArchive
from .inputs.prefix import read_prefix
from .inputs.read import read_file
from .packages import listed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...repository.manifest import Manifest
    from ..options import EnvironmentSpec, Options


def check_asked(options: Options) -> None:
    """Check what is asked for of environments, as far as that needs no file.

    Raises:
        InvalidRequestError: A name is none, or two are the same; or packages are named besides.
    """
    packages = (*options.packages, *options.add, *options.remove)
    if options.environments and packages:
        raise InvalidRequestError(
            "Packages are named, and another way to say what is wanted as well.",
            "Name the packages, or the file or environment that says which.",
        )
    names = [one.name for one in options.environments]
    check_names(names)
    for asked in options.environments:
        for package in asked.packages:
            check_spec(package)


def check_names(names: Iterable[str]) -> None:
    """Check the names of the environments of a label.

    Raises:
        InvalidRequestError: One cannot be a name, or two are the same for Windows.
    """
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
        found = [one for asked in options.environments for one in _read(asked)]
        check_names([one.name for one in found])
        found = [replace(one, packages=tuple(sorted({*one.packages}))) for one in found]
    elif last and (last.request.environments or last.request.exact) and not options.packages:
        if options.add or options.remove:
            raise InvalidRequestError(
                "The last build was for environments, or for archives that were named exactly: "
                "that is no list that --add or --remove could change.",
                "Change the file that says what is wanted, and build from it.",
            )
        found = list(_remembered(last))
    else:
        remembered = last.request.packages if last else None
        packages = listed(options.packages, options.add, options.remove, remembered)
        found = [Environment(packages=packages)]
    for one in found:
        for package in one.packages:
            check_spec(package)
        check_together(one.packages)
    return tuple(sorted(found, key=lambda one: one.name))


def _read(asked: EnvironmentSpec) -> tuple[Environment, ...]:
    """Return what is asked for; of a file with several environments each, under a joined name."""
    if asked.prefix:
        return (replace(read_prefix(asked.prefix), name=asked.name),)
    if asked.file:
        return tuple(
            replace(one, name="-".join(part for part in (asked.name, one.name) if part))
            for one in read_file(asked.file)
        )
    return (Environment(asked.name, asked.packages),)


def _remembered(last: Manifest) -> Iterable[Environment]:
    request = last.request
    for name in request.environments or ("",):
        if name not in request.exact:
            yield Environment(name, request.environments[name])
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
