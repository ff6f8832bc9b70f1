"""What repositories are and hold, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import starmap
from typing import TYPE_CHECKING, Any

from conda.base.context import context

from ..printable import counted, human, withdrawal
from ..queries import overview
from ..queries.dependencies import environments
from ..queries.pip import pip_requirements
from ..repository.package import as_json
from .output import (
    customer_json,
    manifest_json,
    numbered,
    print_json,
    print_lines,
    release_json,
    table,
)

if TYPE_CHECKING:
    from ..queries.contents import ListedPackage
    from ..queries.licenses import Licensed, Licenses
    from ..queries.texts import Texts
    from ..repository.locate import Repository

    #: As `requested_versions` returns them.
    Versions = Mapping[int, Mapping[str, Mapping[str, str]]]
    Packages = Sequence[tuple[ListedPackage, Texts]]

#: What separates licence texts.
RULE = "=" * 79
BRIEF = ("LABEL", "RELEASE", "OF", "PACKAGES", "SIZE", "SIGNED BY", "")


def report_brief(repositories: Sequence[Repository]) -> None:
    """Print a line for each repository."""
    contents = [*map(_brief_json, repositories)]
    if context.json:
        print_json(repositories=contents)
    else:
        print_lines(table([BRIEF, *map(_brief_row, contents)]))


def packages_json(repository: Repository, packages: tuple[ListedPackage, ...]) -> dict[str, Any]:
    """Return the request, packages and solutions of a repository as JSON."""
    manifest = repository.manifest
    return {
        "path": str(repository.path),
        **manifest_json(manifest),
        "packages": [*map(asdict, packages)],
        "decisions": [*map(as_json, manifest.decisions)],
        "bytes": manifest.size,
        "signers": repository.signers,
        **customer_json(manifest),
        "proved_with": manifest.proved_with,
        "unfinished": repository.unfinished,
        "environments": [vars(environment) for environment in environments(manifest)],
        "pip": [*map(vars, pip_requirements(manifest))],
        "solutions": [
            {"environment": environment, "platform": platform, "packages": names}
            for environment, platform, names in overview.solutions(manifest)
        ],
    }


def packages_lines(repository: Repository, packages: tuple[ListedPackage, ...]) -> Iterator[str]:
    """Yield the request and a table of the packages."""
    rows = [("path", str(repository.path)), *overview.facts(repository)]
    names = ["", *(name for name, _ in rows)]
    yield from table(
        [("" if n == last else n, t) for last, (n, t) in zip(names, rows, strict=False)]
    )
    yield ""
    decisions = overview.decision_table(repository.manifest)
    for heads, *listed in (overview.package_table(packages), decisions):
        if listed:
            yield from table([tuple(map(str.upper, heads)), *listed])
            yield ""
    yield f"{overview.amount(repository.manifest)}\n"


def _brief_json(repository: Repository) -> dict[str, Any]:
    manifest = repository.manifest
    return {
        **release_json(repository),
        "created": manifest.created,
        "packages": len(manifest.packages),
        "bytes": manifest.size,
        "signers": repository.signers,
        "unfinished": repository.unfinished,
        "due": manifest.due,
        "withdrawn": manifest.withdrawn,
    }


def _brief_row(content: Mapping[str, Any]) -> tuple[str, ...]:
    release = (content["label"], str(content["build"]), content["created"])
    signers = ", ".join(content["signers"]) or "nobody"
    notes = ["unfinished"] * content["unfinished"]
    notes += [f"next due {content['due']}"] * bool(content["due"])
    notes += [f"{number} is withdrawn" for number in content["withdrawn"]]
    amounts = (str(content["packages"]), human(content["bytes"]))
    return (*release, *amounts, signers, ", ".join(notes))


def releases_json(repository: Repository, versions: Versions) -> dict[str, Any]:
    """Return the releases that can be installed, the newest first."""
    manifest = repository.manifest
    return {
        **release_json(repository),
        "releases": [
            {
                **numbered(number),
                "created": release.created,
                "solutions": dict(release.solutions),
                "versions": versions.get(number, {}),
            }
            for number, release in sorted(manifest.installable.items(), reverse=True)
        ],
        "withdrawn": manifest.withdrawn,
    }


def releases_lines(repository: Repository, versions: Versions) -> Iterator[str]:
    """Yield a table of the releases that can be installed."""
    content = releases_json(repository, versions)
    yield f"{content['path']}, label {content['label']}:\n"
    rows = [("RELEASE", "OF", "INSTALLS")]
    for release in content["releases"]:
        first = (str(release["release"]), release["created"])
        for key, archives in release["solutions"].items():
            named = "".join(f", {n} {v}" for n, v in release["versions"].get(key, {}).items())
            rows.append((*first, f"{key}: {counted(len(archives), 'package')}{named}"))
            first = ("", "")
    yield from table(rows)
    yield from starmap(withdrawal, content["withdrawn"].items())
    yield ""


def licenses_json(repository: Repository, licenses: Licenses) -> dict[str, Any]:
    """Return the packages, and the licence texts that they refer to by number."""
    packages = [_json(p.package, "license", p.texts, p.left_out) for p in licenses.packages]
    without = [*map(_package, licenses.without)]
    content = {"packages": packages, "texts": licenses.texts, "without": without}
    return {**release_json(repository), **content}


def licenses_lines(repository: Repository, licenses: Licenses) -> Iterator[str]:
    """Yield a notice of licences to ship; it does not tell where the repository is."""
    manifest = repository.manifest
    yield f"Licences of the packages of {manifest.label}, release {manifest.release}\n"
    packages = [licensed.package for licensed in licenses.packages]
    rows = {(p.name, p.version, p.license or "not stated") for p in packages}
    yield from table([("NAME", "VERSION", "LICENCE"), *sorted(rows)])
    # a text and its packages come once, whatever platforms the packages are for
    names: list[dict[str, dict[str, None]]] = [{} for _ in licenses.texts]
    left_out = set()
    for licensed in licenses.packages:
        package = _package(licensed)
        for path, number in licensed.texts.items():
            names[number].setdefault(package, {})[path] = None
        for path, reason in licensed.left_out.items():
            left_out.add(f"Left out: {path} of {package}, because {reason}")
    for text, paths in zip(licenses.texts, names, strict=True):
        yield f"\n{RULE}"
        yield from (f"{package}: {', '.join(files)}" for package, files in paths.items())
        yield f"{RULE}\n"
        yield text
    yield f"\n{RULE}"
    yield f"Without a text: {', '.join(sorted({*map(_package, licenses.without)})) or 'none'}"
    yield from sorted(left_out)
    yield RULE


def scripts_json(repository: Repository, packages: Packages) -> dict[str, Any]:
    """Return what packages run, and the texts of it."""
    listed = [_json(package, "scripts", *texts) for package, texts in packages]
    return {**release_json(repository), "packages": listed}


def scripts_lines(repository: Repository, packages: Packages) -> Iterator[str]:
    """Yield a table of what packages run, and the texts of it."""
    yield f"{repository.path}, label {repository.manifest.label}:\n"
    heads, *rows = overview.script_table(package for package, _ in packages)
    yield from table([tuple(map(str.upper, heads)), *rows])
    for package, (texts, left_out) in packages:
        for path, text in texts.items():
            yield f"\n{RULE}\n{package.archive}: {path}\n{RULE}\n"
            yield from (line.rstrip("\r").expandtabs() for line in text.split("\n"))
        for path, reason in left_out.items():
            yield f"\nLeft out: {path} of {package.file}, because {reason}"
    yield ""


def _json(
    package: ListedPackage, last: str, texts: Mapping[str, Any], left_out: Mapping[str, str]
) -> dict[str, Any]:
    keys = ("name", "version", "build", "subdir", "file", last)
    known = {key: getattr(package, key) for key in keys}
    return {**known, "texts": dict(texts), "left_out": dict(left_out)}


def _package(licensed: Licensed) -> str:
    return f"{licensed.package.name} {licensed.package.version}"
