"""Which bills of materials were written, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda.base.context import context

from ..printable import counted, printable
from .output import print_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..queries.sbom import Bill
    from ..repository.locate import Repository


def report_sbom(
    made: Sequence[tuple[Repository, Bill]],
    folder: Path,
    changed: Sequence[Path],
    *,
    dry_run: bool,
) -> None:
    """Print an outcome as conda was told to: as JSON, as text, or not at all."""
    if context.json:
        print_json(
            files=[
                {
                    "path": str(folder / bill.name),
                    "repository": str(repository.path),
                    "label": repository.manifest.label,
                    "build": repository.manifest.build,
                    "environment": bill.environment,
                    "platform": bill.platform,
                    "packages": bill.packages,
                    "changed": folder / bill.name in changed,
                }
                for repository, bill in made
            ]
        )
    elif not context.quiet:
        for _, bill in made:
            path = folder / bill.name
            what = "would be written" if dry_run else "written"
            state = what if path in changed else "there already, unchanged"
            print(printable(f"{path}: {counted(bill.packages, 'package')}, {state}"))
