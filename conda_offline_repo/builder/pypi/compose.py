"""The solution of conda's packages and of those that are made of wheels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from conda.models.match_spec import MatchSpec
from packaging.specifiers import SpecifierSet

from ..._conda.machine import unmet
from ...queries.dependencies import reached, spec_name
from ...specs import PackageSpec
from ..upstream import exact
from ..warnings import BuildWarning
from .conversion.versions import match_spec
from .exceptions import WheelMisfitError

if TYPE_CHECKING:
    from conda.models.records import PackageRecord

    from ..solving.solution import Solution
    from .requirement import PipRequirement


def replaced(solution: Solution) -> Iterator[BuildWarning]:
    """Yield a warning of each of conda's packages that a wheel of another version replaces."""
    made = {entry.record["name"]: entry.record["version"] for entry in solution.converted}
    for record in solution.records:
        version = made.get(record.name, record.version)
        if version != record.version:
            text = f"{record.name} {version} comes from PyPI for {solution.key}, in the place of "
            yield BuildWarning("from-pypi", f"{text}{record.version}.")


def composed(
    solution: Solution,
    requirements: Iterable[PipRequirement],
    conda_name: Callable[[str], str],
    needs: Mapping[str, SpecifierSet],
) -> Solution:
    """Return a solution without conda's packages that wheels replace, and with what stands for the
    requirements of pip.

    Args:
        solution: With all of conda's packages, and with those made of wheels.
        requirements: That hold for its machine.
        conda_name: Returns what a project is called among conda's packages.
        needs: By that name, the versions that are needed of packages of the channels.

    Raises:
        WheelMisfitError: Its packages do not go together.
    """
    converted = (exact.as_record(entry.name, entry.record) for entry in solution.converted)
    made = {record.name: record for record in converted}
    stay = {record.name: record for record in solution.records if record.name not in made}
    pip = {}
    for requirement in requirements:
        name, specifier = conda_name(requirement.project), requirement.specifier
        if requirement.url:
            specifier = SpecifierSet(f"=={made[name].version}")
        local = name in made and "+" in made[name].version
        pip[requirement.text] = PackageSpec(match_spec(name, specifier, local=local))
    together = {**stay, **made}
    depends = {name: [*map(spec_name, record.depends)] for name, record in together.items()}
    roots = {spec.match.name for spec in (*solution.packages, *pip.values())}
    # what only an extra of a conda package needs
    asked = {**dict.fromkeys(made, SpecifierSet()), **needs}
    extra = asked.keys() - reached(roots, depends)
    pip |= {name: PackageSpec(match_spec(name, asked[name])) for name in sorted(extra)}
    if len(stay) < len(solution.records):  # what only the ones needed that wheels replace
        together = {name: together[name] for name in reached(roots | extra, depends)}
        stay = {name: record for name, record in stay.items() if name in together}
    touched = [r for name, r in stay.items() if not made.keys().isdisjoint(depends[name])]
    demands = unmet((*made.values(), *touched), {}, together.values())
    misfits = [str(demand) for demand in demands if not demand.virtual_package]
    for spec in () if solution.exact else solution.packages:
        package = made.get(spec.match.name)
        if package and not _fits(spec, package):
            misfits.append(f"the request names {spec}, and there is {package.version} from PyPI")
    if misfits:
        raise WheelMisfitError(solution.key, misfits)
    records = tuple(stay.values())
    if solution.exact:
        packages = tuple(map(exact.spec, together.values()))
        return replace(solution, packages=packages, records=records)
    packages = tuple(dict.fromkeys((*solution.packages, *pip.values())))
    return replace(solution, packages=packages, records=records, pip=pip)


def _fits(spec: PackageSpec, package: PackageRecord) -> bool:
    """Return whether a package has the name, version and build of a specification."""
    fields = {field: spec.match.get_raw_value(field) for field in ("name", "version", "build")}
    given = {field: value for field, value in fields.items() if value}
    return bool(MatchSpec(**given).match(package))
