"""The packages of an environment, and conda's transactions that change them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda.base.constants import REPODATA_FN
from conda.base.context import context
from conda.common.path import get_python_site_packages_short_path
from conda.core import solve
from conda.core.link import PrefixSetup, UnlinkLinkTransaction
from conda.core.prefix_data import PrefixData
from conda.exceptions import CondaFileIOError
from conda.history import History
from conda.models.prefix_graph import PrefixGraph

if TYPE_CHECKING:
    from conda.models.match_spec import MatchSpec
    from conda.models.records import PrefixRecord

#: conda's history of an environment; conda reads the MatchSpecs as a Python list.
HISTORY = """\
==> 2000-01-01 00:00:00 <==
# cmd: conda install
# update specs: {specs!r}
"""
#: How names in `site-packages` end that stand for an installed project.
DISTRIBUTION = (".dist-info", ".egg-info", ".egg-link")


def installed(prefix: Path) -> dict[str, PrefixRecord]:
    """Return the records of an environment's packages by name; none if it does not exist.

    Raises:
        CondaError: A record cannot be read, or is damaged.
    """
    try:
        return {record.name: record for record in PrefixData(str(prefix)).iter_records()}
    except OSError as error:
        problem = f"It cannot be read: {error.strerror}."
        raise CondaFileIOError(error.filename or prefix, problem) from error


def read_again(prefix: Path) -> None:
    """Let conda read the records of an environment again after its files have changed."""
    PrefixData(str(prefix)).reload()


def requested(prefix: Path) -> dict[str, MatchSpec]:
    """Return the MatchSpecs in the history of an environment, by package name."""
    specs: dict[str, MatchSpec] = History(str(prefix)).get_requested_specs_map()
    return specs


def by_pip(prefix: Path) -> tuple[dict[str, str], list[str]]:
    """Return what pip, or a tool like it, has changed in an environment: the versions of what it
    has installed, by name, and the names of conda's packages that it has replaced or removed.

    conda's own function for this deletes the records of the latter.
    """
    records = installed(prefix)
    if (python := records.get("python")) is None:
        return {}, []
    folder = python.get("python_site_packages_path")
    folder = f"{folder or get_python_site_packages_short_path(python.version)}/"
    owners = {
        entry: name
        for name, record in records.items()
        for file in record.files
        if "-info" in file and file.startswith(folder)
        if (entry := file[len(folder) :].partition("/")[0]).endswith(DISTRIBUTION)
    }
    present: set[str] = set()
    with suppress(FileNotFoundError):
        present = {name for name in os.listdir(prefix / folder) if name.endswith(DISTRIBUTION)}
    others = sorted(name for name in present - owners.keys() if name[0] != "~")
    names = (Path(name).stem.split("-") for name in others)
    added = {name: " ".join(rest[:1]) for name, *rest in names}
    return added, sorted({owners[name] for name in owners.keys() - present})


def transaction_to(prefix: Path, records: Iterable[Any], specs: Iterable[MatchSpec]) -> Any:
    """Return the transaction, not yet run, after which an environment has exactly these packages.

    conda's plugins check it as they check a solution. conda takes packages of the same name,
    version and build for equal, whatever their bytes; here, the record decides.

    Args:
        prefix: The environment.
        records: Packages that stay have their installed record, and no other one.
        specs: The requested MatchSpecs, for the history.
    """
    specs = tuple(specs)
    # older conda accepts only its solver's kind of set, current conda any sequence
    ordered = getattr(solve, "IndexedSet", tuple)(PrefixGraph(records).graph)
    unlink, link = solve.diff_for_unlink_link_precs(str(prefix), ordered, specs)
    current = installed(prefix)
    shared = ((record, current[record.name]) for record in ordered if record.name in current)
    anew = {record.name for record, old in shared if record == old and record is not old}
    if anew:
        previous = reversed(tuple(PrefixGraph(current.values()).graph))
        unlink = tuple(r for r in previous if r in unlink or r.name in anew)
        link = tuple(r for r in ordered if r in link or r.name in anew)
    context.plugin_manager.invoke_post_solves(REPODATA_FN, unlink, link)
    return UnlinkLinkTransaction(PrefixSetup(str(prefix), unlink, link, (), specs, ()))


def linked(transaction: Any, prefix: Path) -> tuple[Any, ...]:
    """Return the records that a transaction links into an environment."""
    return tuple(transaction.prefix_setups[str(prefix)].link_precs)


def removed(transaction: Any, prefix: Path) -> set[str]:
    """Return the names of the packages that an environment no longer has after a transaction."""
    setup = transaction.prefix_setups[str(prefix)]
    return {r.name for r in setup.unlink_precs} - {r.name for r in setup.link_precs}


def actions(transaction: Any, prefix: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what a transaction links and unlinks, as `channel/subdir::name-version-build`."""
    setup = transaction.prefix_setups[str(prefix)]
    link, unlink = setup.link_precs, setup.unlink_precs
    return tuple(record.dist_str() for record in link), tuple(r.dist_str() for r in unlink)


def write_records(
    prefix: Path, records: Mapping[str, Mapping[str, Any]], requested: Iterable[str], url: str
) -> None:
    """Make an environment that has only conda's records of installed packages.

    Args:
        prefix: A path that does not exist.
        records: Entries of an index, by `subdir/file`.
        requested: Package names; the history names those of them that are installed.
        url: The channel of the packages.
    """
    meta = prefix / "conda-meta"
    meta.mkdir(parents=True)
    names = set()
    for name, entry in records.items():
        subdir, _, file = name.rpartition("/")
        source = {"channel": f"{url}/{subdir}", "url": f"{url}/{name}"}
        record = {**entry, **source, "fn": file, "subdir": subdir, "files": []}
        names.add(record["name"])
        stem = f"{record['name']}-{record['version']}-{record['build']}"
        (meta / f"{stem}.json").write_text(json.dumps(record))
    (meta / "history").write_text(HISTORY.format(specs=sorted(names.intersection(requested))))
