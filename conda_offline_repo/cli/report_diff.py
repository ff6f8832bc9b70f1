"""What changes from one release to another, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda.base.context import context

from ..printable import human, printable
from ..queries.compare import difference, new_licenses
from .output import licenses, platform_json, platform_lines, print_json, signed_by

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..delivery.release_ref import Named
    from ..queries.compare import Difference

UNKNOWN = "not known: offline-repo.json alone does not tell them"


def report(old: Named, new: Named, *, markdown: bool) -> None:
    """Print what changes."""
    found = difference(old.manifest, new.manifest)
    fresh = None
    if old.packages is not None and new.packages is not None:
        fresh = new_licenses(old.packages, new.packages)
    if context.json:
        print_json(
            label=new.manifest.label,
            old=_release(old),
            new=_release(new),
            platforms={one.platform: platform_json(one) for one in found.platforms},
            added=found.added,
            updated=found.updated,
            removed=found.removed,
            transfer_bytes=found.transfer_bytes,
            new_licenses=fresh,
        )
    else:
        lines = _markdown if markdown else _text
        print(printable("\n".join(lines(old, new, found, fresh))))


def _release(one: Named) -> dict[str, object]:
    stated = one.manifest
    return {"build": stated.build, "created": stated.created, "signers": one.signers}


def _text(
    old: Named, new: Named, found: Difference, found_licenses: Mapping[str, tuple[str, ...]] | None
) -> Iterator[str]:
    yield f"{new.manifest.label}: {_named(old)} -> {_named(new)}"
    if not found.platforms:
        yield "No package changes."
    yield from platform_lines(found)
    yield f"A copy moves {human(found.transfer_bytes)}."
    yield f"New licences: {_licenses(found_licenses)}"
    if new.signers is not None:
        yield signed_by(new.signers)


def _markdown(
    old: Named, new: Named, found: Difference, found_licenses: Mapping[str, tuple[str, ...]] | None
) -> Iterator[str]:
    yield f"## {_cell(new.manifest.label)}: {_named(old)} to {_named(new)}\n"
    if not found.platforms:
        yield "No package changes.\n"
    for one in found.platforms:
        yield f"### {_cell(one.platform)}\n"
        yield "| Package | Before | After |"
        yield "|---|---|---|"
        rows = [
            *one.updated,
            *((name, "", version) for name, version in one.added),
            *((name, version, "") for name, version in one.removed),
        ]
        for row in sorted(rows):
            yield f"| {' | '.join(_cell(text) or '-' for text in row)} |"
        yield ""
    yield f"- Bytes to move: {human(found.transfer_bytes)}"
    yield f"- New licences: {_cell(_licenses(found_licenses))}"
    if new.signers is not None:
        yield f"- {_cell(signed_by(new.signers))}"


def _named(one: Named) -> str:
    return f"release {one.manifest.build} of {one.manifest.created}"


def _licenses(found: Mapping[str, tuple[str, ...]] | None) -> str:
    return UNKNOWN if found is None else licenses(found)


def _cell(text: str) -> str:
    """Return text that means nothing in Markdown."""
    for special in "\\`*_[]<>|#":
        text = text.replace(special, f"\\{special}")
    return text.replace("\n", " ")
