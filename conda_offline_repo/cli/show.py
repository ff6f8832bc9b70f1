"""`conda offline-repo show`: what a repository is and holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files.typed import typed_path
from ..queries.contents import list_packages
from ..queries.licenses import licenses
from ..queries.why import why
from ..repository.locate import locate
from ..settings import default_root
from . import show_report, why_report
from .output import chatter_to_stderr, print_answers
from .parser import LABEL, add_options
from .terminal import TerminalProgress

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

USAGE = "conda offline-repo show [PATH] [options]"
DESCRIPTION = """\
Show the request of the repository, or of each repository below PATH, and a
table of its packages: which ones were requested, and the channel of each, or
the wheel that it was made from."""
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
    "--why NAME": """Show what needs a package, also by its name on PyPI, or a virtual one such as
        __glibc, and every path of dependencies to it.""",
    "--licenses": "Show the licences, with their texts from the packages.",
}


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `show`."""
    add_options(parser, {**FOLDER, **LABEL})
    add_options(parser.add_mutually_exclusive_group(), INSTEAD)


def execute(args: Namespace) -> int:
    """Show each repository."""
    path = typed_path(args.offline_repo_path or default_root())
    repositories = locate(path, args.offline_repo_label)
    if args.offline_repo_why is not None:
        answers = why(repositories, args.offline_repo_why)
        print_answers(answers, why_report.why_json, why_report.why_lines)
    elif args.offline_repo_licenses:
        with chatter_to_stderr():
            texts = [(folder, licenses(folder, TerminalProgress())) for folder in repositories]
        print_answers(texts, show_report.licenses_json, show_report.licenses_lines)
    elif args.offline_repo_brief:
        show_report.report_brief(repositories)
    elif args.offline_repo_releases:
        folders = [(folder,) for folder in repositories]
        print_answers(folders, show_report.releases_json, show_report.releases_lines)
    else:
        packages = [(folder, list_packages(folder)) for folder in repositories]
        print_answers(packages, show_report.packages_json, show_report.packages_lines)
    return 0
