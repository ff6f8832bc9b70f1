"""Releases that a page is made of, without a build, and pages as a browser reads them."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

from conda_offline_repo.builder.release.html import render
from conda_offline_repo.repository.manifest import Manifest
from conda_offline_repo.repository.package import Package
from conda_offline_repo.repository.remembered import Remembered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

CREATED = "2026-01-02T03:04:05Z"


def entry(
    name: str, version: str = "1.0", *depends: str, subdir: str = "noarch", **more: Any
) -> tuple[str, dict[str, Any]]:
    """The name, as `subdir/file`, and the index entry of an archive."""
    known = {"name": name, "version": version, "build": "0", "depends": list(depends)}
    more = {"size": 1000, "license": "BSD-3-Clause", **more}
    return f"{subdir}/{name}-{version}-0.conda", {**known, **more}


def release(
    records: Mapping[str, Mapping[str, Any]],
    solutions: Mapping[str, Sequence[str]] | None = None,
    *,
    release: int = 1,
    packages: Sequence[str] = (),
    **more: Any,
) -> Manifest:
    """The manifest of a release.

    Args:
        records: its index entries, by `subdir/file`; all of them are installed, unless told.
        solutions: by key, the archives.
        release: its number.
        packages: what was asked for.
        more: the manifest's other attributes.
    """
    solutions = solutions or {"linux-64": tuple(records)}
    platforms = tuple(sorted({key.rpartition("/")[2] for key in solutions}))
    machine = {"__glibc": "2.28", "__linux": "4.18"}
    request = Remembered(
        packages=tuple(packages),
        channels=("https://conda.example/acme/label/bank", "https://conda.example/acme"),
        platforms=platforms,
        virtual_packages=dict.fromkeys(platforms, machine),
    )
    return Manifest(
        **{
            "label": "bank",
            "release": release,
            "created": CREATED,
            "request": request,
            "solutions": {key: tuple(names) for key, names in solutions.items()},
            "packages": {
                name: Package("0" * 64, "", record["size"], f"https://conda.example/acme/{name}")
                for name, record in records.items()
            },
            "files": {},
            "built_with": {},
            **more,
        }
    )


def many(number: int) -> dict[str, dict[str, Any]]:
    """The entries of so many packages, which need each other as those of a large release do."""
    packages = []
    for n in range(number):
        depends = [f"package-{(n * step) % number:04} >=1.0,<9" for step in (3, 7, 11, 13, 17)]
        packages.append(
            entry(
                f"package-{n:04}",
                f"{n % 9}.{n % 13}",
                "package-0000",
                *depends,
                subdir=("linux-64", "noarch")[n % 2],
                size=n * 100_003,
                summary=f"Does what number {n} is for",
            )
        )
    return dict(packages)


def page(
    manifest: Manifest, records: Mapping[str, Mapping[str, Any]], last: Manifest | None = None
) -> Read:
    """The page of a release, read."""
    return Read(render.page(manifest, records, last, Path("bank"), {}).content)


class Read(HTMLParser):
    """A page as it is read by a program that does not run its script.

    Attributes:
        content: its bytes.
        tags: its elements in their order, each with its attributes.
        tables: the texts of the cells, by row, of each table.
        sections: all that is said, by heading of the section.
        inside: the contents of its styles and its scripts.
    """

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.content = content
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.tables: list[list[list[str]]] = []
        self.sections: dict[str, str] = {}
        self.inside: dict[str, list[str]] = {"style": [], "script": []}
        self._open: list[str] = []
        self._heading = ""
        self.feed(content.decode())
        self.close()

    @property
    def packages(self) -> dict[str, list[str]]:
        """The cells of the list of packages, by what the first says."""
        return {row[0]: row[1:] for row in self.tables[-1][1:]}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "img", "br", "input"):
            self._open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("th", "td"):
            self.tables[-1][-1].append("")
        elif tag == "h2":
            self._heading = ""

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, self.getpos()

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in self.inside:
            self.inside[self._open[-1]].append(data)
        elif self._open and self._open[-1] == "h2":
            self._heading += data
        else:
            text = f"{self.sections.get(self._heading, '')} {data}"
            self.sections[self._heading] = " ".join(text.split())
        if {"th", "td"} & {*self._open}:
            row = self.tables[-1][-1]
            row[-1] = " ".join(f"{row[-1]} {data}".split())
