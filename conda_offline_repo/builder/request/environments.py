"""The environments of a request: named for this build, or remembered and changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from conda.common.io import dashlist
from conda.models.match_spec import MatchSpec
from packaging.utils import canonicalize_name

from ...exceptions import InvalidRequestError
from ...queries.pip import project_of
from ...repository.manifest import Manifest, solution_key
from ...repository.names import label_problem
from ...repository.remembered import Remembered
from ...specs import PackageSpec, check_together, parse_spec
from .foreign import with_wheels
from .inputs.pinned import Environment, PinnedArchive, PinnedWheel, PipPart
from .inputs.pip_part import both, pip_part, recalled
from .inputs.prefix import read_prefix
from .inputs.read import read_file

if TYPE_CHECKING:
    from ..options import EnvironmentSpec, Options

#: What the lines for pip are called.
PIP = "What pip is to install"
#: What an environment needs for that, if nothing else is asked for.
PYTHON = (PackageSpec("python"),)


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
        if options.pip:
            environments = [_changed(environments, options)]
    else:
        environments = [_listed(options, last)]
    for environment in environments:
        check_together(environment.packages)
    return tuple(
        replace(environment, packages=tuple(sorted({*environment.packages})))
        for environment in sorted(environments, key=lambda environment: environment.name)
    )


def _named(options: Options) -> list[Environment]:
    if options.packages or options.pip or options.add or options.remove:
        raise InvalidRequestError(
            "Packages are named, and a file or an environment that names them as well.",
            "Name only the packages, or only the file or environment.",
        )
    _check_names(spec.name for spec in options.environments)
    environments = [
        environment for spec in options.environments for environment in _read(spec, options)
    ]
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


def _read(spec: EnvironmentSpec, options: Options) -> Iterator[Environment]:
    """Yield what is asked for; of a file with several environments each, under a joined name."""
    if spec.only and not spec.file:
        raise InvalidRequestError(
            f"{', '.join(spec.only)} is to be chosen from a lock file, and none is named.",
            "Name it with --environment-file, or leave out --only.",
        )
    if spec.prefix:
        environments: tuple[Environment, ...] = (replace(read_prefix(spec.prefix), name=spec.name),)
    elif spec.file:
        environments = tuple(
            replace(env, name="-".join(filter(None, (spec.name, env.name))), file=spec.file)
            for env in read_file(spec.file, spec.only)
        )
    else:
        environments = (Environment(spec.name, tuple(map(parse_spec, spec.packages))),)
    part = pip_part(PIP, spec.pip, options.folder)
    for environment in environments:
        yield _with_pip(environment, part)


def _with_pip(environment: Environment, part: PipPart) -> Environment:
    """Return an environment with what pip is to install besides."""
    if environment.wheels or environment.foreign:
        return with_wheels(environment, part)
    pip = both(environment.pip, part)
    packages = environment.packages
    if pip.requirements and not (packages or environment.exact):
        packages = PYTHON
    return replace(environment, packages=packages, pip=pip)


def _remembered(last: Manifest) -> Iterator[Environment]:
    """Yield the environments of the last build; exact ones with the wheels that no requirement led
    to.
    """
    request = last.request
    for name in request.environments or ("",):
        exact, wheels = {}, {}
        part = recalled(request.pip.get(name, {}))
        for platform in request.platforms if name in request.exact else ():
            packages = [
                last.packages[a] for a in last.solutions.get(solution_key(name, platform), ())
            ]
            pins = [PinnedArchive(p.url, p.sha256, p.md5) for p in packages if not p.wheel]
            of_pip = [PinnedWheel(p.url, p.wheel.sha256) for p in packages if p.wheel]
            if pins:
                exact[platform] = tuple(pins)
            if of_pip and not part.requirements:
                wheels[platform] = tuple(of_pip)
        specs = tuple(map(parse_spec, request.environments.get(name, ())))
        yield Environment(name, specs, exact, pip=part, wheels=wheels)


def _changed(environments: list[Environment], options: Options) -> Environment:
    """Return the only environment, whose archives are exact, with other requirements of pip."""
    if len(environments) > 1 or environments[0].name:
        raise InvalidRequestError(
            "--pip adds to the packages of a label. The last build was for environments.",
            "Change the file that names them, and build from it.",
        )
    (environment,) = environments
    if environment.wheels:
        return with_wheels(environment, pip_part(PIP, options.pip, options.folder))
    return replace(environment, pip=_asked_of_pip(options))


def _asked_of_pip(options: Options) -> PipPart:
    part = pip_part(PIP, options.pip, options.folder)
    if options.pip and not part.requirements:
        raise InvalidRequestError(
            "For pip, options are named and no requirement.",
            "Name all requirements with --pip, and the options as well.",
        )
    return part


def _listed(options: Options, last: Manifest | None) -> Environment:
    """Return the environment of packages that are named, or of those of the last build, changed."""
    request = last.request if last else Remembered()
    part = _asked_of_pip(options) if options.pip else recalled(request.pip.get("", {}))
    names = {} if options.pip else {text: project_of(text) for text in part.requirements}
    gone = {name for name in map(canonicalize_name, options.remove) if name in names.values()}
    packages = _packages(options, last, gone)
    requirements = tuple(text for text in part.requirements if names.get(text) not in gone)
    part = replace(part, requirements=requirements) if requirements else PipPart()
    is_all = last and not (request.packages or request.environments or request.exact)
    if part.requirements and not packages and not is_all:
        packages = PYTHON
    return Environment(packages=packages, pip=part)


def _packages(
    options: Options, last: Manifest | None, of_pip: Collection[str]
) -> tuple[PackageSpec, ...]:
    """Return the packages that are named, or those of the last build, changed; none for all that
    the label channel publishes.

    Args:
        of_pip: The normalized names of what is taken away from what pip is to install.
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
    here = [spec for spec in removed if canonicalize_name(spec) not in of_pip]
    changed = added or here or (removed and request.exact)
    if last and changed and (request.exact or not remembered):
        raise InvalidRequestError(
            "--add and --remove change only a list of packages. The last build was for "
            "environments, for exact archives, or for all that the label channel publishes.",
            "Name all packages to ship, or change the file that names them and build from it.",
        )
    forms = {package: (package.match, MatchSpec(package.match.name)) for package in remembered}
    requirements = request.pip.get("", {}).get("requirements", ())
    unknown = [spec for spec in here if not any(spec.match in own for own in forms.values())]
    if unknown:
        raise InvalidRequestError(
            f"Not among the packages of the last build:{dashlist(map(repr, unknown))}",
            f"They are:{dashlist((*remembered, *requirements))}"
            if last
            else "There was no build of this label yet.",
        )
    gone = {spec.match for spec in removed}
    stay = (p for p in remembered if p.match.name not in new and gone.isdisjoint(forms[p]))
    packages = (*stay, *added)
    if here and not packages:
        raise InvalidRequestError(
            f"Without {', '.join(removed)} there would be no package to ship.",
            "Name the packages to ship instead.",
        )
    return packages
