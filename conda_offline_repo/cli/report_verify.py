"""What a verification found, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda.base.context import context

from ..printable import counted, human, printable
from .output import print_json, signed_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..repository.locate import Repository
    from ..repository.verify import Report


#: The exit status of a repository that is whole, but whose publication is unfinished.
UNFINISHED = 2


def status(reports: Iterable[Report]) -> int:
    """Return the exit status: 0 if nothing is wrong with any of the repositories."""
    found = tuple(reports)
    if not all(map(_is_whole, found)):
        return 1
    return UNFINISHED if any(report.unfinished for report in found) else 0


def _is_whole(report: Report) -> bool:
    """Return whether nothing is wrong; what is not deleted yet is no damage."""
    return report.good and not (report.misleading if report.unfinished else report.extra)


def report(reports: Sequence[tuple[Repository, Report]]) -> None:
    """Print what was found in each repository."""
    if context.json:
        found = {
            str(repository.path): {**vars(one), "signers": repository.signers}
            for repository, one in reports
        }
        print_json(success=status(one for _, one in reports) == 0, repositories=found)
    else:
        for repository, one in reports:
            path = printable(str(repository.path))
            _print_text(path, one)
            print(f"{path}: {signed_by(repository.signers)}")


def _print_text(path: str, report: Report) -> None:
    for kind in ("missing", "changed", "unreadable", "extra"):
        for name in getattr(report, kind):
            print(f"{kind}: {printable(name)}")
    if report.misleading:
        print(
            f"{path}: conda may read these in the place of the right index: "
            f"{', '.join(map(printable, report.misleading))}"
        )
    if report.unfinished:
        print(
            f"{path}: a publication is under way or was interrupted. Repeat the command that makes "
            "it (build, sync or unpack) to finish it; if this is a copy, copy it again afterwards."
        )
    if report.missing or report.changed:
        print(f"{path} is damaged or its copy is incomplete. Copy it again from its source.")
    elif report.unreadable:
        print(f"{path} cannot be read as a whole. Ask its owner for permission to read it.")
    elif report.extra and not report.unfinished:
        print(f"{path} is complete, but has files that do not belong to it. Remove them.")
    elif report.unfinished:
        print(f"{path}: each of its files is as it was before or as it will be: {_counted(report)}")
    else:
        print(f"{path} is complete and unchanged: {_counted(report)}")


def _counted(report: Report) -> str:
    return f"{counted(report.files, 'file')}, {human(report.size)}."
