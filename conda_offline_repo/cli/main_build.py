"""`conda offline-repo build`: make or refresh the repository of a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .build_options import add_request_options

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ..vendor.batch import Result
    from ..vendor.options import Options

#: The file that describes labels, where it is looked for.
CONFIG_NAME = "offline-repo.yml"

HELP = "Make or refresh the repository of a customer's label."
DESCRIPTION = """\
Make or refresh the folder ROOT/LABEL: a complete conda channel that holds the named packages and
everything they need, and nothing else. Before it is published, the installation is worked out again
from the new folder alone for each platform, to prove that nothing is missing.

The first channel named is the publisher's; its label channel PUBLISHER/label/LABEL is searched
before it. The next build of the label needs only --label (and the token): packages, channels,
platforms and virtual packages are remembered, secrets never.

Packages, channels or platforms that are named replace the remembered ones of the same kind; --add
and --remove change the list of packages instead, and virtual packages are merged, one by one. Each
change of the request is printed, as it was and as it is, also with --dry-run."""
EPILOG = """\
examples:
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

    try:
        from ..vendor import batch  # noqa: F401
    except ModuleNotFoundError as error:
        raise VendorMissingError(error.name or str(error)) from error
    if args.offline_repo_write_config:
        return _write_config(args)
    builds = _described(args)
    return _build_all(builds) if builds else _build_one(args)


def _build_one(args: Namespace) -> int:
    from conda.base.context import context

    from ..redaction import confined
    from ..vendor.build import build
    from ..vendor.run import Run
    from .build_options import options_of
    from .output import chatter_to_stderr
    from .progress import TerminalProgress
    from .report_build import report

    options = options_of(args)
    run = Run(options.root, (options,))
    with confined(run.secrets):
        with chatter_to_stderr():
            outcome = build(options, TerminalProgress(), dry_run=context.dry_run, run=run)
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


def _described(args: Namespace) -> tuple[Options, ...]:
    """Return what the file describes of what is to be built; nothing if the options say it.

    Raises:
        InvalidRequestError: Both say it, or neither does.
    """
    from pathlib import Path

    from ..exceptions import InvalidRequestError
    from .build_options import given

    labels, options = args.offline_repo_labels, given(args)
    path = Path(args.offline_repo_file or CONFIG_NAME).expanduser()
    if args.offline_repo_file and options:
        raise InvalidRequestError(
            f"With a file, the file says what is asked for, not {', '.join(options)}.",
            f"Write it into {path}, or leave out --file to build one label by options.",
        )
    if not labels and options:
        raise InvalidRequestError("No label is named.", "Name the customer's label: --label LABEL")
    if not args.offline_repo_file and not path.exists():
        if labels:
            return ()
        raise InvalidRequestError(
            f"No label is named, and there is no {CONFIG_NAME} here.",
            "Name the customer's label, --label LABEL, or a file that describes labels, --file.",
        )
    builds = {one.label: one for one in _read(path, args)}
    described = [label for label in labels if label in builds]
    if options and described:
        raise InvalidRequestError(
            f"{path} describes the label {described[0]}, and {', '.join(options)} may say "
            "something else.",
            "Change the file. To build by options alone, call conda in another folder.",
        )
    if not args.offline_repo_file and not described and (options or _built(labels)):
        return ()
    unknown = [label for label in labels if label not in builds]
    if unknown:
        raise InvalidRequestError(
            f"{path} does not describe the label {unknown[0]!r}.",
            f"It describes: {', '.join(builds)}.",
        )
    return tuple(one for label, one in builds.items() if not labels or label in labels)


def _built(labels: Sequence[str]) -> bool:
    """Return whether there are repositories of these labels, which remember what is asked for."""
    from pathlib import Path

    from ..repository.manifest_file import present
    from ..settings import default_root

    root = Path(default_root()).expanduser()
    return bool(labels) and all(present(root / label) for label in labels)


def _read(path: Path, args: Namespace) -> tuple[Options, ...]:
    import os

    from conda.base.context import context

    from ..settings import default_root, default_sign_keys
    from ..vendor.config.reading import Defaults, read
    from .build_options import configured_channels, token

    defaults = Defaults(
        native_platform=context.subdir,
        channels=configured_channels(),
        root=default_root(),
        sign_keys=default_sign_keys(),
        token=token(args),
    )
    return read(path, defaults, os.environ)
