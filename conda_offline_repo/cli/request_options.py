"""The options of `build` that say what is asked for of a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser


def add_request_options(parser: ArgumentParser) -> None:
    """Add what can be asked for of one label."""
    from conda.cli import helpers

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
    wanted = parser.add_mutually_exclusive_group()
    wanted.add_argument(
        "--environment-file",
        dest="offline_repo_environment_file",
        metavar="FILE",
        help="Ship what this file says, in the place of PACKAGE: an environment.yml, whose "
        "packages are solved for; or an explicit list (`conda list --explicit`), a conda-lock.yml "
        "or a pixi.lock, whose archives are shipped just as they are named, in each environment. "
        "Remembered; name it again when it has changed.",
    )
    wanted.add_argument(
        "--from-prefix",
        dest="offline_repo_from_prefix",
        metavar="ENV",
        help="The same with the packages of this environment, given by its name or path.",
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
