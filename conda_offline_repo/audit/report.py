"""What is asked of a release before it is installed, in one file for a ticket.

The same release gives the same bytes, wherever and whenever it is asked.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import asdict, dataclass, fields, replace
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from ..exceptions import InvalidRequestError
from ..printable import markdown, printable
from ..queries.compare import difference, new_licenses
from ..queries.contents import list_packages
from ..queries.overview import amount, facts, package_table
from ..repository.decision import Decision

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ..repository.locate import Repository


@dataclass(frozen=True)
class Section:
    """A part of a report: a text, and a table, whose first row has the heads."""

    title: str
    text: str
    table: Sequence[tuple[str, ...]]


def audit_report(repository: Repository, path: Path) -> bytes:
    """Return the report on a release, as HTML, Markdown or JSON by the end of a file's name.

    Raises:
        InvalidRequestError: It is another one.
        OfflineRepoError: As `list_packages`.
    """
    formats = {".html": _html, ".md": _markdown, ".json": _json}
    if path.suffix.lower() not in formats:
        raise InvalidRequestError(
            f"A report cannot be written to {path.name!r}.",
            "Its name has to end in .html, .md or .json, which says the format.",
        )
    title = f"{repository.manifest.label}, release {repository.manifest.release}"
    return formats[path.suffix.lower()](title, [*_sections(repository)]).encode()


def _sections(repository: Repository) -> Iterator[Section]:
    manifest, packages = repository.manifest, list_packages(repository)
    text = "As its manifest states it; verify compares the files, and the signature, with that."
    digest = ("SHA-256 of the manifest", manifest.digest)
    yield Section("Release", text, [("What", "Value"), *facts(repository), digest])
    policy = [
        (name, json.dumps(rule, ensure_ascii=False))
        for name, rule in manifest.request.policy.items()
    ]
    yield Section("Policy", "What the vendor has checked.", [("Rule", "Stated"), *policy])
    heads = tuple(field.name.replace("_", " ") for field in fields(Decision))
    passed = [tuple(map(str, vars(decision).values())) for decision in manifest.decisions]
    yield Section(
        "What the policy let pass", "By an exception, or with a warning.", [heads, *passed]
    )
    number = max(manifest.releases, default=None)
    old = manifest if number is None else manifest.releases[number]
    since = "The folder has no earlier release to compare it with."
    if number is not None:
        since = f"Compared with release {number} of {old.created}, the one before in the folder."
    changes = difference(replace(manifest, solutions=old.solutions), manifest).platforms
    rows = [(change.platform, *row) for change in changes for row in change.rows]
    yield Section("Changes", since, [("Installed on", "Package", "Before", "After"), *rows])
    known, listed = (
        [package for package in packages if package.archive in names]
        for names in ({*sum(each.solutions.values(), ())} for each in (old, manifest))
    )
    licenses = new_licenses(known, listed).items()
    fresh = [(license or "none stated", ", ".join(names)) for license, names in licenses]
    yield Section("New licences", since, [("Licence", "Packages"), *fresh])
    unknown = {"unknown": ("",)}
    runs = [
        (name, kind, text)
        for name, package in sorted(manifest.packages.items())
        for kind, texts in (unknown if package.scripts is None else package.scripts).items()
        for text in texts
    ]
    text = "What conda, a shell or a menu runs, and native libraries in noarch packages."
    yield Section("What runs at installation", text, [("Archive", "Kind", "What"), *runs])
    digests = ("SHA-256", *(manifest.packages[package.archive].sha256 for package in packages))
    table = zip(package_table(packages), digests, strict=True)
    total = f"{amount(manifest)} in the folder."
    yield Section("Packages", total, [(*row, digest) for row, digest in table])


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
    template, style = (
        (files(__package__) / f"report.{kind}").read_text("utf-8").replace("\r\n", "\n")
        for kind in ("html", "css")
    )
    body = ""
    for section in sections:
        name = section.title.lower().replace(" ", "-")
        body += f'<h2 id="{name}">{section.title}</h2>\n<p>{_text(section.text)}</p>\n'
        heads, *rows = section.table
        if rows:
            body += f'<div role="region" tabindex="0" aria-labelledby="{name}"><table>\n'
            body += f"<thead>{_row('th', heads)}</thead>\n<tbody>\n"
            body += "".join(_row("td", row) for row in rows) + "</tbody></table></div>\n"
        body += "" if rows else "<p>None.</p>\n"
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    values = {"title": _text(title), "style": style, "digest": digest, "body": body}
    return Template(template).substitute(values)


def _row(tag: str, cells: Sequence[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{_text(cell)}</{tag}>' for cell in cells)}</tr>\n"


def _text(text: str) -> str:
    return escape(printable(text))
