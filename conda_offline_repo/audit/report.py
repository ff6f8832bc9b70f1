"""What is asked of a release before it is installed, in one file for a ticket.

The same release gives the same bytes, wherever and whenever it is asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from ..exceptions import InvalidRequestError
from ..printable import markdown, printable
from ..queries import overview
from ..queries.compare import at_release, difference
from ..queries.contents import list_packages
from ..queries.news import new_licenses, new_scripts

if TYPE_CHECKING:
    from ..repository.locate import Repository


@dataclass(frozen=True)
class Section:
    """A part of a report: a text, and a table, whose first row has the heads."""

    title: str
    text: str
    table: Sequence[tuple[str, ...]]


def audit_report(repository: Repository, path: Path, *more: Section) -> bytes:
    """Return the report on a release, with more sections if there are any, as HTML, Markdown or
    JSON by the end of a file's name.

    Raises:
        InvalidRequestError: It is another one.
        OfflineRepoError: As `list_packages`.
    """
    formats = {".html": _html, ".md": _markdown, ".json": _json}
    if path.suffix.lower() not in formats:
        problem = f"A report cannot be written to {path.name!r}."
        raise InvalidRequestError(problem, "Name a file that ends in .html, .md or .json.")
    title = f"{repository.manifest.label}, release {repository.manifest.release}"
    return formats[path.suffix.lower()](title, [*_sections(repository), *more]).encode()


def _sections(repository: Repository) -> Iterator[Section]:
    manifest, packages = repository.manifest, list_packages(repository)
    text = "As its manifest states it; verify compares the files, and the signature, with that."
    digest = ("SHA-256 of the manifest", manifest.digest)
    yield Section("Release", text, [("What", "Value"), *overview.facts(repository), digest])
    text = (
        "The rules are in the table above. They let this pass, by an exception or with a warning."
    )
    yield Section("Policy", text, overview.decision_table(manifest))
    releases = {number: at_release(manifest, number) for number in sorted(manifest.installable)}
    number = max(manifest.releases, default=manifest.release)
    old, new = releases[number], releases[manifest.release]
    since = f"Compared with release {number} of {old.created}, the newest before it in the folder."
    if not manifest.releases:
        since = "The folder has no earlier release to compare it with."
    changes = difference(old, new).platforms
    rows = [(change.platform, *row) for change in changes for row in change.rows]
    yield Section("Changes", since, [("Installed on", "Package", "Before", "After"), *rows])
    known, now = ([p for p in packages if p.archive in each.packages] for each in (old, new))
    licenses = new_licenses(known, now).items()
    fresh = [(license or "none stated", ", ".join(names)) for license, names in licenses]
    yield Section("New licences", since, [("Licence", "Packages"), *fresh])
    news = new_scripts(old, new).items()
    text = " ".join((since, *(f"New: {kind} of {', '.join(names)}." for kind, names in news)))
    yield Section("What runs at installation", text, overview.script_table(packages))
    heads, *described = overview.package_table(packages)
    table = [
        (*row, ", ".join(str(n) for n in releases if name in releases[n].packages), digest)
        for row, name in zip(described, (package.archive for package in packages), strict=True)
        for digest in [manifest.packages[name].sha256]
    ]
    total = f"{overview.amount(manifest)} in the folder."
    yield Section("Packages", total, [(*heads, "Release", "SHA-256"), *table])


def _json(title: str, sections: Sequence[Section]) -> str:
    content = {"title": title, "sections": [*map(asdict, sections)]}
    return json.dumps(content, indent=2, sort_keys=True) + "\n"


def _markdown(title: str, sections: Sequence[Section]) -> str:
    text = f"# {markdown(title)}\n"
    for section in sections:
        text += f"\n## {section.title}\n\n{markdown(section.text)}\n\n"
        heads, *rows = section.table
        for row in (heads, ("---",) * len(heads), *rows) if rows else ():
            text += f"| {' | '.join(map(markdown, row))} |\n"
        text += "" if rows else "None.\n"
    return text


def _html(title: str, sections: Sequence[Section]) -> str:
    template = (files(__package__) / "report.html").read_text("utf-8").replace("\r\n", "\n")
    body = ""
    for section in sections:
        name = section.title.lower().replace(" ", "-")
        body += f'<h2 id="{name}">{section.title}</h2>\n<p>{escape(printable(section.text))}</p>\n'
        heads, *rows = ([escape(printable(cell)) for cell in row] for row in section.table)
        if rows:
            lines = (f"<tr><td>{'</td><td>'.join(row)}</td></tr>\n" for row in rows)
            body += f'<div role="region" tabindex="0" aria-labelledby="{name}"><table>\n<thead>'
            body += f"<tr><th>{'</th><th>'.join(heads)}</th></tr></thead>\n<tbody>\n"
            body += f"{''.join(lines)}</tbody></table></div>\n"
        body += "" if rows else "<p>None.</p>\n"
    return Template(template).substitute(title=escape(printable(title)), body=body)
