"""Why packages are in repositories, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ..queries.overview import place
from ..repository.names import PLUGIN
from .output import release_json

if TYPE_CHECKING:
    from ..queries.why import Step, Why
    from ..repository.locate import Repository

#: Steps beyond which the lines of a tree are not indented any further.
DEEPEST = 40
#: Why python needs a pip that it does not name.
PIP_RULE = "by conda's add_pip_as_python_dependency"


def why_json(repository: Repository, reasons: Sequence[Why]) -> dict[str, Any]:
    """Return what needs a package in each solution."""
    return {**release_json(repository), "solutions": [*map(asdict, reasons)]}


def why_lines(repository: Repository, reasons: Sequence[Why]) -> Iterator[str]:
    """Yield what needs a package, solution by solution."""
    yield f"{repository.path}, label {repository.manifest.label}:"
    for why in reasons:
        where = place(why.environment, why.platform)
        if why.platform == PLUGIN:
            where = "the plugin's channel"
        elif why.release != repository.manifest.release:
            where = f"release {why.release}, {where}"
        yield f"\n{where}: {_joined(why.name, why.version, why.build)}"
        if why.wheel:
            yield f"  from {why.wheel}"
        of_pip = f", of pip as {', '.join(why.requirements)}" if why.requirements else ""
        yield f"  asked for: {'yes' if why.asked_for else 'no'}{of_pip}"
        directly = ", ".join(map(_step, why.directly))
        yield f"  needed directly by: {directly or 'no other package'}"
        if len(why.shortest) > 1:
            yield f"  shortest way: {' -> '.join(why.shortest)}"
        if why.directly:
            yield "  all ways, from the package to what was asked for:"
            yield from map(_branch, why.ways)
    yield ""


def _branch(step: Step) -> str:
    asked_for = ", asked for" if step.asked_for else ""
    elsewhere = "" if step.expanded else ", continued elsewhere"
    return f"    {'  ' * min(step.depth, DEEPEST)}{_step(step)}{asked_for}{elsewhere}"


def _step(step: Step) -> str:
    package = _joined(step.name, step.version)
    if not step.depth:
        return package
    return f"{package} ({', '.join(step.specs) or PIP_RULE})"


def _joined(*parts: str) -> str:
    return " ".join(filter(None, parts))
