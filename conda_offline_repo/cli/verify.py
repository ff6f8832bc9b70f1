"""`conda offline-repo verify`: compare repositories with their manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .parser import add_label_option, add_path_argument

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from pathlib import Path

    from ..repository.locate import Repository
    from ..repository.verify import Report

USAGE = "conda offline-repo verify PATH [options]"
DESCRIPTION = """\
Read every file of the repository, of each repository below PATH, or of a
volume of `pack`, and compare it with the manifest, and the signature with the
one that the environments of this machine expect. The exit status is 1 if files
are missing, changed, unreadable or extra, and 2 if all is whole but a
publication is unfinished. Nothing is changed."""
EPILOG = """\
examples:
  conda offline-repo verify X:\\repo
  conda offline-repo verify E:\\halkbank.1-of-2.zip
"""
CONDA = ("add_parser_json",)


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `verify`."""
    add_path_argument(parser)
    add_label_option(parser)


def execute(args: Namespace) -> int:
    """Verify each repository, and print what was found."""
    from pathlib import Path

    from ..customer.trust import check_expected
    from ..repository.locate import locate
    from ..repository.verify import verify
    from .output import chatter_to_stderr
    from .report_verify import report, status
    from .terminal import TerminalProgress

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
    from .report_verify import report, status
    from .terminal import TerminalProgress

    with opened(path) as volume:
        repository = Repository(path.absolute(), volume.manifest, volume.signers)
        check_expected(repository)
        with chatter_to_stderr():
            found = check(volume, TerminalProgress())
    report([(repository, found)])
    return status([found])
