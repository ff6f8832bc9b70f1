"""`conda offline-repo build`: make or refresh the repository of a label."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import get_args

from ..builder.warnings import Early
from ..exceptions import VendorMissingError
from .parser import add_options

USAGE = """\
conda offline-repo build --label LABEL [PACKAGE ...] [options]
       conda offline-repo build [--file FILE] [options]"""
DESCRIPTION = """\
Create or update the folder ROOT/LABEL: a conda channel with the packages and
their dependencies, and nothing else, which is proven to install on its own.
The label's last build is remembered, except for secrets: an option replaces
its earlier values, and each change is printed. The second form builds all
labels of a file; if one fails, the others are built all the same."""
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
LABEL = {
    "--label LABEL ...": """The customer's name on the server, and the name of the folder. With a
        file: build only this label; repeat it for several.""",
    "--file FILE": "Build the labels of this file. Default without --label: ./offline-repo.yml.",
    "--write-config": "Build nothing; write the label to this file.",
    "--root DIR": """The folder above the repositories. Default: the setting
        plugins.offline_repo_root, else the current folder.""",
}
PACKAGES = {
    "[PACKAGE ...]": """As for `conda install`. If no build of the label ever named any: all that
        the label channel publishes.""",
    "--add PACKAGE ...": "Ship this too, or replace the one of this name; repeat it for several.",
    "--remove PACKAGE ...": "Do not ship this any more; repeat it for several.",
    "--pip REQUIREMENT ...": """Ship this of PyPI as conda packages: "flask>=3", a wheel,
        "-r FILE" or another line of pip's requirements files; repeat it for all.""",
    "--exclude-newer AGE": """Ship nothing younger than this, such as 14d, or newer than a date,
        such as 2026-11-01; none takes it away.""",
    "--keep N": "Keep the last N releases installable, this one included.",
    "--next-due TIME": """The next release is due this long after each one, such as 90d; none
        takes it away. Given again, it makes a release with a new day.""",
    "--withdraw N ...": "Nobody should use release N any more; repeat it for several.",
    "--reason TEXT": "Why, for customers.",
}
ENVIRONMENT = {
    "--environment-file FILE": """The packages of an environment.yml or `conda list --export`, or
        the archives and wheels of an explicit list, a conda-lock.yml or a pixi.lock.""",
    "--from-prefix ENV": "The packages of this environment, given by name or path.",
}
PIP = {
    "--pip-as-conda": "Take it from the channels where these have it; the default at first.",
    "--no-pip-as-conda": "Take all that pip would install from PyPI.",
}
PARTS = {
    "--only NAME ...": "Of a lock file, ship this environment or category; repeat it for several.",
}
MACHINE = {
    "--index-version N": """The version of the index format that the customer's conda reads. With 3,
        also ship what the channels have in it alone, for conda 26.7 or newer with rattler. Default
        at first: 1.""",
    "--platform SUBDIR ...": "Such as win-64; repeat it for all. Default at first: this machine's.",
    "--virtual-package [PLATFORM:]NAME=VERSION[=BUILD] ...": """Such as linux-64:__glibc=2.17, or
        NAME= for one that the machine lacks; repeat it for several. Default at first: a modest
        machine with linux 4.18, glibc 2.28; osx 13.0; win 10; no cuda.""",
    "--customer-conda VERSIONS": """The versions of its conda, such as ">=24.7,<26". Default at
        first: >=24.7.""",
    "--customer-solver NAME ...": """A solver that its conda may have, which the release is proven
        for; repeat it for all. Default at first: classic, libmamba, rattler.""",
}
PLUGIN = {
    "--with-plugin": """Ship this plugin for the customer's base environment: the package
        conda-offline-repo-base of the channels.""",
    "--plugin-file FILE": "Ship the plugin from this archive of the package.",
    "--without-plugin": "Do not ship the plugin any more.",
}
INSTALLER = {
    "--installer FILE ...": "Ship an installer of conda, such as Miniforge's; repeat it for all.",
    "--without-installer": "Do not ship installers any more.",
}
ACCESS = {
    "--no-label-channel": """Do not put PUBLISHER/label/LABEL before the first channel, the
        publisher's.""",
    "--token TOKEN": """For the channel that is named first, the publisher's, alone. Better set the
        environment variable CONDA_OFFLINE_REPO_TOKEN, which no process list shows.""",
}
OTHER_KEY = {
    "--other-sign-key": """Sign even if none of these keys signed the last release, as when the old
        one was stolen; customers then have to trust the new one."""
}
SIGNATURE = {
    "--sign-key KEY ...": """Sign with this ed25519 key of OpenSSH (its .pub file if ssh-agent holds
        it); repeat it when keys change. Default: the setting plugins.offline_repo_sign_key.""",
    "--no-sign-key": "Publish without a signature, even what was signed before.",
}

TRY = {
    "--try-install": """Before it is published, install the release for this machine's platform in
        an environment of its own, run `pip check`, and import what was made from wheels.""",
}
ATTESTATIONS = {
    "--verify-attestations TRUSTED_ROOT": """Verify the attestations of the packages that have some
        against this trusted_root.json of Sigstore.""",
}
WARNINGS = {
    "--fail-on KIND ...": """Publish nothing if there is a warning of this kind: no-update (an
        update does not lead from an earlier release to this one), downgrade, not-kept (a release
        that was to be kept), any other kind that the documentation lists, or warning for all. What
        only the publication shows, such as a file that cannot be deleted, does not stop it. Repeat
        it for several.""",
}


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `build`."""
    add_options(parser.add_argument_group("which label"), LABEL)
    packages = parser.add_argument_group("what to ship")
    add_options(packages, PACKAGES)
    add_options(packages.add_mutually_exclusive_group(), ENVIRONMENT)
    add_options(packages, PARTS)
    add_options(packages.add_mutually_exclusive_group(), PIP)
    add_options(parser.add_argument_group("the customer's machine"), MACHINE)
    extras = parser.add_argument_group("what to ship along with it")
    add_options(extras.add_mutually_exclusive_group(), PLUGIN)
    add_options(extras.add_mutually_exclusive_group(), INSTALLER)
    access = parser.add_argument_group("credentials and signatures")
    add_options(access, ACCESS)
    add_options(access.add_mutually_exclusive_group(), SIGNATURE)
    add_options(access, OTHER_KEY)
    warnings = parser.add_argument_group("what stops a release")
    add_options(warnings, {**TRY, **ATTESTATIONS})
    add_options(warnings, WARNINGS, choices=(*get_args(Early), "warning"))


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
