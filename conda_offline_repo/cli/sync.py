"""`conda offline-repo sync`: bring a folder to the release of another, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..delivery.source import from_folder
from ..repository.locate import locate_one
from .delivery_report import deliver_to
from .parser import LABEL, OLDER, add_options

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

USAGE = "conda offline-repo sync SOURCE TARGET [options]"
DESCRIPTION = """\
Bring the folder TARGET to the release of the repository SOURCE: copy and check
what it lacks, and last delete what it does not need any more. TARGET can be
installed from at every moment; after an interruption, run the same command
again. If TARGET has the release already, check all of it and repair it."""
EPILOG = """\
examples:
  conda offline-repo sync G:\\repo\\halkbank E:\\halkbank
  conda offline-repo sync E:\\halkbank X:\\repo\\halkbank --dry-run
"""
CONDA = ("add_output_and_prompt_options",)


TARGET = {"TARGET": "The repository's folder at the other end, created if it does not exist."}


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `sync`."""
    source = {"SOURCE": "The repository, or the folder above it."}
    add_options(parser, {**source, **TARGET, **LABEL, **OLDER})


def execute(args: Namespace) -> int:
    """Copy what TARGET lacks, and print what changed in it."""
    repository = locate_one(Path(args.offline_repo_source).expanduser(), args.offline_repo_label)
    return deliver_to(args, from_folder(repository))
