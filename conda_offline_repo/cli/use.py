"""`conda offline-repo use`: make an environment install and update from a repository alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .parser import add_label_option

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from pathlib import Path
    from typing import Any

    from ..customer.target import Target

USAGE = """\
conda offline-repo use PATH [PACKAGE ...] [-n ENV | -p PATH] [options]
       conda offline-repo use --undo [-n ENV | -p PATH]"""
DESCRIPTION = """\
Check the repository, make the environment if it is not there, and write its
.condarc: conda then installs and updates it from the repository alone, and
asks no network. Run it again after the repository has moved. Without -n and -p
it is the active environment; base only with --yes."""
EPILOG = """\
examples:
  conda offline-repo use X:\\repo -n rating ratingpro
  conda offline-repo use X:\\repo -n rating --release 3
  conda offline-repo use --undo -n rating
"""
CONDA = (
    "add_parser_prefix",
    "add_parser_frozen_env",
    "add_parser_solver",
    "add_output_and_prompt_options",
)


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `use`."""
    parser.add_argument(
        "offline_repo_path",
        metavar="PATH",
        nargs="?",
        help="The repository, or the folder above it.",
    )
    parser.add_argument(
        "offline_repo_packages",
        metavar="PACKAGE",
        nargs="*",
        default=[],
        help="Install this, or update it where it is installed.",
    )
    add_label_option(parser)
    parser.add_argument(
        "--release",
        dest="offline_repo_release",
        metavar="N",
        type=int,
        help="Bring the environment to just what release N installs, the newest or one that is "
        "kept. No PACKAGE is named then.",
    )
    parser.add_argument(
        "--environment",
        dest="offline_repo_environment",
        metavar="NAME",
        help="Bring it to just what this environment of the label installs.",
    )
    parser.add_argument(
        "--trust",
        dest="offline_repo_trust",
        metavar="FINGERPRINT",
        action="append",
        default=[],
        help="This key (SHA256:...) is the vendor's: do not ask. Repeat it for several.",
    )
    parser.add_argument(
        "--allow-older",
        dest="offline_repo_allow_older",
        action="store_true",
        help="Take an older release than the last one, or its number with other content. PACKAGE "
        "comes back to its version there.",
    )
    parser.add_argument(
        "--other-label",
        dest="offline_repo_other_label",
        action="store_true",
        help="Take another label's repository than the last one.",
    )
    parser.add_argument(
        "--no-verify",
        dest="offline_repo_verify",
        action="store_false",
        help="Do not read and check the files: faster, but damage and partial tampering are not "
        "noticed. The signature is always checked.",
    )
    parser.add_argument(
        "--undo",
        dest="offline_repo_undo",
        action="store_true",
        help="Give the environment's .condarc its settings of before back. What is installed "
        "stays.",
    )
    parser.set_defaults(offline_repo_wrong=parser.error)


def execute(args: Namespace) -> int:
    """Verify, configure, install, and print what to type next; or take it back."""
    import sys
    from pathlib import Path

    from conda.base.context import context

    from ..customer.diagnostics import survey
    from ..customer.environment.frozen import check_not_frozen
    from ..customer.environment.lock import exclusive
    from ..customer.exact import exactly
    from ..customer.install import transaction
    from ..customer.target import plan
    from ..exceptions import InvalidRequestError
    from ..repository.locate import locate_one
    from ..specs import parse_spec
    from .output import chatter_to_stderr
    from .terminal import TerminalProgress
    from .use_report import report, warn
    from .use_steps import ask, check, fill

    if args.offline_repo_undo:
        return _undo(args)
    if args.offline_repo_path is None:
        args.offline_repo_wrong("the following arguments are required: PATH (or --undo)")
    packages = tuple(args.offline_repo_packages)
    release, environment = args.offline_repo_release, args.offline_repo_environment
    exact = release is not None or environment is not None
    if exact and packages:
        raise InvalidRequestError(
            "--release and --environment take no packages: what is installed stands in the "
            "repository.",
            "Leave them out.",
        )
    for package in packages:
        parse_spec(package)
    repository = locate_one(Path(args.offline_repo_path).expanduser(), args.offline_repo_label)
    prefix = _prefix(args)
    allowed = {
        "allow_older": args.offline_repo_allow_older,
        "other_label": args.offline_repo_other_label,
        "trusted": tuple(args.offline_repo_trust),
    }
    results = sys.stdout
    with chatter_to_stderr():
        target = plan(repository, prefix, **allowed)
        findings = survey(repository, prefix)
        if args.offline_repo_verify:
            check(repository)
        warn(findings)
        if packages or exact or not target.settled:
            check_not_frozen(prefix)
        if target.trust.unknown and not context.dry_run:
            ask(repository)
        back_to = repository.manifest if args.offline_repo_allow_older else None

        def change(target: Target) -> Any:
            if exact:
                return exactly(target, repository, release, environment)
            if not packages:
                return None
            TerminalProgress().step(f"Solving {repository.manifest.label} for {prefix}")
            return transaction(target, packages, back_to)

        if context.dry_run or (target.settled and not packages and not exact):
            actions = fill(target, change, results)
        else:
            with exclusive(prefix, _say_waiting):
                target = plan(repository, prefix, **allowed)
                actions = fill(target, change, results)
    report(repository, target, args, actions, findings)
    return 0


def _undo(args: Namespace) -> int:
    from pathlib import Path

    from conda.base.context import context

    from ..customer.environment.frozen import check_not_frozen
    from ..customer.environment.lock import exclusive
    from ..customer.undo import plan_undo, undo
    from ..exceptions import InvalidRequestError
    from .use_report import report_undone

    if args.offline_repo_packages:
        raise InvalidRequestError("--undo takes no packages.", "Leave them out.")
    prefix = _prefix(args)
    undoing = plan_undo(prefix)
    if args.offline_repo_path is not None:
        named = Path(args.offline_repo_path).expanduser().absolute()
        if named not in (Path(undoing.path), Path(undoing.path).parent):
            raise InvalidRequestError(
                f"{prefix} uses {undoing.path}, not {named}.", "With --undo leave out PATH."
            )
    check_not_frozen(prefix)
    if not context.dry_run:
        with exclusive(prefix, _say_waiting):
            undoing = plan_undo(prefix)
            undo(undoing)
    report_undone(undoing)
    return 0


def _say_waiting(holder: str) -> None:
    """Tell that another run works on the environment."""
    import sys

    print(f"Waiting for {holder}, which works on this environment.", file=sys.stderr, flush=True)


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
