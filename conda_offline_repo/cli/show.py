"""`conda offline-repo show`: what a repository is and holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .parser import add_label_option, add_path_argument

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


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `show`."""
    add_path_argument(parser, optional=True)
    add_label_option(parser)
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--brief",
        dest="offline_repo_brief",
        action="store_true",
        help="Show one line a repository.",
    )
    instead.add_argument(
        "--releases",
        dest="offline_repo_releases",
        action="store_true",
        help="Show the releases that can be installed from it.",
    )
    instead.add_argument(
        "--why",
        dest="offline_repo_why",
        metavar="NAME",
        help="Show who needs a package, or a virtual one such as __glibc, and all ways to it.",
    )
    instead.add_argument(
        "--licenses",
        dest="offline_repo_licenses",
        action="store_true",
        help="Show the licences, with their texts from the packages.",
    )


def execute(args: Namespace) -> int:
    """Show each repository."""
    from pathlib import Path

    from ..repository.locate import locate
    from ..settings import default_root

    path = Path(args.offline_repo_path or default_root()).expanduser()
    found = locate(path, args.offline_repo_label)
    if args.offline_repo_why is not None:
        from ..queries.why import why
        from .report_why import report_why

        report_why(why(found, args.offline_repo_why))
    elif args.offline_repo_licenses:
        from ..queries.licenses import licenses
        from .output import chatter_to_stderr
        from .report_licenses import report_licenses
        from .terminal import TerminalProgress

        with chatter_to_stderr():
            read = [(repository, licenses(repository, TerminalProgress())) for repository in found]
        report_licenses(read)
    else:
        from ..queries.contents import list_packages
        from .show_report import report, report_brief, report_releases

        if args.offline_repo_brief:
            report_brief(found)
        elif args.offline_repo_releases:
            report_releases(found)
        else:
            report([(repository, list_packages(repository)) for repository in found])
    return 0
