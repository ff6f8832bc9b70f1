"""`conda offline-repo sbom`: bills of materials of a release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .parser import add_label_option, add_path_argument

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

USAGE = "conda offline-repo sbom PATH [options]"
DESCRIPTION = """\
Write what the release installs as CycloneDX JSON, a file for each environment
and platform: LABEL-RELEASE-[ENVIRONMENT-]PLATFORM.cdx.json. Of packages from
the vendor's own servers they tell no addresses. The same release gives the
same bytes. It takes conda 26.3 or newer with the plugin conda-sboms."""
EPILOG = """\
example:
  conda offline-repo sbom G:\\repo\\halkbank -o bills
"""
CONDA = ("add_output_and_prompt_options",)


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `sbom`."""
    add_path_argument(parser)
    add_label_option(parser)
    parser.add_argument(
        "-o",
        "--output",
        dest="offline_repo_output",
        metavar="DIR",
        default=".",
        help="The folder for the files, made if need be. Default: the current one.",
    )


def execute(args: Namespace) -> int:
    """Make the bills of each repository, write all, and print where they are."""
    from pathlib import Path

    from conda.base.context import context

    from ..queries.sbom import make_bills, write_bills
    from ..repository.locate import locate
    from .output import chatter_to_stderr
    from .report_sbom import report_sbom

    folder = Path(args.offline_repo_output).expanduser().absolute()
    with chatter_to_stderr():
        made = [
            (repository, bill)
            for repository in locate(
                Path(args.offline_repo_path).expanduser(), args.offline_repo_label
            )
            for bill in make_bills(repository)
        ]
        changed = write_bills([bill for _, bill in made], folder, dry_run=context.dry_run)
    report_sbom(made, folder, changed, dry_run=context.dry_run)
    return 0
