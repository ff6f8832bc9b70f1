"""`conda offline-repo sbom`: bills of materials of a release."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from operator import itemgetter
from typing import Any

from conda.base.context import context

from ..files.typed import typed_place
from ..printable import counted
from ..queries.sbom import Bill, make_bills, write_files
from ..repository.locate import Repository, locate
from .output import chatter_to_stderr, print_result, release_json
from .parser import LABEL, PATH, add_options, written_path
from .reading import warn_insecure, whole

USAGE = "conda offline-repo sbom PATH [options]"
DESCRIPTION = """\
Write what the release installs as CycloneDX JSON, a file for each environment
and platform: LABEL-RELEASE-[ENVIRONMENT-]PLATFORM.cdx.json. Addresses of the
vendor's own servers are left out. The same release gives the same bytes.
Requires conda 26.3 or newer with the plugin conda-sboms."""
EPILOG = """\
example:
  conda offline-repo sbom G:\\repo\\halkbank -o bills
"""
CONDA = ("add_output_and_prompt_options",)
OUTPUT = {"-o --output DIR": "The folder to write to, created if it does not exist. Default: here."}


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `sbom`."""
    add_options(parser, {**PATH, **LABEL})
    add_options(parser, OUTPUT, default=".")


def execute(args: Namespace) -> int:
    """Write the bills of each repository, and print where they are."""
    place = typed_place(args.offline_repo_path)
    folder = written_path(args.offline_repo_output)

    def read() -> list[tuple[Repository, Bill]]:
        repositories = locate(place, args.offline_repo_label)
        return [(r, bill) for r in repositories for bill in make_bills(r)]

    with chatter_to_stderr():
        bills = whole(read, place)
        contents = [(bill.name, bill.content) for _, bill in bills]
        changed = write_files(contents, folder, dry_run=context.dry_run)
    warn_insecure({str(repository.path): repository for repository, _ in bills}.values())
    files = [
        {
            **release_json(repository),
            "path": str(folder / bill.name),
            "repository": str(repository.path),
            "environment": bill.environment,
            "platform": bill.platform,
            "packages": bill.packages,
            "changed": folder / bill.name in changed,
        }
        for repository, bill in bills
    ]
    new = filter(itemgetter("changed"), files)
    print_result({"files": files}, map(_line, files), map(_line, new))
    return 0


def _line(file: Mapping[str, Any]) -> str:
    written = "would be written" if context.dry_run else "written"
    state = written if file["changed"] else "unchanged"
    return f"{file['path']}: {counted(file['packages'], 'package')}, {state}"
