"""The options of `build` that say what is asked for of a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, _ArgumentGroup


def add_request_options(parser: ArgumentParser) -> None:
    """Add what can be asked for of one label."""
    _add_packages(parser.add_argument_group("what to ship"))
    _add_machine(parser.add_argument_group("the customer's machine"))
    _add_companions(parser.add_argument_group("what goes along"))
    _add_access(parser.add_argument_group("from where, and by whom"))


def _add_packages(group: _ArgumentGroup) -> None:
    group.add_argument(
        "offline_repo_packages",
        metavar="PACKAGE",
        nargs="*",
        default=[],
        help="As for `conda install`. With none named, now or before: all that the label channel "
        "publishes.",
    )
    group.add_argument(
        "--add",
        dest="offline_repo_add",
        metavar="PACKAGE",
        action="append",
        default=[],
        help="Ship this besides, or in the place of the one of its name; repeat it for several.",
    )
    group.add_argument(
        "--remove",
        dest="offline_repo_remove",
        metavar="PACKAGE",
        action="append",
        default=[],
        help="Do not ship this any more; repeat it for several.",
    )
    wanted = group.add_mutually_exclusive_group()
    wanted.add_argument(
        "--environment-file",
        dest="offline_repo_environment_file",
        metavar="FILE",
        help="What an environment.yml asks for, or just the archives of an explicit list, a "
        "conda-lock.yml or a pixi.lock.",
    )
    wanted.add_argument(
        "--from-prefix",
        dest="offline_repo_from_prefix",
        metavar="ENV",
        help="What this environment has, given by name or path.",
    )
    group.add_argument(
        "--keep",
        dest="offline_repo_keep",
        metavar="N",
        type=int,
        help="Keep the last N releases installable, this one included.",
    )


def _add_machine(group: _ArgumentGroup) -> None:
    group.add_argument(
        "--platform",
        dest="offline_repo_platforms",
        metavar="SUBDIR",
        action="append",
        default=[],
        help="E.g. win-64; repeat it for all. At first: this machine's.",
    )
    group.add_argument(
        "--virtual-package",
        dest="offline_repo_virtual_packages",
        metavar="[PLATFORM:]NAME=VERSION[=BUILD]",
        action="append",
        default=[],
        help="E.g. linux-64:__glibc=2.17, or NAME= for one that it has not; repeat it for several. "
        "At first a modest machine: linux 4.18, glibc 2.28; osx 13.0; win 10; no cuda.",
    )


def _add_companions(group: _ArgumentGroup) -> None:
    plugin = group.add_mutually_exclusive_group()
    plugin.add_argument(
        "--with-plugin",
        dest="offline_repo_plugin",
        action="store_true",
        default=None,
        help="This plugin, for the customer's base environment: the package "
        "conda-offline-repo-base of the channels.",
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
        help="The plugin does not go along any more.",
    )
    installer = group.add_mutually_exclusive_group()
    installer.add_argument(
        "--installer",
        dest="offline_repo_installers",
        metavar="FILE",
        action="append",
        help="An installer of conda, such as Miniforge's; repeat it for all.",
    )
    installer.add_argument(
        "--without-installer",
        dest="offline_repo_installers",
        action="store_const",
        const=[],
        help="Installers do not go along any more.",
    )


def _add_access(group: _ArgumentGroup) -> None:
    group.add_argument(
        "--no-label-channel",
        dest="offline_repo_label_channel",
        action="store_false",
        help="Do not put PUBLISHER/label/LABEL before the first channel, the publisher's.",
    )
    group.add_argument(
        "--token",
        dest="offline_repo_token",
        metavar="TOKEN",
        help="Opens the publisher's channels; better in the environment variable "
        "CONDA_OFFLINE_REPO_TOKEN, which no process list shows.",
    )
    sign = group.add_mutually_exclusive_group()
    sign.add_argument(
        "--sign-key",
        dest="offline_repo_sign_keys",
        metavar="KEY",
        action="append",
        default=[],
        help="Sign with this ed25519 key of OpenSSH (its .pub file if ssh-agent holds it); repeat "
        "it when keys change. Default: the setting plugins.offline_repo_sign_key.",
    )
    sign.add_argument(
        "--no-sign-key",
        dest="offline_repo_unsigned",
        action="store_true",
        help="Publish without a signature, also what was signed before.",
    )
