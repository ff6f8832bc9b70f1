"""`conda offline-repo build`: make or refresh the repository of a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .request_options import add_request_options

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator, Sequence

    from ..vendor.batch import Result
    from ..vendor.options import Options

HELP = "Make or refresh the repository of a customer's label, or of many."
DESCRIPTION = """\
Make or refresh the folder ROOT/LABEL: a complete conda channel that holds the named packages and
everything they need, and nothing else. Before it is published, the installation is worked out again
from the new folder alone for each platform, to prove that nothing is missing.

The first channel named is the publisher's; its label channel PUBLISHER/label/LABEL is searched
before it. The next build of the label needs only --label (and the token): packages, channels,
platforms and virtual packages are remembered, secrets never.

Packages, channels or platforms that are named replace the remembered ones of the same kind; --add
and --remove change the list of packages instead, and virtual packages are merged, one by one. Each
change of the request is printed, as it was and as it is, also with --dry-run.

Without --label, every label of the file offline-repo.yml is built, which says all of what is asked
for; a label that fails does not stop the others."""
EPILOG = """\
examples:
  All labels that ./offline-repo.yml describes, and one that is written down in it:
    conda offline-repo build
    conda offline-repo build --label halkbank --root G:\\repo --write-config
  The first build, and the next release of the same packages:
    conda offline-repo build --label halkbank -c prometeia --platform win-64 --root G:\\repo \\
        ratingpro "pytho>=2"
    conda offline-repo build --label halkbank --root G:\\repo
  One more package, one less, and another version of a third:
    conda offline-repo build --label halkbank --root G:\\repo --add pricing --remove pytho \\
        --add "ratingpro>=3"
  A second platform, whose machines have an old glibc:
    conda offline-repo build --label halkbank --root G:\\repo --platform win-64 \\
        --platform linux-64 --virtual-package linux-64:__glibc=2.17
  What a lock file names, just as it names it:
    conda offline-repo build --label halkbank --root G:\\repo --environment-file pixi.lock
  The plugin and conda's installer as well, for a customer who has neither:
    conda offline-repo build --label halkbank --root G:\\repo --with-plugin \\
        --installer Miniforge3-Windows-x86_64.exe
"""


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `build`."""
    from conda.cli import helpers

    helpers.add_parser_help(parser)
    parser.add_argument(
        "--label",
        dest="offline_repo_labels",
        metavar="LABEL",
        action="append",
        default=[],
        help="The customer's name on the server, and of the repository's folder. With a file: "
        "build this label of it alone; repeat for several.",
    )
    parser.add_argument(
        "--file",
        dest="offline_repo_file",
        metavar="FILE",
        help="Build the labels that this file describes, one after the other. Default, where no "
        "label is given: offline-repo.yml in the current folder.",
    )
    parser.add_argument(
        "--write-config",
        dest="offline_repo_write_config",
        action="store_true",
        help="Build nothing: write down what is asked for of the label, and what its last build "
        "remembers, in offline-repo.yml here, or in the file that --file names.",
    )
    add_request_options(parser)
    helpers.add_parser_solver(parser)
    helpers.add_parser_networking(parser)
    helpers.add_output_and_prompt_options(parser)


def execute(args: Namespace) -> int:
    """Build what a file describes, or one label, and print what came out."""
    from ..exceptions import VendorMissingError
    from .build_file import described, write

    try:
        from ..vendor import batch  # noqa: F401  it imports all that a vendor needs
    except ModuleNotFoundError as error:
        raise VendorMissingError(error.name or str(error)) from error
    if args.offline_repo_write_config:
        return write(args)
    builds = described(args)
    return _build_all(builds) if builds else _build_one(args)


def _build_one(args: Namespace) -> int:
    from conda.base.context import context

    from ..redaction import confined
    from ..vendor.batch import build_one
    from ..vendor.run import Run
    from .build_options import options_of
    from .output import chatter_to_stderr
    from .progress import TerminalProgress
    from .report_build import report

    options = options_of(args)
    run = Run(options.root, (options,))
    with confined(run.secrets):
        with chatter_to_stderr():
            outcome = build_one(options, TerminalProgress(), run, dry_run=context.dry_run)
        report(outcome, dry_run=context.dry_run)
    return 0


def _build_all(builds: Sequence[Options]) -> int:
    from conda.base.context import context

    from ..redaction import confined
    from ..vendor.batch import build_all
    from ..vendor.run import Run
    from .progress import TerminalProgress
    from .report_batch import report

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
