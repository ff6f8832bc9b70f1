"""The base environment, which conda and this plugin run in: what has to stay there."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from conda.base.context import context
from conda.models.match_spec import MatchSpec

from ..queries.dependencies import reached, spec_name
from ..repository.names import LICENSES_PACKAGE, PLUGIN_PACKAGE, SIGNATURES_PACKAGE
from .exceptions import BaseMisfitError

#: Without these, no environment of the machine could be installed into any more.
ESSENTIAL = ("conda", PLUGIN_PACKAGE, SIGNATURES_PACKAGE, LICENSES_PACKAGE)


def is_base(prefix: Path) -> bool:
    """Return whether an environment is that of the running conda, links resolved."""
    return os.path.realpath(prefix) == os.path.realpath(context.root_prefix)


def staying(current: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Return the packages that have to stay in base though the release does not have them.

    They are conda, this plugin, conda's other plugins, its solver among them, and what they need.

    Args:
        current: The records of the installed packages, by name.
        names: Of the packages of the release.
    """
    plugins = (point.dist.name for point in entry_points(group="conda") if point.dist)
    roots = (*ESSENTIAL, *(name.lower().replace("_", "-") for name in plugins))
    others = {name: record for name, record in current.items() if name not in names}
    needs = {name: [*map(spec_name, r.depends)] for name, r in others.items()}
    return {name: others[name] for name in sorted(reached(roots, needs))}


def check_fits(records: Iterable[Any], staying: Mapping[str, Any]) -> None:
    """Refuse packages of a release that do not go together with those that have to stay in base.

    Raises:
        BaseMisfitError: One of these needs another version.
    """
    together = {**{record.name: record for record in records}, **staying}
    problems = [
        f"{record.name} {record.version} {verb} {spec}, not {other.name} {other.version}"
        for record in together.values()
        for verb, specs in (("needs", record.depends), ("allows only", record.constrains))
        for spec in specs
        if (other := together.get(MatchSpec(spec).name))
        and (record.name in staying or other.name in staying)
        and not MatchSpec(spec).match(other)
    ]
    if problems:
        raise BaseMisfitError(problems)
