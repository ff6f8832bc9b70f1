"""`conda offline-repo build`: make or refresh the repository of a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exceptions import VendorMissingError
from .parser import SEVERAL, add_option

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _ArgumentGroup

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
    _add_label(parser.add_argument_group("which label"))
    _add_packages(parser.add_argument_group("what to ship"))
    _add_machine(parser.add_argument_group("the customer's machine"))
    _add_companions(parser.add_argument_group("what goes along"))
    _add_access(parser.add_argument_group("from where, and by whom"))


def _add_label(group: _ArgumentGroup) -> None:
    label = (
        "The customer's name on the server, and of the folder. Of a file: this label alone; "
        "repeat it for several."
    )
    add_option(group, "--label", "LABEL", label, **SEVERAL)
    file = "Build the labels of this file. Default without --label: offline-repo.yml here."
    add_option(group, "--file", "FILE", file)
    write = "Build nothing: write the label down in this file."
    add_option(group, "--write-config", None, write)
    root = (
        "Folder above the repositories. Default: the setting plugins.offline_repo_root, else the "
        "current folder."
    )
    add_option(group, "--root", "DIR", root)


def _add_packages(group: _ArgumentGroup) -> None:
    packages = (
        "As for `conda install`. With none named, now or before: all that the label channel "
        "publishes."
    )
    add_option(group, "packages", "PACKAGE", packages, nargs="*", default=[])
    add = "Ship this besides, or in the place of the one of its name; repeat it for several."
    add_option(group, "--add", "PACKAGE", add, **SEVERAL)
    remove = "Do not ship this any more; repeat it for several."
    add_option(group, "--remove", "PACKAGE", remove, **SEVERAL)
    environment = group.add_mutually_exclusive_group()
    file = (
        "What an environment.yml asks for, or just the archives of an explicit list, a "
        "conda-lock.yml or a pixi.lock."
    )
    add_option(environment, "--environment-file", "FILE", file)
    prefix = "What this environment has, given by name or path."
    add_option(environment, "--from-prefix", "ENV", prefix)
    keep = "Keep the last N releases installable, this one included."
    add_option(group, "--keep", "N", keep, type=int)


def _add_machine(group: _ArgumentGroup) -> None:
    platform = "E.g. win-64; repeat it for all. At first: this machine's."
    add_option(group, "--platform", "SUBDIR", platform, **SEVERAL)
    virtual = (
        "E.g. linux-64:__glibc=2.17, or NAME= for one that it has not; repeat it for several. At "
        "first a modest machine: linux 4.18, glibc 2.28; osx 13.0; win 10; no cuda."
    )
    value = "[PLATFORM:]NAME=VERSION[=BUILD]"
    add_option(group, "--virtual-package", value, virtual, **SEVERAL)


def _add_companions(group: _ArgumentGroup) -> None:
    plugin = group.add_mutually_exclusive_group()
    package = (
        "This plugin, for the customer's base environment: the package conda-offline-repo-base "
        "of the channels."
    )
    add_option(plugin, "--with-plugin", None, package)
    add_option(plugin, "--plugin-file", "FILE", "The same, with this archive of the package.")
    add_option(plugin, "--without-plugin", None, "The plugin does not go along any more.")
    installer = group.add_mutually_exclusive_group()
    file = "An installer of conda, such as Miniforge's; repeat it for all."
    add_option(installer, "--installer", "FILE", file, action="append")
    add_option(installer, "--without-installer", None, "Installers do not go along any more.")


def _add_access(group: _ArgumentGroup) -> None:
    channel = "Do not put PUBLISHER/label/LABEL before the first channel, the publisher's."
    add_option(group, "--no-label-channel", None, channel)
    token = (
        "Opens the publisher's channels; better in the environment variable "
        "CONDA_OFFLINE_REPO_TOKEN, which no process list shows."
    )
    add_option(group, "--token", "TOKEN", token)
    sign = group.add_mutually_exclusive_group()
    key = (
        "Sign with this ed25519 key of OpenSSH (its .pub file if ssh-agent holds it); repeat it "
        "when keys change. Default: the setting plugins.offline_repo_sign_key."
    )
    add_option(sign, "--sign-key", "KEY", key, **SEVERAL)
    unsigned = "Publish without a signature, also what was signed before."
    add_option(sign, "--no-sign-key", None, unsigned)


def execute(args: Namespace) -> int:
    """Build what a file describes, or one label, and print what came out.

    Raises:
        VendorMissingError: This installation is a customer's, which does not build.
    """
    try:
        from .build_run import run
    except ModuleNotFoundError as error:
        raise VendorMissingError(error.name or str(error)) from error
    return run(args)
