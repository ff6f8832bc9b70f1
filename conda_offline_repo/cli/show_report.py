"""What repositories are and hold, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda.base.context import context

from ..printable import counted, human, printable
from ..queries.dependencies import environments
from ..repository.manifest import as_dict, key_parts
from ..repository.transition import unfinished
from .output import named, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..queries.contents import ListedPackage
    from ..queries.dependencies import RequestedEnvironment
    from ..repository.locate import Repository
    from ..repository.manifest import Manifest


def report(shown: Iterable[tuple[Repository, tuple[ListedPackage, ...]]]) -> None:
    """Print repositories with their packages."""
    if context.json:
        print_json(
            repositories=[
                {
                    "path": str(repository.path),
                    "manifest": as_dict(repository.manifest),
                    "packages": [vars(package) for package in packages],
                    "bytes": repository.manifest.size,
                    "signers": repository.signers,
                    "unfinished": unfinished(repository.path, repository.manifest),
                    "environments": [vars(one) for one in environments(repository.manifest)],
                    "solutions": [_solution(one) for one in _solutions(repository.manifest)],
                }
                for repository, packages in shown
            ]
        )
    else:
        for repository, packages in shown:
            _print_text(repository, packages)


def report_brief(found: Iterable[Repository]) -> None:
    """Print a line for each repository."""
    if context.json:
        print_json(
            repositories=[
                {
                    **named(repository),
                    "created": repository.manifest.created,
                    "packages": len(repository.manifest.packages),
                    "bytes": repository.manifest.size,
                    "signers": repository.signers,
                    "unfinished": unfinished(repository.path, repository.manifest),
                }
                for repository in found
            ]
        )
        return
    rows = [("LABEL", "RELEASE", "OF", "PACKAGES", "SIZE", "SIGNED BY", "")]
    for repository in found:
        manifest = repository.manifest
        rows.append(
            (
                manifest.label,
                str(manifest.build),
                manifest.created,
                str(len(manifest.packages)),
                human(manifest.size),
                ", ".join(repository.signers) or "nobody",
                "unfinished" if unfinished(repository.path, manifest) else "",
            )
        )
    print_table(rows)


def report_releases(found: Iterable[Repository]) -> None:
    """Print which releases can be installed from repositories, the newest first."""
    releases = [(repository, _releases(repository.manifest)) for repository in found]
    if context.json:
        print_json(
            repositories=[
                {
                    "path": str(repository.path),
                    "label": repository.manifest.label,
                    "releases": [
                        {"build": build, "created": created, "solutions": dict(solutions)}
                        for build, created, solutions in some
                    ],
                }
                for repository, some in releases
            ]
        )
        return
    for repository, some in releases:
        print(f"{printable(str(repository.path))}, label {repository.manifest.label}:\n")
        rows = [("RELEASE", "OF", "INSTALLS")]
        for build, created, solutions in some:
            numbers = (
                f"{platform}: {counted(len(names), 'package')}"
                for platform, names in solutions.items()
            )
            rows.append((str(build), created, ", ".join(numbers)))
        print_table(rows)
        print()


def _releases(manifest: Manifest) -> list[tuple[int, str, Mapping[str, tuple[str, ...]]]]:
    kept = [(build, one.created, one.solutions) for build, one in manifest.releases.items()]
    return sorted([(manifest.build, manifest.created, manifest.solutions), *kept], reverse=True)


def _solutions(manifest: Manifest) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return environment, platform and archives of each solution, sorted."""
    return sorted((*key_parts(key), names) for key, names in manifest.solutions.items())


def _solution(one: tuple[str, str, tuple[str, ...]]) -> dict[str, object]:
    environment, platform, names = one
    return {"environment": environment, "platform": platform, "packages": names}


def _print_text(repository: Repository, packages: tuple[ListedPackage, ...]) -> None:
    manifest = repository.manifest
    request = manifest.request
    rows = [
        ("path", str(repository.path)),
        ("label", manifest.label),
        ("release", f"{manifest.build} of {manifest.created}"),
    ]
    for one in environments(manifest):
        what = f"environment {one.name}" if one.name else "packages asked for"
        rows.append((what, "exact archives" if one.exact else _asked_for(one)))
    titles = ("channels", *[""] * len(request.channels))
    rows += zip(titles, request.channels or ("none",), strict=False)
    rows.append(("signed by", ", ".join(repository.signers) or "nobody: its origin is unknown"))
    if unfinished(repository.path, manifest):
        rows.append(("unfinished", "a publication is under way or was interrupted"))
    for platform in request.platforms:
        machine = request.virtual_packages.get(platform, {})
        stated = ", ".join(f"{name} {value}" for name, value in sorted(machine.items()))
        rows.append((f"for {platform}", stated))
    for environment, platform, names in _solutions(manifest):
        size = sum(manifest.packages[name].size for name in names)
        place = f"{environment} on {platform}" if environment else platform
        rows.append((f"{place} installs", f"{counted(len(names), 'package')}, {human(size)}"))
    print_table(rows)
    print()
    print_table(
        [("NAME", "VERSION", "BUILD", "SUBDIR", "SIZE", "ASKED FOR", "LICENCE", "CHANNEL")]
        + [
            (
                one.name,
                one.version,
                one.build,
                one.subdir,
                human(one.size),
                "yes" if one.asked_for else "",
                one.license,
                one.channel,
            )
            for one in packages
        ]
    )
    print(f"\n{counted(len(packages), 'package')}, {human(manifest.size)}\n")


def _asked_for(one: RequestedEnvironment) -> str:
    return ", ".join(one.packages) or "all of the label channel"
