"""`conda offline-repo use`: make an environment install and update from a repository alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .output import add_label_option, add_path_argument

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from pathlib import Path

    from ..locate import Repository
    from ..survey import Finding
    from ..target import Target

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

    from ..locate import locate_one
    from ..request import check_spec
    from ..survey import survey
    from ..target import plan
    from .output import chatter_to_stderr

    for package in args.offline_repo_packages:
        check_spec(package)
    repository = locate_one(Path(args.offline_repo_path).expanduser(), args.offline_repo_label)
    prefix = _prefix(args)
    with chatter_to_stderr():
        target = plan(repository, prefix, allow_older=args.offline_repo_allow_older)
        findings = survey(repository, prefix)
        if args.offline_repo_verify:
            _check(repository)
        _warn(findings)
        actions = _fill(target, tuple(args.offline_repo_packages))
    _print(repository, target, args, actions, findings)
    return 0


def _prefix(args: Namespace) -> Path:
    """The environment that is meant; base only when the user insists."""
    from pathlib import Path

    from conda.base.context import context

    from ..exceptions import TargetError

    prefix = Path(context.target_prefix)
    if prefix == Path(context.root_prefix) and not context.always_yes:
        raise TargetError(
            "This would turn the base environment, conda's own, to the repository.",
            "Name another environment with -n or -p, or give --yes if base is meant.",
        )
    return prefix


def _warn(findings: tuple[Finding, ...]) -> None:
    import sys

    from conda.base.context import context

    if not context.json:
        for finding in findings:
            print(f"\nwarning: {finding.text}", file=sys.stderr)


def _check(repository: Repository) -> None:
    from ..exceptions import RepositoryDamagedError
    from ..verify import verify
    from .progress import TerminalProgress

    report = verify(repository, TerminalProgress())
    if not report.good:
        raise RepositoryDamagedError(repository.path, report.missing, report.changed)


def _fill(target: Target, packages: tuple[str, ...]) -> dict[str, list[str]]:
    """Configure the environment and install into it; returns what was linked and unlinked."""
    from conda.base.context import context

    from .. import _compat
    from ..target import configure, offline, transaction, unmake

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


def _print(
    repository: Repository,
    target: Target,
    args: Namespace,
    actions: dict[str, list[str]],
    findings: tuple[Finding, ...],
) -> None:
    from conda.base.context import context

    from .output import print_json

    manifest = repository.manifest
    commands = _next_commands(target, args, manifest.request.packages)
    if context.json:
        print_json(
            label=manifest.label,
            path=str(repository.path),
            build=manifest.build,
            channel=target.channel,
            prefix=str(target.prefix),
            created=not target.exists,
            changed=not target.configured or bool(actions["LINK"] or actions["UNLINK"]),
            verified=args.offline_repo_verify,
            actions=actions,
            dry_run=context.dry_run,
            warnings=[vars(finding) for finding in findings],
            next=commands,
        )
        return
    if not args.offline_repo_verify:
        print("The repository's files were not checked (--no-verify).")
    will = "would install" if context.dry_run else "installs"
    print(
        f"The environment {target.prefix} {will} from {repository.path} alone, offline "
        f"(build {manifest.build} of {manifest.created[:10]})."
    )
    for sign, key in (("+", "LINK"), ("-", "UNLINK")):
        for name in actions[key]:
            print(f"  {sign} {name}")
    if commands and not context.dry_run:
        print("\nNext:\n")
        for command in commands:
            print(f"    {command}")
        print()


def _next_commands(target: Target, args: Namespace, packages: tuple[str, ...]) -> list[str]:
    """What the user types next: activate, then install what is not there and update what is."""
    import shlex

    from conda.models.match_spec import MatchSpec

    from ..request import unqualified
    from ..target import installed

    commands = []
    if args.name or args.prefix:
        commands.append(f"conda activate {shlex.quote(args.name or str(target.prefix))}")
    there = installed(target.prefix)
    packages = tuple(map(unqualified, packages))
    names = {package: MatchSpec(package).name for package in packages}
    absent = [shlex.quote(package) for package, name in names.items() if name not in there]
    present = [shlex.quote(package) for package, name in names.items() if name in there]
    if absent or not packages:
        commands.append(f"conda install {' '.join(absent) or 'PACKAGE'}")
    if present and not args.offline_repo_packages:
        commands.append(f"conda update {' '.join(present)}")
    return commands
