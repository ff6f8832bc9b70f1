"""`conda offline-repo use`: make an environment install and update from a repository alone."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from conda.base.context import context

from .._conda.commands import target_to_read
from ..customer.base import is_base
from ..customer.check import check
from ..customer.exceptions import TargetError
from ..customer.request import UseRequest
from ..customer.undo import undo
from ..customer.use import use
from ..exceptions import InvalidRequestError
from ..files.typed import typed_place
from ..repository.locate import absolute
from ..specs import parse_spec
from .output import chatter_to_stderr
from .parser import LABEL, LOG, add_options, written_path
from .reading import whole
from .terminal import TerminalProgress
from .use_report import TerminalDialog, report, report_checked, report_undone

USAGE = """\
conda offline-repo use PATH [PACKAGE ...] [-n ENV | -p PATH] [options]
       conda offline-repo use --undo [-n ENV | -p PATH]"""
DESCRIPTION = """\
Check the repository, make the environment if it does not exist, and write its
.condarc: conda then installs and updates it from the repository alone, without
a network, or from a URL and no other host. Run it again after it has moved.
Without -n and -p it is the active environment; base only with --yes."""
EPILOG = """\
examples:
  conda offline-repo use X:\\repo -n rating ratingpro
  conda offline-repo use https://conda.bank.example/halkbank -n rating ratingpro
  conda offline-repo use X:\\repo -n rating --release 3
  conda offline-repo use --undo -n rating
"""
CONDA = (
    "add_parser_prefix",
    "add_parser_platform",
    "add_parser_frozen_env",
    "add_parser_solver",
    "add_output_and_prompt_options",
)
OPTIONS = {
    "[PATH]": "The repository, or the folder above it, or its URL.",
    "[PACKAGE ...]": "Install this, or update it where it is installed.",
    **LABEL,
    "--release N": """Bring the environment to just what release N installs, the newest or a kept
        one; without PACKAGE.""",
    "--environment NAME": "Bring it to just what an environment of the label has.",
    "--trust FINGERPRINT ...": """This key (SHA256:...) is the vendor's: do not ask. Repeat it for
        several.""",
    "--no-exclude-newer": "Exempt it from conda's own exclude_newer.",
    "--allow-older": """Take an older release than the last one, or its number with other content.
        PACKAGE goes back, too.""",
    "--other-label": "Take another label's repository than the last one.",
    "--no-verify": """Do not read and check the files: faster, but damage and partial tampering are
        not noticed. The signature is always checked, and of a URL the indexes.""",
    "--policy FILE": "Install nothing that this policy forbids.",
    "--check": "Change nothing; status 3 if it is not at this release.",
    **LOG,
    "--undo": "Restore the environment's .condarc as it was before. What is installed stays.",
}


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `use`."""
    add_options(parser, OPTIONS)
    parser.set_defaults(offline_repo_wrong=parser.error)


def execute(args: Namespace) -> int:
    """Use the repository, or undo that, and print the result and what to type next."""
    if args.name in (".", ".."):  # conda takes them for folders
        args.offline_repo_wrong(f"argument -n/--name: not the name of an environment: {args.name}")
    if args.offline_repo_undo:
        if args.offline_repo_check:
            args.offline_repo_wrong("argument --check: not allowed with argument --undo")
        return _undo(args)
    if args.offline_repo_path is None:
        args.offline_repo_wrong("the following arguments are required: PATH (or --undo)")
    checking = args.offline_repo_check
    prefix = target_to_read() if checking else _prefix(args)
    request = UseRequest(
        path=typed_place(args.offline_repo_path),
        prefix=prefix,
        name=args.name or (str(prefix) if args.prefix else None),
        label=args.offline_repo_label,
        packages=tuple(map(parse_spec, args.offline_repo_package)),
        release=args.offline_repo_release,
        environment=args.offline_repo_environment,
        trusted=tuple(args.offline_repo_trust),
        allow_older=args.offline_repo_allow_older,
        other_label=args.offline_repo_other_label,
        exempt=args.offline_repo_no_exclude_newer,
        verify=not args.offline_repo_no_verify,
        policy=args.offline_repo_policy,
        dry_run=context.dry_run,
    )
    if checking:
        with chatter_to_stderr():
            answer = whole(lambda: check(request), request.path)
        return report_checked(request, answer)
    dialog = TerminalDialog(sys.stdout)
    with chatter_to_stderr():
        outcome = use(request, TerminalProgress(), dialog)
    report(outcome)
    return 0


def _undo(args: Namespace) -> int:
    if args.offline_repo_package:
        raise InvalidRequestError("--undo takes no packages.", "Leave them out.")
    path = typed_place(args.offline_repo_path) if args.offline_repo_path else None
    repository = absolute(path) if isinstance(path, Path) else path
    wait = TerminalDialog(sys.stdout).wait
    prefix = Path(context.target_prefix)
    report_undone(undo(prefix, wait, repository=repository, dry_run=context.dry_run))
    return 0


def _prefix(args: Namespace) -> Path:
    """Return the target environment; base only if the user insists."""
    prefix = Path(context.target_prefix)
    written_path(args.prefix or context.target_prefix)  # conda drops what Windows does
    if is_base(prefix) and not context.always_yes:
        raise TargetError(
            "This would configure the base environment, conda's own, for the repository.",
            "Name another environment with -n or -p, or give --yes if you mean base.",
        )
    return prefix
