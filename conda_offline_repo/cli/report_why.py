"""Who needs a package, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda.base.context import context

from ..printable import printable
from ..repository.names import PLUGIN
from .output import named, print_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..queries.why import Step, Why
    from ..repository.locate import Repository

#: Steps beyond which lines are not indented any further.
DEEPEST = 40


def report_why(found: Sequence[tuple[Repository, Sequence[Why]]]) -> None:
    """Print who needs it in each repository."""
    if context.json:
        print_json(
            repositories=[
                {
                    **named(repository),
                    "solutions": [_as_dict(one) for one in reasons],
                }
                for repository, reasons in found
            ]
        )
        return
    for repository, reasons in found:
        head = f"{repository.path}, label {repository.manifest.label}:"
        print(printable(head))
        for one in reasons:
            print()
            for line in _lines(one, repository.manifest.build):
                print(printable(line))
        print()


def _as_dict(one: Why) -> dict[str, object]:
    steps = {key: [vars(step) for step in getattr(one, key)] for key in ("directly", "ways")}
    return {**vars(one), **steps}


def _lines(one: Why, newest: int) -> Iterator[str]:
    yield f"{_where(one, newest)}: {_named(one.name, one.version, one.build)}"
    directly = ", ".join(map(_step, one.directly))
    yield f"  asked for: {'yes' if one.asked_for else 'no'}"
    yield f"  needed directly by: {directly or 'no other package'}"
    if len(one.shortest) > 1:
        yield f"  shortest way: {' -> '.join(one.shortest)}"
    if one.directly:
        yield "  all ways, from the package to what was asked for:"
        yield from (f"    {line}" for line in _tree(one.ways))


def _where(one: Why, newest: int) -> str:
    if one.platform == PLUGIN:
        return "the plugin's channel"
    place = f"{one.environment} on {one.platform}" if one.environment else one.platform
    return place if one.release == newest else f"release {one.release}, {place}"


def _tree(ways: Iterable[Step]) -> Iterator[str]:
    for step in ways:
        marks = [
            *(("asked for",) if step.asked_for else ()),
            *(() if step.expanded else ("continued elsewhere",)),
        ]
        yield ", ".join(("  " * min(step.depth, DEEPEST) + _step(step), *marks))


def _step(step: Step) -> str:
    needs = f" ({', '.join(step.specs)})" if step.specs else ""
    return f"{_named(step.name, step.version)}{needs}"


def _named(*parts: str) -> str:
    return " ".join(filter(None, parts))
