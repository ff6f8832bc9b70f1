"""`conda offline-repo show`: what a repository is and holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..queries.contents import list_packages
from ..queries.licenses import licenses
from ..queries.why import why
from ..repository.locate import locate
from ..settings import default_root
from .output import chatter_to_stderr
from .parser import LABEL, add_options
from .show_licenses import report_licenses
from .show_report import report, report_brief, report_releases, report_why
from .terminal import TerminalProgress

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

USAGE = "conda offline-repo show [PATH] [options]"
DESCRIPTION = """\
Show the request of the repository, or of each repository below PATH, and a
table of its packages: which were asked for, and the channel that each came
from."""
EPILOG = """\
examples:
  conda offline-repo show X:\\repo --brief
  conda offline-repo show X:\\repo --label halkbank --why openssl
  conda offline-repo show X:\\repo --label halkbank --licenses > NOTICES.txt
"""
CONDA = ("add_parser_json",)


FOLDER = {
    "[PATH]": """The repository, or the folder above it. Default: the setting
        plugins.offline_repo_root, else the current folder."""
}
INSTEAD = {
    "--brief": "Show one line a repository.",
    "--releases": "Show the releases that can be installed.",
    "--why NAME": """Show what needs a package, or a virtual one such as __glibc, and every path of
        dependencies to it.""",
    "--licenses": "Show the licences, with their texts from the packages.",
}


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `show`."""
    add_options(parser, {**FOLDER, **LABEL})
    add_options(parser.add_mutually_exclusive_group(), INSTEAD)


def execute(args: Namespace) -> int:
    """Show each repository."""
    path = Path(args.offline_repo_path or default_root()).expanduser()
    repositories = locate(path, args.offline_repo_label)
    if args.offline_repo_why is not None:
        report_why(why(repositories, args.offline_repo_why))
    elif args.offline_repo_licenses:
        with chatter_to_stderr():
            read = [(each, licenses(each, TerminalProgress())) for each in repositories]
        report_licenses(read)
    elif args.offline_repo_brief:
        report_brief(repositories)
    elif args.offline_repo_releases:
        report_releases(repositories)
    else:
        report([(each, list_packages(each)) for each in repositories])
    return 0
