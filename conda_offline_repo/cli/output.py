"""What the verbs print: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from ..queries.compare import Difference, PlatformChange
    from ..repository.locate import Repository


def print_json(*, success: bool = True, **content: Any) -> None:
    """Print the one JSON object of a `--json` run."""
    print(json.dumps({"success": success, **content}, indent=2, sort_keys=True))


def named(repository: Repository) -> dict[str, Any]:
    """Return which release of a repository it is about, for a JSON object."""
    manifest = repository.manifest
    return {"path": str(repository.path), "label": manifest.label, "build": manifest.build}


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows with their columns aligned."""
    from ..printable import printable

    rows = [[printable(cell).replace("\n", " ") for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())


@contextmanager
def chatter_to_stderr() -> Iterator[None]:
    """Let what conda and its solvers print meanwhile go to stderr."""
    with redirect_stdout(sys.stderr):
        yield


def platform_lines(difference: Difference) -> Iterator[str]:
    """Yield lines on the packages that are updated, new and gone, platform by platform."""
    for one in difference.platforms:
        yield f"{one.platform}:"
        for name, old, new in one.updated:
            yield f"  ~ {name} {old} -> {new}"
        for sign, packages in (("+", one.added), ("-", one.removed)):
            for name, version in packages:
                yield f"  {sign} {name} {version}"


def platform_json(change: PlatformChange) -> dict[str, list[dict[str, str]]]:
    """Return what changes on a platform as a JSON object."""
    return {
        "updated": [{"name": n, "old": old, "new": new} for n, old, new in change.updated],
        "added": [{"name": name, "version": version} for name, version in change.added],
        "removed": [{"name": name, "version": version} for name, version in change.removed],
    }


def licenses(found: Mapping[str, tuple[str, ...]]) -> str:
    """Return licences, with the packages that have them, as a part of a sentence."""
    parts = [f"{name or 'none stated'} ({', '.join(of)})" for name, of in found.items()]
    return ", ".join(parts) or "none"


def signed_by(signers: Iterable[str]) -> str:
    """Return a sentence on who signed a repository."""
    names = ", ".join(signers)
    return f"Signed by {names}." if names else "It is not signed: its origin is unknown."
