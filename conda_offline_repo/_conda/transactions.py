"""What is installed in an environment, and conda's transactions that change that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from conda.base.constants import REPODATA_FN
from conda.base.context import context
from conda.core import solve
from conda.core.link import PrefixSetup, UnlinkLinkTransaction
from conda.core.prefix_data import PrefixData
from conda.history import History
from conda.models.prefix_graph import PrefixGraph

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import Any

    from conda.models.match_spec import MatchSpec
    from conda.models.records import PrefixRecord

#: What conda remembers of which packages were asked for; it takes the words for Python's.
HISTORY = """\
==> 2000-01-01 00:00:00 <==
# cmd: conda install
# update specs: {specs!r}
"""


def installed(prefix: Path) -> dict[str, PrefixRecord]:
    """Return the records of what is installed in an environment, made or not, by name."""
    return {record.name: record for record in PrefixData(str(prefix)).iter_records()}


def read_again(prefix: Path) -> None:
    """Let conda read the records of an environment anew, whose files were changed."""
    PrefixData(str(prefix)).reload()


def requested(prefix: Path) -> dict[str, MatchSpec]:
    """Return what was asked for in an environment, by name, as its history says."""
    specs: dict[str, MatchSpec] = History(str(prefix)).get_requested_specs_map()
    return specs


def transaction_to(prefix: Path, records: Iterable[Any], specs: Iterable[MatchSpec]) -> Any:
    """Return the transaction, not yet run, that lets an environment consist of these records.

    Plugins are shown it as what a solver has found.

    Args:
        prefix: The environment.
        records: Those of packages that are to stay are the installed ones.
        specs: What is asked for, for the history.
    """
    asked = tuple(specs)
    # older conda takes its solver's kind of set alone, current conda any sequence
    ordered = getattr(solve, "IndexedSet", tuple)(PrefixGraph(records).graph)
    unlink, link = solve.diff_for_unlink_link_precs(str(prefix), ordered, asked)
    context.plugin_manager.invoke_post_solves(REPODATA_FN, unlink, link)
    return UnlinkLinkTransaction(PrefixSetup(str(prefix), unlink, link, (), asked, ()))


def linked(transaction: Any, prefix: Path) -> tuple[Any, ...]:
    """Return the records of what a transaction links into an environment."""
    return tuple(transaction.prefix_setups[str(prefix)].link_precs)


def actions(transaction: Any, prefix: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what a transaction links and unlinks, as `channel/subdir::name-version-build`."""
    setup = transaction.prefix_setups[str(prefix)]
    return (
        tuple(record.dist_str() for record in setup.link_precs),
        tuple(record.dist_str() for record in setup.unlink_precs),
    )


def write_records(
    prefix: Path, records: Mapping[str, Mapping[str, Any]], asked: Iterable[str], url: str
) -> None:
    """Make an environment of the records that conda keeps of what it has installed.

    Args:
        prefix: Where; nothing is there.
        records: Entries of an index, by `subdir/file`.
        asked: Names of packages; of those that are installed, conda takes them for asked for.
        url: The channel that they are from.
    """
    meta = prefix / "conda-meta"
    meta.mkdir(parents=True)
    names = set()
    for name, entry in records.items():
        subdir, _, file = name.rpartition("/")
        where = {"channel": f"{url}/{subdir}", "url": f"{url}/{name}"}
        record = {**entry, **where, "fn": file, "subdir": subdir, "files": []}
        names.add(record["name"])
        stem = f"{record['name']}-{record['version']}-{record['build']}"
        (meta / f"{stem}.json").write_text(json.dumps(record))
    (meta / "history").write_text(HISTORY.format(specs=sorted(names.intersection(asked))))
