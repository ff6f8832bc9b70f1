"""What archives run where they are installed, and what else matters of them there.

How conda finds the link scripts that it runs is in `run_script` of `conda.core.link`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from posixpath import normpath
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from ...printable import escaped
from ...repository.names import PROJECT
from ...repository.package import SCRIPTS
from .contents import Contents, contents_of, long_path
from .libraries import native_files

if TYPE_CHECKING:
    from ...queries.dependencies import Records
    from ..warnings import BuildWarning
    from .archive import Archive

    #: By archive, its digest, and the `noarch` of its entry.
    Known = MutableMapping[tuple[str, str, object], "Facts"]

#: Where conda looks for link scripts, whichever package brought them; those in `python-scripts` of
#: a `noarch: python` package go there.
UNIX, WINDOWS = r"(?:bin|python-scripts)/.*\.sh$", r"(?:scripts|python-scripts)/.*\.bat$"
#: What runs, in lower case, as on Windows and macOS case does not matter. Of `etc/conda`, what the
#: shells of conda and rattler run; variables (`env_vars.d`) run nothing.
RUNS = (
    r"(?={})[^/]+/\.[^/]+-(?P<link>(?:pre|post)-(?:un)?link)\.\w+"
    r"|(?P<activation>etc/conda/(?:de)?activate\.d/[^/]+\.(?:sh|bat|ps1|csh|fish|xsh|nu))"
    r"|(?P<menu>menu/.*\.json)|(?P<entry_point>python-scripts/.*)"
)
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
        native: The compiled files of a noarch package, see `native_files`.
        long_path: A warning of a path too long for Windows.
    """

    scripts: Mapping[str, tuple[str, ...]] | None = None
    pypi: Mapping[str, str] = field(default_factory=dict)
    unlinkable: tuple[str, ...] = ()
    native: Mapping[str, str] = field(default_factory=dict)
    long_path: BuildWarning | None = None


def facts_of(archive: Archive, records: Records, known: Known) -> Facts:
    """Return the facts of an archive that has one of these index entries, read once; none where
    it is not at hand, or does not say what it installs. `known` gets them, in any thread.
    """
    noarch = records[archive.name].get("noarch")
    key = (name := archive.name, archive.sha256, noarch)
    if key in known:
        return known[key]
    subdir, python = name.split("/")[-2], noarch == "python"
    everywhere = subdir == "noarch"  # that of the plugin's channel, too
    contents = contents_of(archive.path, noarch_python=python or (everywhere and not noarch))
    if not contents.known:
        return Facts()
    native = native_files(archive.path, contents) if everywhere else {}
    known[key] = facts = Facts(
        _scripts(subdir, contents, native),
        _projects(contents),
        contents.unlinkable if python else (),
        native,
        long_path(name, contents),
    )
    return facts


def _scripts(subdir: str, contents: Contents, native: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return what an archive runs, by kind, sorted."""
    own = WINDOWS if subdir.startswith("win-") else UNIX
    systems = f"{UNIX}|{WINDOWS}" if subdir == "noarch" else own
    pattern = re.compile(RUNS.format(systems), re.DOTALL)
    runs = defaultdict(list, {"entry-point": [*contents.entry_points], "native": [*native]})
    for path in contents.files:
        if match := pattern.fullmatch(normpath(path.replace("\\", "/")).casefold()):
            kind = match["link"] or str(match.lastgroup)
            runs[kind.replace("_", "-")].append(path)
    listed = {kind: sorted(map(escaped, runs[kind])) for kind in SCRIPTS if runs[kind]}
    more = {kind: [f"and {len(own) - MOST} more"] for kind, own in listed.items() if own[MOST:]}
    return {kind: (*own[:MOST], *more.get(kind, ())) for kind, own in listed.items()}


def _projects(contents: Contents) -> dict[str, str]:
    """Return the projects of PyPI whose metadata an archive installs, with their versions."""
    matches = filter(None, map(METADATA.match, contents.files))
    projects = ((canonicalize_name(match["name"]), match["version"]) for match in matches)
    return {n: v for n, v in sorted(projects) if PROJECT.fullmatch(n) and v.isprintable()}
