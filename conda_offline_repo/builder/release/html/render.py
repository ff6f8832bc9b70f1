"""The pages as bytes, from the templates, the style and the script that lie beside."""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from ....printable import counted, human, printable, withdrawal
from ....queries.compare import changed_entries, difference
from ....queries.contents import ListedPackage, packages_of
from ....queries.dependencies import environments, solved, solved_besides
from ....queries.news import new_scripts
from ....queries.overview import rules, solutions
from ....queries.pip import in_lines, pip_requirements
from ....repository.manifest import NEEDED, Manifest, key_parts
from ....repository.writing import joined
from ....specs import PackageSpec
from ..draft import Draft

if TYPE_CHECKING:
    from ....queries.dependencies import Records

PAGE_NAME = "index.html"
#: Characters of a text that a channel may have made as long as it likes.
LONGEST = 300
#: What the page of a root begins with, and nothing of anybody else's.
OVERVIEW_MARK = '<meta name="generator" content="conda-offline-repo: labels">'


def page(
    manifest: Manifest,
    records: Mapping[str, Mapping[str, Any]],
    last: Manifest | None,
    repository: Path,
    before: Records,
) -> Draft:
    """Return the page of a release.

    Args:
        manifest: What it is.
        records: Its index entries, by `subdir/file`.
        last: The manifest of the release before, if there is one.
        repository: Where it is to be, for messages.
        before: The index entries of the release before.

    Raises:
        ManifestError: An entry is missing, or is nonsense.
    """
    listed = packages_of(manifest, records, repository)
    pieces = _render(
        "page.html.j2",
        manifest=manifest,
        environments=[
            (environment, [*in_lines(pip_requirements(manifest, environment.name))])
            for environment in environments(manifest)
        ],
        installations=[*_installations(manifest)],
        count=len(listed),
        packages=_packages(listed, manifest, records, repository),
        rules=rules(manifest),
        last=last,
        changes=difference(last, manifest).platforms if last else (),
        entries=changed_entries(last, manifest, before, records),
        scripts=new_scripts(last, manifest) if last else {},
    )
    return Draft(pieces)


@dataclass(frozen=True)
class ListedLabel:
    """What the page of a root says of a label, and the link to it from there."""

    link: str
    label: str
    release: int
    created: str
    packages: int
    size: int
    platforms: tuple[str, ...]

    @classmethod
    def of(cls, link: str, manifest: Manifest) -> ListedLabel:
        """Return what the page says of the release of a manifest."""
        packages, platforms = len(manifest.packages), manifest.request.platforms
        own = (manifest.label, manifest.release, manifest.created)
        return cls(link, *own, packages, manifest.size, platforms)


def overview(labels: Iterable[ListedLabel]) -> bytes:
    """Return the page of a root, which lists its labels."""
    return b"".join(_render("overview.html.j2", labels=tuple(labels), mark=Markup(OVERVIEW_MARK)))


def _packages(
    packages: Iterable[ListedPackage],
    manifest: Manifest,
    records: Mapping[str, Mapping[str, Any]],
    place: Path,
) -> Iterator[dict[str, Any]]:
    """Yield all packages, with the names of those that need them, and with the
    earlier releases if they are of these alone.
    """
    needed_by = defaultdict(set)
    releases = defaultdict(set)
    current = solved(manifest, records, place)
    for solution in (*current, *solved_besides(manifest, records, place)):
        for archive in solution.archives.values():
            releases[archive].add(solution.release)
        for name, needs in solution.needs.items():
            for needed in solution.archives.keys() & needs:
                needed_by[solution.archives[needed]].add(name)
    for package in packages:
        archive = package.archive
        summary = records[archive].get("summary")
        yield {
            "package": package,
            "license": _shown(package.license),
            "summary": _shown(summary) if isinstance(summary, str) else "",
            "needed_by": sorted(needed_by[archive]),
            "releases": [] if manifest.release in releases[archive] else sorted(releases[archive]),
        }


def _installations(manifest: Manifest) -> Iterator[dict[str, Any]]:
    """Yield what a release installs, by environment and platform."""
    for environment, platform, names in solutions(manifest):
        machine = manifest.request.virtual_packages.get(platform, {})
        yield {
            "environment": environment,
            "platform": platform,
            "packages": len(names),
            "size": sum(manifest.packages[name].size for name in names),
            "machine": [
                *([NEEDED] if manifest.newer(names) else []),
                *(f"{name} {value}" for name, value in sorted(machine.items())),
            ],
        }


def _shown(text: str) -> str:
    """Return a text of a channel in one line, of a length that fits a page."""
    line = " ".join(text.split())
    return printable(line if len(line) <= LONGEST else f"{line[:LONGEST]} …")


@cache
def _environment() -> Environment:
    """Return what keeps templates: to compile one takes as long as to render it."""
    environment = Environment(
        autoescape=True,
        loader=FunctionLoader(_text),
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {
        "date": lambda created: created.replace("T", " ").replace("Z", " UTC"),
        "human": human,
        "key_parts": key_parts,
        "unqualified": lambda package: PackageSpec(package).unqualified,
    }
    environment.globals |= {"counted": counted, "withdrawal": withdrawal}
    return environment


def _render(name: str, **values: Any) -> Iterator[bytes]:
    style, script = (_text(f"page.{kind}") for kind in ("css", "js"))
    return joined(
        _environment()
        .get_template(name)
        .generate(
            **values,
            # they hold nothing from outside
            style=Markup(style),
            script=Markup(script),
            style_hash=_hash(style),
            script_hash=_hash(script),
        )
    )


def _text(name: str) -> str:
    return (files(__package__) / name).read_text("utf-8").replace("\r\n", "\n")


def _hash(text: str) -> str:
    """Return the digest of a style or script as a Content-Security-Policy names it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
