"""`conda offline-repo sbom`: bills of materials of a release."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import context

from ..printable import counted
from ..queries.sbom import make_bills, write_bills
from ..repository.locate import locate
from .output import chatter_to_stderr, print_json, print_lines
from .parser import LABEL, PATH, add_options

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator, Sequence

    from ..queries.sbom import Bill
    from ..repository.locate import Repository

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


OUTPUT = {"-o --output DIR": "The folder to write to, created if it does not exist. Default: here."}


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `sbom`."""
    add_options(parser, {**PATH, **LABEL})
    add_options(parser, OUTPUT, default=".")


def execute(args: Namespace) -> int:
    """Make the bills of each repository, write all, and print where they are."""
    path = Path(args.offline_repo_path).expanduser()
    folder = Path(args.offline_repo_output).expanduser().absolute()
    with chatter_to_stderr():
        made = [
            (repository, bill)
            for repository in locate(path, args.offline_repo_label)
            for bill in make_bills(repository)
        ]
        changed = write_bills([bill for _, bill in made], folder, dry_run=context.dry_run)
    if context.json:
        print_json(files=[_json(*pair, folder, changed) for pair in made])
    elif not context.quiet:
        print_lines(_lines([bill for _, bill in made], folder, changed))
    return 0


def _json(
    repository: Repository, bill: Bill, folder: Path, changed: Sequence[Path]
) -> dict[str, object]:
    return {
        "path": str(folder / bill.name),
        "repository": str(repository.path),
        "label": repository.manifest.label,
        "build": repository.manifest.release,
        "environment": bill.environment,
        "platform": bill.platform,
        "packages": bill.packages,
        "changed": folder / bill.name in changed,
    }


def _lines(made: Sequence[Bill], folder: Path, changed: Sequence[Path]) -> Iterator[str]:
    for bill in made:
        path = folder / bill.name
        written = "would be written" if context.dry_run else "written"
        state = written if path in changed else "there already, unchanged"
        yield f"{path}: {counted(bill.packages, 'package')}, {state}"
