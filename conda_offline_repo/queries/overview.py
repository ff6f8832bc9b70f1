"""What a release is and holds, in words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING

from ..printable import counted, human, withdrawal
from ..repository.manifest import NEEDED, Manifest, key_parts
from ..repository.package import Decision
from .dependencies import environments
from .pip import in_lines, pip_requirements

if TYPE_CHECKING:
    from ..repository.locate import Repository
    from .contents import ListedPackage

#: What a package runs of which that is not known before the next release.
UNKNOWN = {"unknown": ("",)}


def facts(repository: Repository) -> Iterator[tuple[str, str]]:
    """Yield what a release is for, from and of: a name and a text each, of which several may have
    the same name.
    """
    manifest, request = repository.manifest, repository.manifest.request
    yield "label", manifest.label
    yield "release", f"{manifest.release} of {manifest.created}"
    for environment in environments(manifest):
        title = f"environment {environment.name}" if environment.name else "packages asked for"
        everything = "none" if environment.pip else "all of the label channel"
        specs = ", ".join(environment.packages) or everything
        yield title, "exact archives" if environment.exact else specs
        for line in in_lines(pip_requirements(manifest, environment.name)):
            yield "asked of pip", line
    for channel in request.channels or ("none",):
        yield "channels", channel
    yield "customer's conda", customers_conda(manifest)
    yield "proved with", proved_with(manifest.proved_with) or "not stated"
    yield "signed by", ", ".join(repository.signers) or "nobody: its origin is unknown"
    if repository.unfinished:
        yield "unfinished", "a publication is under way or was interrupted"
    if manifest.needs:
        yield "needs", NEEDED
    if manifest.cutoff:
        yield "nothing newer than", f"{manifest.cutoff} ({request.exclude_newer})"
    if manifest.due:
        yield "next release due", manifest.due
    for number, reason in manifest.withdrawn.items():
        yield "withdrawn", withdrawal(number, reason)
    for platform in request.platforms:
        machine = request.virtual_packages.get(platform, {})
        versions = ", ".join(f"{name} {version}" for name, version in sorted(machine.items()))
        yield f"for {platform}", versions
    for key, rule in rules(manifest):
        yield "policy", f"{key}: {rule}"
    for name, platform, archives in solutions(manifest):
        yield f"{place(name, platform)} installs", amount(manifest, archives)


def rules(manifest: Manifest) -> list[tuple[str, str]]:
    """Return the rules of the policy by their keys, as the request states them, sorted."""
    policy = manifest.request.policy
    return [(key, json.dumps(policy[key], ensure_ascii=False)) for key in sorted(policy)]


def package_table(packages: Sequence[ListedPackage]) -> list[tuple[str, ...]]:
    """Return packages as rows below the heads of a table; with attestations, if any has some."""
    heads = ("Name", "Version", "Build", "Subdir", "Size", "Asked for", "Licence", "Channel")
    rows = [(*heads, "Attested by"), *map(_package_row, packages)]
    return rows if any(each.attestations for each in packages) else [row[:-1] for row in rows]


def script_table(packages: Iterable[ListedPackage]) -> list[tuple[str, ...]]:
    """Return what packages run as rows below the heads of a table, also those not known."""
    rows = [
        (package.name, package.version, package.subdir, kind, path)
        for package in packages
        for kind, paths in (UNKNOWN if package.scripts is None else package.scripts).items()
        for path in paths
    ]
    return [("Name", "Version", "Subdir", "Kind", "File"), *rows]


def decision_table(manifest: Manifest) -> list[tuple[str, ...]]:
    """Return what the policy let pass as rows below the heads of a table."""
    heads = tuple(field.name.replace("_", " ").capitalize() for field in fields(Decision))
    return [heads, *(tuple(vars(decision).values()) for decision in manifest.decisions)]


def _package_row(package: ListedPackage) -> tuple[str, ...]:
    size, asked_for = human(package.size), "yes" if package.asked_for else ""
    build = (package.name, package.version, package.build, package.subdir)
    origin, attested = str(package.wheel or package.channel), package.attestations
    by = (", ".join(map(str, attested.verified)) or "not verified") if attested else ""
    return (*build, size, asked_for, package.license, origin, by)


def solutions(manifest: Manifest) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return environment, platform and archives of each solution, sorted."""
    return sorted((*key_parts(key), names) for key, names in manifest.solutions.items())


def place(environment: str, platform: str) -> str:
    """Return an environment on a platform, as a person names them."""
    return f"{environment} on {platform}" if environment else platform


def amount(manifest: Manifest, archives: Iterable[str] | None = None) -> str:
    """Return the number and the size of some archives, or of all."""
    names = manifest.packages if archives is None else archives
    sizes = [manifest.packages[name].size for name in names]
    return f"{counted(len(sizes), 'package')}, {human(sum(sizes))}"


def customers_conda(manifest: Manifest) -> str:
    """Return the versions of the customer's conda, and its solvers, for people."""
    request = manifest.request
    return f"{request.customer_conda} with {', '.join(request.customer_solvers)}"


def proved_with(solvers: Mapping[str, str]) -> str:
    """Return the solvers that have proven a release, with their versions, for people."""
    return "; ".join(f"{name} ({versions})" for name, versions in solvers.items())
