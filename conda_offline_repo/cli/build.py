"""`conda offline-repo build`: make or refresh the repository of a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .build_parser import add_request_options

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator, Sequence

    from ..builder.batch import Result
    from ..builder.options import Options

USAGE = """\
conda offline-repo build --label LABEL [PACKAGE ...] [options]
       conda offline-repo build [--file FILE] [options]"""
DESCRIPTION = """\
Make or refresh the folder ROOT/LABEL: a conda channel with the packages and
all that they need, and nothing else, which is proven to install by itself.
What the label's last build had is remembered, but for secrets; what is named
replaces it, kind by kind, and each change is printed. The second form builds
all labels of a file; one that fails does not stop the others."""
EPILOG = """\
examples:
  conda offline-repo build --label halkbank -c acme --platform win-64 rating
  conda offline-repo build --label halkbank --add pricing --remove rating
  conda offline-repo build --label halkbank --virtual-package __glibc=2.17
  conda offline-repo build --label halkbank --environment-file pixi.lock
  conda offline-repo build --label halkbank --write-config
"""
CONDA = (
    "add_parser_channels",
    "add_parser_solver",
    "add_parser_networking",
    "add_output_and_prompt_options",
)


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `build`."""
    label = parser.add_argument_group("which label")
    label.add_argument(
        "--label",
        dest="offline_repo_labels",
        metavar="LABEL",
        action="append",
        default=[],
        help="The customer's name on the server, and of the folder. Of a file: this label alone; "
        "repeat it for several.",
    )
    label.add_argument(
        "--file",
        dest="offline_repo_file",
        metavar="FILE",
        help="Build the labels of this file. Default without --label: offline-repo.yml here.",
    )
    label.add_argument(
        "--write-config",
        dest="offline_repo_write_config",
        action="store_true",
        help="Build nothing: write the label down in this file.",
    )
    label.add_argument(
        "--root",
        dest="offline_repo_root",
        metavar="DIR",
        help="Folder above the repositories. Default: the setting plugins.offline_repo_root, else "
        "the current folder.",
    )
    add_request_options(parser)


def execute(args: Namespace) -> int:
    """Build what a file describes, or one label, and print what came out."""
    from ..exceptions import VendorMissingError
    from .build_request import described, write

    try:
        from ..builder import batch  # noqa: F401  it imports all that a vendor needs
    except ModuleNotFoundError as error:
        raise VendorMissingError(error.name or str(error)) from error
    if args.offline_repo_write_config:
        return write(args)
    builds = described(args)
    return _build_all(builds) if builds else _build_one(args)


def _build_one(args: Namespace) -> int:
    from conda.base.context import context

    from ..builder.batch import build_one
    from ..builder.run import Run
    from ..redaction import confined
    from .build_options import options_of
    from .build_report import report
    from .output import chatter_to_stderr
    from .terminal import TerminalProgress

    options = options_of(args)
    run = Run(options.root, (options,))
    with confined(run.secrets):
        with chatter_to_stderr():
            outcome = build_one(options, TerminalProgress(), run, dry_run=context.dry_run)
        report(outcome, dry_run=context.dry_run)
    return 0


def _build_all(builds: Sequence[Options]) -> int:
    from conda.base.context import context

    from ..builder.batch import build_all
    from ..builder.run import Run
    from ..redaction import confined
    from .report_batch import report
    from .terminal import TerminalProgress

    run = Run(builds[0].root, builds)
    with confined(run.secrets):
        results = build_all(builds, TerminalProgress(), run, dry_run=context.dry_run)
        good = report(_quietly(results), dry_run=context.dry_run)
    return 0 if good else 1


def _quietly(results: Iterator[Result]) -> Iterator[Result]:
    """Yield results while what conda says on the way to each goes to stderr."""
    from .output import chatter_to_stderr

    while True:
        with chatter_to_stderr():
            result = next(results, None)
        if result is None:
            return
        yield result
