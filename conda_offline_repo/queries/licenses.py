"""The licences of a repository's packages, with the texts in their archives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from .contents import ListedPackage, list_packages
from .texts import texts_of_each

if TYPE_CHECKING:
    from ..progress import Progress
    from ..repository.locate import Repository

FOLDER = ("info", "licenses")
#: Bytes of all different texts.
LARGEST_ALL = 1 << 30


@dataclass(frozen=True)
class Licensed:
    """A package and its licence texts.

    Attributes:
        package: Its index entry, with the licence's name.
        texts: By path below `info/licenses`, the index of the text in `Licenses.texts`.
        left_out: By path, the reason why a file is not among the texts.
    """

    package: ListedPackage
    texts: Mapping[str, int]
    left_out: Mapping[str, str]


@dataclass(frozen=True)
class Licenses:
    """The packages of a repository, sorted by name, and each different text once.

    The lines of the texts have no spaces and tabs at their ends.
    """

    packages: tuple[Licensed, ...]
    texts: tuple[str, ...]

    @property
    def without(self) -> tuple[Licensed, ...]:
        """The packages that have no text."""
        return tuple(package for package in self.packages if not package.texts)


def licenses(repository: Repository, progress: Progress) -> Licenses:
    """Read the licence texts of all packages, also of earlier releases and of the plugin.

    Raises:
        ArchiveError: An archive is missing, invalid, or not the one in the manifest.
        ManifestError: An index file does not fit the manifest.
        UnreadableError: A file cannot be read.
    """
    packages = list_packages(repository)
    texts: dict[str, int] = {}
    licensed = []
    size = 0
    with progress.counting("Reading", len(packages), sum(package.size for package in packages)):
        each = texts_of_each(repository, packages, _name, part="info", clean=_in_lines)
        for package, (archive_texts, left_out) in each:
            numbers = {}
            for path, text in sorted(archive_texts.items()):
                if text not in texts:
                    size += len(text)
                    if size > LARGEST_ALL:
                        left_out[path] = "all texts together are too large"
                        continue
                numbers[path] = texts.setdefault(text, len(texts))
            licensed.append(Licensed(package, numbers, dict(sorted(left_out.items()))))
            progress.advance(package.size, packages=1)
    return Licenses(tuple(licensed), tuple(texts))


def _name(_: ListedPackage, path: str) -> str:
    """Return the path of a file below the folder of licences; empty if it is not there."""
    parts = PurePosixPath(path).parts
    return "/".join(parts[2:]) if parts[:2] == FOLDER else ""


def _in_lines(text: str) -> str:
    """Return a text in lines without spaces and tabs at their ends."""
    return "\n".join(line.expandtabs().rstrip() for line in text.splitlines()).strip("\n")
