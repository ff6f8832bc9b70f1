"""What a verification found, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda.base.context import context

from ..printable import printable
from .output import human, print_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..repository.verify import Report


def passed(reports: Mapping[str, Report]) -> bool:
    """Whether nothing is wrong with any of the repositories, by path."""
    return all(report.good and not report.extra for report in reports.values())


def report(reports: Mapping[str, Report]) -> None:
    """Print what was found in each repository, by path."""
    if context.json:
        found = {path: vars(one) for path, one in reports.items()}
        print_json(success=passed(reports), repositories=found)
    else:
        for path, one in reports.items():
            _print_text(path, one)


def _print_text(path: str, report: Report) -> None:
    for kind in ("missing", "changed", "extra"):
        for name in getattr(report, kind):
            print(f"{kind}: {printable(name)}")
    if report.unfinished:
        print(
            f"{path}: a publication is under way or was interrupted. Every file that the index "
            "names is there; run the build again to finish it."
        )
    if not report.good:
        print(f"{path} is damaged or its copy is incomplete. Copy it again from its source.")
    elif report.extra:
        print(f"{path} is complete, but has files that do not belong to it. Remove them.")
    else:
        print(f"{path} is complete and unchanged: {report.files} files, {human(report.size)}.")
