"""`conda offline-repo use`: make an environment install and update from a repository alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .output import add_label_option, add_path_argument

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from pathlib import Path

    from ..customer.target import Target
    from ..repository.locate import Repository

HELP = "Make an environment install and update from a repository alone, offline."
DESCRIPTION = """\
Check the repository, make the environment if it is not there, and write its .condarc, so that
conda installs and updates it from the repository alone and never asks the network. With PACKAGE:
install them, too. Run it again after the repository was copied anew or moved. Without -n or -p the
active environment is meant; base only with --yes."""
EPILOG = """\
examples:
    conda offline-repo use X:\\repo -n rating
    conda offline-repo use /media/stick/halkbank -p /opt/rating ratingpro
"""


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `use`."""
    from conda.cli import helpers

    helpers.add_parser_help(parser)
    add_path_argument(parser)
    parser.add_argument(
        "offline_repo_packages",
        metavar="PACKAGE",
        nargs="*",
        default=[],
        help="Packages to install or update, as for `conda install`.",
    )
    add_label_option(parser)
    parser.add_argument(
        "--no-verify",
        dest="offline_repo_verify",
        action="store_false",
        help="Do not read and check the repository's files: faster, but damage and tampering are "
        "not noticed here.",
    )
    parser.add_argument(
        "--allow-older",
        dest="offline_repo_allow_older",
        action="store_true",
        help="Take a repository of an older build than the one that the environment used last.",
    )
    helpers.add_parser_prefix(parser)
    helpers.add_parser_solver(parser)
    helpers.add_output_and_prompt_options(parser)


def execute(args: Namespace) -> int:
    """Verify, configure, install, and print what to type next."""
    from pathlib import Path

    from ..customer.survey import survey
    from ..customer.target import plan
    from ..repository.locate import locate_one
    from ..specs import check_spec
    from .output import chatter_to_stderr
    from .report_use import report, warn

    for package in args.offline_repo_packages:
        check_spec(package)
    repository = locate_one(Path(args.offline_repo_path).expanduser(), args.offline_repo_label)
    prefix = _prefix(args)
    with chatter_to_stderr():
        target = plan(repository, prefix, allow_older=args.offline_repo_allow_older)
        findings = survey(repository, prefix)
        if args.offline_repo_verify:
            _check(repository)
        warn(findings)
        actions = _fill(target, tuple(args.offline_repo_packages))
    report(repository, target, args, actions, findings)
    return 0


def _prefix(args: Namespace) -> Path:
    """The environment that is meant; base only when the user insists."""
    from pathlib import Path

    from conda.base.context import context

    from ..customer.exceptions import TargetError

    prefix = Path(context.target_prefix)
    if prefix == Path(context.root_prefix) and not context.always_yes:
        raise TargetError(
            "This would turn the base environment, conda's own, to the repository.",
            "Name another environment with -n or -p, or give --yes if base is meant.",
        )
    return prefix


def _check(repository: Repository) -> None:
    from ..customer.exceptions import RepositoryDamagedError, SiblingIndexError
    from ..repository.verify import verify
    from .progress import TerminalProgress

    report = verify(repository, TerminalProgress())
    if not report.good:
        raise RepositoryDamagedError(
            repository.path, report.missing, report.changed, report.unreadable
        )
    if report.misleading:
        raise SiblingIndexError(repository.path, report.misleading)


def _fill(target: Target, packages: tuple[str, ...]) -> dict[str, list[str]]:
    """Configure the environment and install into it; returns what was linked and unlinked."""
    from conda.base.context import context

    from .. import _compat
    from ..customer.install import offline, transaction
    from ..customer.target import configure, unmake

    linked: dict[str, list[str]] = {"LINK": [], "UNLINK": []}
    with offline(target):
        if target.moved_from and not context.dry_run:
            configure(target)
        change = transaction(target, packages) if packages else None
        if change is not None and not change.nothing_to_do:
            setup = change.prefix_setups[str(target.prefix)]
            linked["LINK"] = [record.dist_str() for record in setup.link_precs]
            linked["UNLINK"] = [record.dist_str() for record in setup.unlink_precs]
            if not context.json:
                change.print_transaction_summary()
        if context.dry_run:
            return linked
        if linked["LINK"] and not context.json:
            _compat.confirm("Proceed")
        try:
            if not target.moved_from:
                configure(target)
            if change is not None and linked["LINK"]:
                change.download_and_extract()
                change.execute()
        except BaseException:
            unmake(target)
            raise
    return linked
