"""What repositories are and hold, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda.base.context import context

from ..printable import printable
from ..repository.journal import unfinished
from ..repository.manifest import as_dict
from .output import human, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..repository.locate import Repository
    from ..repository.manifest import Manifest
    from ..repository.show import ListedPackage


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
                }
                for repository, packages in shown
            ]
        )
    else:
        for repository, packages in shown:
            _print_text(repository, packages)


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
                f"{platform}: {len(names)} packages" for platform, names in solutions.items()
            )
            rows.append((str(build), created, ", ".join(numbers)))
        print_table(rows)
        print()


def _releases(manifest: Manifest) -> list[tuple[int, str, Mapping[str, tuple[str, ...]]]]:
    kept = [(build, one.created, one.solutions) for build, one in manifest.releases.items()]
    return sorted([(manifest.build, manifest.created, manifest.solutions), *kept], reverse=True)


def _print_text(repository: Repository, packages: tuple[ListedPackage, ...]) -> None:
    manifest = repository.manifest
    request = manifest.request
    rows = [
        ("path", str(repository.path)),
        ("label", manifest.label),
        ("build", f"{manifest.build} of {manifest.created}"),
        ("packages asked for", ", ".join(request.packages) or "all of the label channel"),
        ("channels", ", ".join(request.channels)),
    ]
    rows.append(("signed by", ", ".join(repository.signers) or "nobody: its origin is unknown"))
    if unfinished(repository.path, manifest):
        rows.append(("unfinished", "a publication is under way or was interrupted"))
    for platform in request.platforms:
        machine = request.virtual_packages.get(platform, {})
        stated = ", ".join(f"{name} {value}" for name, value in sorted(machine.items()))
        rows.append((f"for {platform}", stated))
    print_table(rows)
    print()
    header = ("NAME", "VERSION", "SUBDIR", "SIZE", "LICENCE")
    print_table(
        [header] + [(p.name, p.version, p.subdir, human(p.size), p.license) for p in packages]
    )
    print(f"\n{len(packages)} packages, {human(manifest.size)}\n")
