"""What archives run where they are installed, and what else matters of them there.

It is read once, when an archive comes, and kept in the manifest; what conda runs, and how it finds
it, is in `run_script` of `conda.core.link`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from posixpath import normpath
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from ...printable import printable
from ...repository.names import PROJECT
from ...repository.package import SCRIPTS
from .contents import contents_of, long_path
from .libraries import native_files, programs_of

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from ..warnings import BuildWarning
    from .archive import Archive
    from .contents import Contents

    #: By archive, its digest, and the `noarch` of its entry.
    Known = MutableMapping[tuple[str, str, object], "Facts"]

#: Where conda looks for link scripts, whichever package they came with, without regard to case as
#: Windows and macOS. Those of a `noarch: python` package come from a folder of its own.
LINK = r"(?:{}|python-scripts)/\.[^/]+-((?:pre|post)-(?:un)?link)\.{}"
UNIX, WINDOWS = re.compile(LINK.format("bin", "sh")), re.compile(LINK.format("scripts", "bat"))
#: What the shells of conda and rattler run; variables (`env_vars.d`) run nothing.
ACTIVATION = re.compile(r"etc/conda/(?:de)?activate\.d/[^/]+\.(?:sh|bat|ps1|csh|fish|xsh|nu)")
MENU = re.compile(r"menu/.*\.json")
#: Where pip and conda look for the metadata of a project: beside its modules, not within them.
METADATA = re.compile(
    r"(?:(?:lib/[^/]+|Lib)/)?site-packages/"
    r"(?P<name>[^/]+?)-(?P<version>\d[^/-]*)(?:-py\d[^/]*)?\.(?:dist|egg)-info(?:/|$)"
)
#: Paths of a kind that are told of an archive; no known package has as many.
MOST = 1000


@dataclass(frozen=True, slots=True)
class Facts:
    """What matters of an archive where it is installed, by its own account.

    Attributes:
        scripts, pypi: As the manifest has them, see `Package`.
        unlinkable: Its entry points that conda cannot link.
        compiled: The compiled files of a noarch package.
        programs: The systems of those among them that are commands, see `programs_of`.
        long_path: A warning of a path too long for Windows.
    """

    scripts: Mapping[str, tuple[str, ...]] | None = None
    pypi: Mapping[str, str] = field(default_factory=dict)
    unlinkable: tuple[str, ...] = ()
    compiled: tuple[str, ...] = ()
    programs: Mapping[str, str] = field(default_factory=dict)
    long_path: BuildWarning | None = None


def facts_of(archive: Archive, noarch: object, known: Known) -> Facts:
    """Return the facts of an archive, which is read once; without any where it is not at hand, or
    does not say what it installs.

    Args:
        noarch: Of its index entry.
        known: The facts of others; gets these. Any thread may use it.
    """
    name = archive.name
    key = (name, archive.sha256, noarch)
    if key in known:
        return known[key]
    everywhere = name.startswith("noarch/")
    python = noarch == "python"
    contents = contents_of(archive.path, noarch_python=python or (everywhere and not noarch))
    if not contents.known:
        return Facts()
    programs = programs_of(archive.path, contents) if everywhere else {}
    compiled = native_files(contents.files, programs) if everywhere else ()
    known[key] = facts = Facts(
        _scripts(name.partition("/")[0], contents, compiled),
        _projects(contents),
        contents.unlinkable if python else (),
        compiled,
        programs,
        long_path(name, contents),
    )
    return facts


def _scripts(
    subdir: str, contents: Contents, compiled: tuple[str, ...]
) -> dict[str, tuple[str, ...]]:
    """Return what an archive runs, by kind."""
    links = {"noarch": (UNIX, WINDOWS)}.get(subdir, (WINDOWS if subdir[:4] == "win-" else UNIX,))
    runs: dict[str, list[str]] = defaultdict(list)
    for path in contents.files:
        place = normpath(path.replace("\\", "/")).casefold()
        if link := next(filter(None, (pattern.fullmatch(place) for pattern in links)), None):
            runs[link[1]].append(path)
        elif ACTIVATION.fullmatch(place):
            runs["activation"].append(path)
        elif MENU.fullmatch(place):
            runs["menu"].append(path)
        elif place.startswith("python-scripts/"):
            runs["entry-point"].append(path)
    runs["entry-point"] += contents.entry_points
    runs["native"] += compiled
    return {kind: _told(runs[kind]) for kind in SCRIPTS if runs[kind]}


def _told(texts: list[str]) -> tuple[str, ...]:
    """Return texts of an archive as a manifest may have them, sorted; not too many."""
    told = sorted(printable(text).replace("\n", "\\n") for text in texts)
    more = [f"and {len(told) - MOST} more"] if len(told) > MOST else []
    return (*told[:MOST], *more)


def _projects(contents: Contents) -> dict[str, str]:
    """Return the projects of PyPI whose metadata an archive installs, with their versions."""
    found = filter(None, map(METADATA.match, contents.files))
    projects = {canonicalize_name(match["name"]): match["version"] for match in found}
    return {
        name: version
        for name, version in sorted(projects.items())
        if PROJECT.fullmatch(name) and version.isprintable()
    }
