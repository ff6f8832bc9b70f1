"""`conda offline-repo build`: make or refresh the repository of a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from pathlib import Path

    from ..vendor.request import Options

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
        "offline_repo_packages",
        metavar="PACKAGE",
        nargs="*",
        default=[],
        help="Packages to ship, as for `conda install`; they replace those of the last build. With "
        "none named, now or in the last build: all that the label channel publishes for the "
        "platform.",
    )
    parser.add_argument(
        "--add",
        dest="offline_repo_add",
        metavar="PACKAGE",
        action="append",
        default=[],
        help="Ship this package besides those of the last build, or in the place of the one of "
        "its name; repeat for several. In a first build the same as PACKAGE.",
    )
    parser.add_argument(
        "--remove",
        dest="offline_repo_remove",
        metavar="PACKAGE",
        action="append",
        default=[],
        help="Do not ship this package of the last build any more, given by its name or as it was "
        "typed; repeat for several.",
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
        help="Folder above the repositories, one folder a label. Default: the setting "
        "plugins.offline_repo_root, else the current folder.",
    )
    parser.add_argument(
        "--platform",
        dest="offline_repo_platforms",
        metavar="SUBDIR",
        action="append",
        default=[],
        help="The customer's platform, e.g. win-64; repeat for several, and name all of them. "
        "Default: those of the last build, else this machine's.",
    )
    parser.add_argument(
        "--virtual-package",
        dest="offline_repo_virtual_packages",
        metavar="[PLATFORM:]NAME=VERSION[=BUILD]",
        action="append",
        default=[],
        help="Assume that the customer's machine has this, e.g. __glibc=2.17, or with NAME= that "
        "it has not; repeat for several. With a platform, e.g. linux-64:__glibc=2.17, this is said "
        "of its machine alone, else of all that can have it. What is not named stays as the last "
        "build had it, also for a platform that is left out and comes back; at first it is a "
        "modest machine (linux 4.18, glibc 2.28; osx 13.0; win 10; no cuda), never this one.",
    )
    plugin = parser.add_mutually_exclusive_group()
    plugin.add_argument(
        "--with-plugin",
        dest="offline_repo_plugin",
        action="store_true",
        default=None,
        help="Ship this plugin as well, for the customer's base environment: in the folder "
        "'plugin', a channel of its own with the package conda-offline-repo-base from the "
        "channels. Remembered.",
    )
    plugin.add_argument(
        "--plugin-file",
        dest="offline_repo_plugin_file",
        metavar="FILE",
        help="The same, with this archive of the package.",
    )
    plugin.add_argument(
        "--without-plugin",
        dest="offline_repo_plugin",
        action="store_false",
        help="Do not ship the plugin any more.",
    )
    installer = parser.add_mutually_exclusive_group()
    installer.add_argument(
        "--installer",
        dest="offline_repo_installers",
        metavar="FILE",
        action="append",
        help="Ship this installer of conda (Miniforge, Miniconda, one made by constructor) as "
        "well, in the folder 'installer', for machines without conda; repeat for several, and name "
        "all of them. Default: those of the last build.",
    )
    installer.add_argument(
        "--without-installer",
        dest="offline_repo_installers",
        action="store_const",
        const=[],
        help="Do not ship installers any more.",
    )
    parser.add_argument(
        "--keep",
        dest="offline_repo_keep",
        metavar="N",
        type=int,
        help="Keep the last N releases installable from the folder, the new one included: "
        "`use --release` brings an environment to any of them. At first 1; remembered.",
    )
    sign = parser.add_mutually_exclusive_group()
    sign.add_argument(
        "--sign-key",
        dest="offline_repo_sign_keys",
        metavar="KEY",
        action="append",
        default=[],
        help="Sign the repository with this ed25519 key of OpenSSH, so that the customer can tell "
        "who made it; for a key that ssh-agent holds, its public file. Repeat it to sign with the "
        "old and the new key when keys change: customers then trust the new one. Default: the "
        "setting plugins.offline_repo_sign_key.",
    )
    sign.add_argument(
        "--no-sign-key",
        dest="offline_repo_unsigned",
        action="store_true",
        help="Publish without a signature, also a repository that is signed. Customers who trust "
        "its key will refuse it.",
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

    from conda.base.context import context

    from ..exceptions import VendorMissingError
    from ..redaction import confined

    try:
        from ..vendor.build import build
    except ModuleNotFoundError as error:
        raise VendorMissingError(error.name or str(error)) from error
    from ..vendor.secrets import credentials
    from .output import chatter_to_stderr
    from .progress import TerminalProgress
    from .report_build import report

    options = _options(args)
    with confined(credentials(options)):
        with chatter_to_stderr():
            outcome = build(options, TerminalProgress(), dry_run=context.dry_run)
        report(outcome, dry_run=context.dry_run)
    return 0


def _token(args: Namespace) -> str | None:
    import os

    from ..settings import TOKEN_VARIABLE

    return args.offline_repo_token or os.environ.get(TOKEN_VARIABLE) or None


def _options(args: Namespace) -> Options:
    from pathlib import Path

    from conda.base.context import context

    from ..exceptions import InvalidRequestError
    from ..settings import default_root, default_sign_keys
    from ..vendor.request import Options

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
        add=tuple(args.offline_repo_add),
        remove=tuple(args.offline_repo_remove),
        channels=channels,
        channels_named=bool(args.channel),
        label_channel=args.offline_repo_label_channel,
        token=_token(args),
        platforms=tuple(args.offline_repo_platforms),
        native_platform=context.subdir,
        virtual_packages=tuple(args.offline_repo_virtual_packages),
        plugin=True if args.offline_repo_plugin_file else args.offline_repo_plugin,
        plugin_file=_file(args.offline_repo_plugin_file),
        installers=None
        if args.offline_repo_installers is None
        else tuple(Path(path).expanduser() for path in args.offline_repo_installers),
        sign_keys=()
        if args.offline_repo_unsigned
        else tuple(
            Path(path).expanduser() for path in args.offline_repo_sign_keys or default_sign_keys()
        ),
        unsigned=args.offline_repo_unsigned,
        keep=args.offline_repo_keep,
    )


def _file(text: str | None) -> Path | None:
    from pathlib import Path

    return None if text is None else Path(text).expanduser()
