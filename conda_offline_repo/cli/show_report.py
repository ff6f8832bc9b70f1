"""What repositories are and hold, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda.base.context import context

from ..printable import counted, human
from ..queries.dependencies import environments
from ..repository.manifest import as_dict, key_parts
from ..repository.names import PLUGIN
from ..repository.transition import unfinished
from .output import amount, print_answers, print_json, print_lines, release_json, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from ..queries.contents import ListedPackage
    from ..queries.why import Step, Why
    from ..repository.locate import Repository
    from ..repository.manifest import Manifest


#: Steps beyond which the lines of a tree are not indented any further.
DEEPEST = 40
PACKAGES = ("NAME", "VERSION", "BUILD", "SUBDIR", "SIZE", "ASKED FOR", "LICENCE", "CHANNEL")


def report(shown: Iterable[tuple[Repository, tuple[ListedPackage, ...]]]) -> None:
    """Print repositories with their packages."""
    print_answers(shown, _json, _lines)


def report_brief(repositories: Sequence[Repository]) -> None:
    """Print a line for each repository."""
    if context.json:
        print_json(repositories=[*map(_brief_json, repositories)])
    else:
        rows = [("LABEL", "RELEASE", "OF", "PACKAGES", "SIZE", "SIGNED BY", "")]
        print_lines(table([*rows, *map(_brief_row, repositories)]))


def report_releases(repositories: Iterable[Repository]) -> None:
    """Print which releases can be installed from repositories, the newest first."""
    releases = [(repository, _releases(repository.manifest)) for repository in repositories]
    print_answers(releases, _releases_json, _releases_lines)


def report_why(answers: Iterable[tuple[Repository, Sequence[Why]]]) -> None:
    """Print who needs a package in each repository."""
    print_answers(answers, _why_json, _why_lines)


def _json(repository: Repository, packages: tuple[ListedPackage, ...]) -> dict[str, Any]:
    manifest = repository.manifest
    return {
        "path": str(repository.path),
        "manifest": as_dict(manifest),
        "packages": [vars(package) for package in packages],
        "bytes": manifest.size,
        "signers": repository.signers,
        "unfinished": unfinished(repository.path, manifest),
        "environments": [vars(environment) for environment in environments(manifest)],
        "solutions": [
            {"environment": environment, "platform": platform, "packages": names}
            for environment, platform, names in _solutions(manifest)
        ],
    }


def _lines(repository: Repository, packages: tuple[ListedPackage, ...]) -> Iterator[str]:
    manifest = repository.manifest
    request = manifest.request
    rows = [
        ("path", str(repository.path)),
        ("label", manifest.label),
        ("release", f"{manifest.release} of {manifest.created}"),
    ]
    for asked in environments(manifest):
        title = f"environment {asked.name}" if asked.name else "packages asked for"
        specs = ", ".join(asked.packages) or "all of the label channel"
        rows.append((title, "exact archives" if asked.exact else specs))
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
        place = f"{environment} on {platform}" if environment else platform
        rows.append((f"{place} installs", amount(manifest, names)))
    yield from table(rows)
    yield ""
    yield from table([PACKAGES, *map(_package_row, packages)])
    yield f"\n{amount(manifest)}\n"


def _package_row(package: ListedPackage) -> tuple[str, ...]:
    return (
        package.name,
        package.version,
        package.build,
        package.subdir,
        human(package.size),
        "yes" if package.asked_for else "",
        package.license,
        package.channel,
    )


def _solutions(manifest: Manifest) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return environment, platform and archives of each solution, sorted."""
    return sorted((*key_parts(key), names) for key, names in manifest.solutions.items())


def _brief_json(repository: Repository) -> dict[str, Any]:
    manifest = repository.manifest
    return {
        **release_json(repository),
        "created": manifest.created,
        "packages": len(manifest.packages),
        "bytes": manifest.size,
        "signers": repository.signers,
        "unfinished": unfinished(repository.path, manifest),
    }


def _brief_row(repository: Repository) -> tuple[str, ...]:
    manifest = repository.manifest
    return (
        manifest.label,
        str(manifest.release),
        manifest.created,
        str(len(manifest.packages)),
        human(manifest.size),
        ", ".join(repository.signers) or "nobody",
        "unfinished" if unfinished(repository.path, manifest) else "",
    )


def _releases(manifest: Manifest) -> list[tuple[int, str, Mapping[str, tuple[str, ...]]]]:
    """Return number, time and solutions of each release."""
    kept = [(number, kept.created, kept.solutions) for number, kept in manifest.releases.items()]
    return sorted([(manifest.release, manifest.created, manifest.solutions), *kept], reverse=True)


def _releases_json(repository: Repository, releases: list[Any]) -> dict[str, Any]:
    return {
        "path": str(repository.path),
        "label": repository.manifest.label,
        "releases": [
            {"build": number, "created": created, "solutions": dict(solutions)}
            for number, created, solutions in releases
        ],
    }


def _releases_lines(repository: Repository, releases: list[Any]) -> Iterator[str]:
    yield f"{repository.path}, label {repository.manifest.label}:\n"
    rows = [("RELEASE", "OF", "INSTALLS")]
    for number, created, solutions in releases:
        installs = (f"{key}: {counted(len(names), 'package')}" for key, names in solutions.items())
        rows.append((str(number), created, ", ".join(installs)))
    yield from table(rows)
    yield ""


def _why_json(repository: Repository, reasons: Sequence[Why]) -> dict[str, Any]:
    solutions = []
    for why in reasons:
        steps = {key: [vars(step) for step in getattr(why, key)] for key in ("directly", "ways")}
        solutions.append({**vars(why), **steps})
    return {**release_json(repository), "solutions": solutions}


def _why_lines(repository: Repository, reasons: Sequence[Why]) -> Iterator[str]:
    yield f"{repository.path}, label {repository.manifest.label}:"
    for why in reasons:
        needed = _joined(why.name, why.version, why.build)
        yield f"\n{_place(why, repository.manifest.release)}: {needed}"
        yield f"  asked for: {'yes' if why.asked_for else 'no'}"
        directly = ", ".join(map(_step, why.directly))
        yield f"  needed directly by: {directly or 'no other package'}"
        if len(why.shortest) > 1:
            yield f"  shortest way: {' -> '.join(why.shortest)}"
        if why.directly:
            yield "  all ways, from the package to what was asked for:"
            yield from map(_branch, why.ways)
    yield ""


def _place(why: Why, newest: int) -> str:
    if why.platform == PLUGIN:
        return "the plugin's channel"
    place = f"{why.environment} on {why.platform}" if why.environment else why.platform
    return place if why.release == newest else f"release {why.release}, {place}"


def _branch(step: Step) -> str:
    asked_for = ", asked for" if step.asked_for else ""
    elsewhere = "" if step.expanded else ", continued elsewhere"
    return f"    {'  ' * min(step.depth, DEEPEST)}{_step(step)}{asked_for}{elsewhere}"


def _step(step: Step) -> str:
    needs = f" ({', '.join(step.specs)})" if step.specs else ""
    return f"{_joined(step.name, step.version)}{needs}"


def _joined(*parts: str) -> str:
    return " ".join(filter(None, parts))
