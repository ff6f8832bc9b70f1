"""`conda offline-repo sbom`: bills of materials of a release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .output import add_label_option, add_path_argument

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "Write bills of materials (CycloneDX) of a repository."
DESCRIPTION = """\
Write what the release in the repository installs, or in each repository below PATH, as CycloneDX
JSON: one file for each environment and platform, LABEL-RELEASE-[ENVIRONMENT-]PLATFORM.cdx.json. The
same release gives the same bytes; their date is that of the release, unless SOURCE_DATE_EPOCH is
set. The files are meant for others to read: channels and addresses are in them only of packages
from conda.anaconda.org, repo.anaconda.com and prefix.dev. Of all others, from the vendor's servers
or folders, they have name, version, licence and digests. It takes conda 26.3 or newer with the
plugin conda-sboms, whose settings name product, manufacturer and author."""
EPILOG = """\
example:
    conda offline-repo sbom G:\\repo\\halkbank -o bills
"""


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `sbom`."""
    from conda.cli import helpers

    helpers.add_parser_help(parser)
    add_path_argument(parser)
    add_label_option(parser)
    parser.add_argument(
        "-o",
        "--output",
        dest="offline_repo_output",
        metavar="DIR",
        default=".",
        help="The folder for the files; it is made if it is not there. Files of the same names are "
        "replaced. Default: the current folder.",
    )
    helpers.add_output_and_prompt_options(parser)


def execute(args: Namespace) -> int:
    """Make the bills of each repository, write all, and print where they are."""
    from pathlib import Path

    from conda.base.context import context

    from ..repository.locate import locate
    from ..repository.sbom import bills
    from ..repository.sbom_files import write
    from .output import chatter_to_stderr
    from .report_sbom import report_sbom

    folder = Path(args.offline_repo_output).expanduser().absolute()
    with chatter_to_stderr():
        made = [
            (repository, bill)
            for repository in locate(
                Path(args.offline_repo_path).expanduser(), args.offline_repo_label
            )
            for bill in bills(repository)
        ]
        changed = write([bill for _, bill in made], folder, dry_run=context.dry_run)
    report_sbom(made, folder, changed, dry_run=context.dry_run)
    return 0
