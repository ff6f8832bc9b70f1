"""`conda offline-repo verify`: compare repositories with their manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .output import add_label_option, add_path_argument

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from pathlib import Path

    from ..repository.locate import Repository
    from ..repository.verify import Report

HELP = "Check every file of a repository, or of a volume, against its manifest."
DESCRIPTION = """\
Read every file of the repository, or of each repository below PATH, or of a volume that `pack`
made, and compare it with the manifest. Missing, changed, unreadable and extra files are named; the
exit status is 1 if there are any. It is 2 if all is whole, but a publication is under way or was
interrupted, so that files may be those of the last release or of the next. A signature is checked,
and has to be the one that the environments of this machine expect which use the repository. Nothing
is changed, and no network is needed."""
EPILOG = """\
example:
    conda offline-repo verify X:\\repo
    conda offline-repo verify E:\\halkbank.1-of-2.zip
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

    from ..customer.trust import check_expected
    from ..repository.locate import locate
    from ..repository.verify import verify
    from .output import chatter_to_stderr
    from .progress import TerminalProgress
    from .report_verify import report, status

    path = Path(args.offline_repo_path).expanduser()
    if path.is_file() and path.suffix.lower() == ".zip":
        return _verify_volume(path)
    found = locate(path, args.offline_repo_label)
    reports: list[tuple[Repository, Report]] = []
    for repository in found:
        check_expected(repository)
        with chatter_to_stderr():
            reports.append((repository, verify(repository, TerminalProgress())))
    report(reports)
    return status(one for _, one in reports)


def _verify_volume(path: Path) -> int:
    from ..customer.trust import check_expected
    from ..delivery.check import check
    from ..delivery.unpack import opened
    from ..repository.locate import Repository
    from .output import chatter_to_stderr
    from .progress import TerminalProgress
    from .report_verify import report, status

    with opened(path) as volume:
        repository = Repository(path.absolute(), volume.manifest, volume.signers)
        check_expected(repository)
        with chatter_to_stderr():
            found = check(volume, TerminalProgress())
    report([(repository, found)])
    return status([found])
