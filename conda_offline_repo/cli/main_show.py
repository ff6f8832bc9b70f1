"""`conda offline-repo show`: what a repository is and holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .output import add_label_option, add_path_argument

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from ..show import Contents

HELP = "Show what a repository is for and what it holds."
DESCRIPTION = """\
Show label, build, date, request and platforms of the repository, or of each repository below PATH,
and a table of its packages."""
EPILOG = """\
example:
    conda offline-repo show X:\\repo --label halkbank
"""


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `show`."""
    from conda.cli import helpers

    helpers.add_parser_help(parser)
    add_path_argument(parser)
    add_label_option(parser)
    helpers.add_parser_json(parser)


def execute(args: Namespace) -> int:
    """Show each repository."""
    from pathlib import Path

    from conda.base.context import context

    from ..locate import locate
    from ..manifest import as_dict
    from ..show import contents
    from .output import print_json

    found = locate(Path(args.offline_repo_path).expanduser(), args.offline_repo_label)
    shown = [contents(repository) for repository in found]
    if context.json:
        print_json(
            repositories=[
                {
                    "path": str(one.repository.path),
                    "manifest": as_dict(one.repository.manifest),
                    "packages": [vars(package) for package in one.packages],
                    "bytes": one.repository.manifest.size,
                }
                for one in shown
            ]
        )
    else:
        for one in shown:
            _print_text(one)
    return 0


def _print_text(shown: Contents) -> None:
    from .output import human, print_table

    manifest = shown.repository.manifest
    request = manifest.request
    rows = [
        ("path", str(shown.repository.path)),
        ("label", manifest.label),
        ("build", f"{manifest.build} of {manifest.created}"),
        ("packages asked for", ", ".join(request.packages) or "all of the label channel"),
        ("channels", ", ".join(request.channels)),
    ]
    for platform in request.platforms:
        packages = request.virtual_packages.get(platform, {})
        stated = ", ".join(f"{name} {value}" for name, value in sorted(packages.items()))
        rows.append((f"for {platform}", stated))
    print_table(rows)
    print()
    header = ("NAME", "VERSION", "SUBDIR", "SIZE", "LICENCE")
    print_table(
        [header] + [(p.name, p.version, p.subdir, human(p.size), p.license) for p in shown.packages]
    )
    print(f"\n{len(shown.packages)} packages, {human(manifest.size)}\n")
