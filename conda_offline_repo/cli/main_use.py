"""`conda offline-repo use`: make an environment install and update from a repository alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .output import add_label_option, add_path_argument

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from pathlib import Path

    from ..locate import Repository
    from ..target import Target

HELP = "Make an environment install and update from a repository alone, offline."
DESCRIPTION = """\
Check the repository, make the environment if it is not there, and write its .condarc, so that
conda installs and updates it from the repository alone and never asks the network. With PACKAGE:
install them, too. Run it again after the repository was copied anew or moved."""
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
        help="Packages to install or update, as for `conda install`.",
    )
    add_label_option(parser)
    parser.add_argument(
        "--no-verify",
        dest="offline_repo_verify",
        action="store_false",
        help="Do not read and check the repository's files.",
    )
    helpers.add_parser_prefix(parser)
    helpers.add_parser_solver(parser)
    helpers.add_output_and_prompt_options(parser)


def execute(args: Namespace) -> int:
    """Verify, configure, install, and print what to type next."""
    from pathlib import Path

    from conda.base.context import context

    from ..locate import locate_one
    from ..target import plan
    from .output import chatter_to_stderr

    repository = locate_one(Path(args.offline_repo_path).expanduser(), args.offline_repo_label)
    prefix = _prefix(args)
    with chatter_to_stderr():
        target = plan(repository, prefix)
        if args.offline_repo_verify:
            _check(repository)
        actions = _fill(target, tuple(args.offline_repo_packages))
    _print(repository, target, args, actions, context.dry_run)
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


def _check(repository: Repository) -> None:
    from ..exceptions import RepositoryDamagedError
    from ..verify import verify
    from .output import TerminalProgress

    progress = TerminalProgress()
    progress.expect("Checking", len(repository.manifest.packages), repository.manifest.size)
    report = verify(repository, progress.advance)
    progress.finish()
    if not report.good:
        raise RepositoryDamagedError(repository.path, report.missing, report.changed)


def _fill(target: Target, packages: tuple[str, ...]) -> dict[str, list[str]]:
    """Configure the environment and install into it; returns what was linked and unlinked."""
    from conda.base.context import context

    from .. import _compat
    from ..target import configure, offline, transaction, unmake

    linked: dict[str, list[str]] = {"LINK": [], "UNLINK": []}
    with offline(target):
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
            configure(target)
            if change is not None:
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
    dry_run: bool,
) -> None:
    from conda.base.context import context

    from .output import print_json

    manifest = repository.manifest
    commands = _next_commands(target, args, bool(actions["LINK"]), manifest.request.packages)
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
            dry_run=dry_run,
            next=commands,
        )
        return
    if not args.offline_repo_verify:
        print("The repository's files were not checked (--no-verify).")
    will = "would install" if dry_run else "installs"
    print(
        f"The environment {target.prefix} {will} from {repository.path} alone, offline "
        f"(build {manifest.build} of {manifest.created[:10]})."
    )
    if commands and not dry_run:
        print("\nNext:\n")
        for command in commands:
            print(f"    {command}")
        print()


def _next_commands(
    target: Target, args: Namespace, filled: bool, packages: tuple[str, ...]
) -> list[str]:
    """What the user types next."""
    import shlex

    commands = []
    if args.name or args.prefix:
        commands.append(f"conda activate {shlex.quote(args.name or str(target.prefix))}")
    if not filled:
        wanted = " ".join(shlex.quote(package) for package in packages) or "PACKAGE"
        commands.append(f"conda {'update' if target.exists else 'install'} {wanted}")
    return commands
