"""`conda offline-repo verify`: compare repositories with their manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .output import add_label_option, add_path_argument

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from ..verify import Report

HELP = "Check every file of a repository against its manifest."
DESCRIPTION = """\
Read every file of the repository, or of each repository below PATH, and compare it with the
manifest. Missing, changed and extra files are named; the exit status is 1 if there are any. Nothing
is changed, and no network is needed."""
EPILOG = """\
example:
    conda offline-repo verify X:\\repo
"""


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `verify`."""
    from conda.cli import helpers

    helpers.add_parser_help(parser)
    add_path_argument(parser)
    add_label_option(parser)
    helpers.add_parser_json(parser)


def execute(args: Namespace) -> int:
    """Verify each repository, and print what was found."""
    from pathlib import Path

    from conda.base.context import context

    from ..locate import locate
    from ..verify import verify
    from .output import chatter_to_stderr, print_json
    from .progress import TerminalProgress

    reports: dict[str, Report] = {}
    for repository in locate(Path(args.offline_repo_path).expanduser(), args.offline_repo_label):
        with chatter_to_stderr():
            reports[str(repository.path)] = verify(repository, TerminalProgress())
    good = all(report.good and not report.extra for report in reports.values())
    if context.json:
        print_json(success=good, repositories={path: vars(r) for path, r in reports.items()})
    else:
        for path, report in reports.items():
            _print_text(path, report)
    return 0 if good else 1


def _print_text(path: str, report: Report) -> None:
    from .output import human

    for kind in ("missing", "changed", "extra"):
        for name in getattr(report, kind):
            print(f"{kind}: {name}")
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
