"""`conda offline-repo unpack`: bring a folder to the release that zip files of `pack` hold."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from glob import glob
from pathlib import Path

from ..delivery.source import from_volumes
from ..files.typed import typed_path
from .parser import LOG, OLDER, TRUST, add_options
from .sync import TARGET, deliver_to

USAGE = "conda offline-repo unpack FILE ... TARGET [options]"
DESCRIPTION = """\
Bring the folder TARGET to the release in the zip files of `pack`, as `sync`
does from a folder: checked, and whole at every moment. Give the files in any
order, all at once or one after the other. A pack with --since goes onto the
release that it was made for, or onto one that lacks nothing besides."""
EPILOG = """\
examples:
  conda offline-repo unpack halkbank.zip X:\\repo\\halkbank
  conda offline-repo unpack E:\\*.zip X:\\repo\\halkbank
"""
CONDA = ("add_output_and_prompt_options",)
FILE = {"FILE ...": "The zip files, in any order; *.zip for all of a folder."}


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `unpack`."""
    add_options(parser, {**FILE, **TARGET, **OLDER, **TRUST, **LOG})


def execute(args: Namespace) -> int:
    """Check and unpack the files, and print what changed in TARGET."""
    volumes = [path for name in args.offline_repo_file for path in _expand(name)]
    with from_volumes(volumes) as source:
        return deliver_to(args, source)


def _expand(text: str) -> list[Path]:
    """Return the files of a name, or of a pattern, which cmd.exe does not expand itself."""
    path = typed_path(text)
    return [path] if path.exists() else sorted(map(Path, glob(str(path)))) or [path]
