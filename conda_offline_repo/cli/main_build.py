"""`conda offline-repo build`: make or refresh the repository of a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from ..build import Outcome
    from ..request import Options

HELP = "Make or refresh the repository of a customer's label."
DESCRIPTION = """\
Make or refresh the folder ROOT/LABEL: a complete conda channel that holds the named packages and
everything they need, and nothing else. Before it is published, the installation is worked out again
from the new folder alone for each platform, to prove that nothing is missing.

The first channel named is the publisher's; its label channel PUBLISHER/label/LABEL is searched
before it. The next build of the label needs only --label (and the token): packages, channels,
platforms and virtual packages are remembered, secrets never."""
EPILOG = """\
examples:
    conda offline-repo build --label halkbank -c prometeia --platform win-64 --root G:\\repo \\
        ratingpro "pytho>=2"
    conda offline-repo build --label halkbank --root G:\\repo
"""


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `build`."""
    from conda.cli import helpers

    helpers.add_parser_help(parser)
    parser.add_argument(
        "offline_repo_packages",
        metavar="PACKAGE",
        nargs="*",
        default=[],
        help="Packages to ship, as for `conda install`. With none named, now or in the last build: "
        "all that the label channel publishes for the platform.",
    )
    parser.add_argument(
        "--label",
        dest="offline_repo_label",
        metavar="LABEL",
        required=True,
        help="The customer's name on the server, and of the repository's folder.",
    )
    parser.add_argument(
        "--root",
        dest="offline_repo_root",
        metavar="DIR",
        help="Parent of the label's folder. Default: the setting plugins.offline_repo_root, "
        "else the current folder.",
    )
    parser.add_argument(
        "--platform",
        dest="offline_repo_platforms",
        metavar="SUBDIR",
        action="append",
        default=[],
        help="The customer's platform, e.g. win-64; repeat for several. Default: those of the last "
        "build, else this machine's.",
    )
    parser.add_argument(
        "--virtual-package",
        dest="offline_repo_virtual_packages",
        metavar="NAME=VERSION[=BUILD]",
        action="append",
        default=[],
        help="Assume that the customer's machine has this, e.g. __glibc=2.17, or with NAME= that "
        "it has not; repeat for several. They change the defaults: a modest machine (linux 4.18, "
        "glibc 2.28; osx 13.0; win 10; no cuda), never this one.",
    )
    helpers.add_parser_channels(parser)
    parser.add_argument(
        "--token",
        dest="offline_repo_token",
        metavar="TOKEN",
        help="Token that opens the publisher's channels. Better in the environment variable "
        "CONDA_OFFLINE_REPO_TOKEN, which no process list shows.",
    )
    parser.add_argument(
        "--no-label-channel",
        dest="offline_repo_label_channel",
        action="store_false",
        help="Do not search PUBLISHER/label/LABEL before the first channel: take the channels as "
        "they are.",
    )
    helpers.add_parser_solver(parser)
    helpers.add_parser_networking(parser)
    helpers.add_output_and_prompt_options(parser)


def execute(args: Namespace) -> int:
    """Build, and print what came out."""
    from pathlib import Path

    from conda.base.context import context

    from ..build import build
    from ..request import Options
    from ..secrets import confined, known
    from .output import chatter_to_stderr
    from .progress import TerminalProgress

    # conda itself may stumble over a channel as it was typed, and quote it
    with confined(
        known(Options("", Path(), channels=tuple(args.channel or ()), token=_token(args)))
    ):
        options = _options(args)
    with confined(known(options)), chatter_to_stderr():
        outcome = build(options, TerminalProgress(), dry_run=context.dry_run)
    if context.json:
        _print_json(outcome)
    elif not context.quiet:
        _print_text(outcome, context.dry_run)
    return 0


def _token(args: Namespace) -> str | None:
    import os

    from ..settings import TOKEN_VARIABLE

    return args.offline_repo_token or os.environ.get(TOKEN_VARIABLE) or None


def _options(args: Namespace) -> Options:
    from pathlib import Path

    from conda.base.context import context

    from ..exceptions import InvalidRequestError
    from ..request import Options
    from ..settings import default_root

    try:
        channels = tuple(context.channels)
    except ValueError as error:
        raise InvalidRequestError(
            f"A channel is not one: {error}.",
            "Give a channel's name, its URL or the path of its folder.",
        ) from error
    return Options(
        label=args.offline_repo_label,
        root=Path(args.offline_repo_root or default_root()).expanduser(),
        packages=tuple(args.offline_repo_packages),
        channels=channels,
        channels_named=bool(args.channel),
        label_channel=args.offline_repo_label_channel,
        token=_token(args),
        platforms=tuple(args.offline_repo_platforms),
        native_platform=context.subdir,
        virtual_packages=tuple(args.offline_repo_virtual_packages),
    )


def _print_json(outcome: Outcome) -> None:
    from ..manifest import as_dict
    from .output import print_json

    manifest, difference = outcome.manifest, outcome.difference
    print_json(
        label=manifest.label,
        path=str(outcome.path),
        changed=outcome.changed,
        platforms={
            platform: {
                "packages": len(names),
                "bytes": sum(manifest.packages[n].size for n in names),
            }
            for platform, names in manifest.solutions.items()
        },
        packages=len(manifest.packages),
        bytes=manifest.size,
        transfer_bytes=difference.transfer_bytes,
        added=difference.added,
        updated=difference.updated,
        removed=difference.removed,
        manifest=as_dict(manifest),
        warnings=outcome.warnings,
    )


def _print_text(outcome: Outcome, dry_run: bool) -> None:
    import sys

    from .output import human

    manifest, difference = outcome.manifest, outcome.difference
    total = f"{len(manifest.packages)} packages, {human(manifest.size)}"
    if not outcome.changed:
        print(f"{outcome.path} is up to date (build {manifest.build}): {total}.")
        return
    for sign, names in (
        ("+", difference.added),
        ("~", difference.updated),
        ("-", difference.removed),
    ):
        for name in names:
            print(f"  {sign} {name}")
    verb = "would become" if dry_run else "is now"
    print(f"{outcome.path} {verb} build {manifest.build}: {total}.")
    for platform, names in sorted(manifest.solutions.items()):
        size = sum(manifest.packages[name].size for name in names)
        print(f"  for {platform}: {len(names)} packages, {human(size)}")
    for warning in outcome.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    moved = "would move" if dry_run else "moves"
    print(f"A copy to the customer {moved} {human(difference.transfer_bytes)}.")
    if not dry_run:
        print(
            f"\nCopy the folder, then on the customer's machine:\n\n"
            f"    conda offline-repo use PATH/{manifest.label} -n ENVIRONMENT\n"
        )
