"""`conda offline-repo show`: what a repository is and holds."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..audit.advisories import read_advisories
from ..audit.affected import Hit, Holding, affected, held_by, held_in
from ..audit.policy import NotAffected, read_policy
from ..audit.report import audit_report
from ..exceptions import InvalidRequestError, OfflineRepoError
from ..files.typed import typed_path, typed_place
from ..queries.contents import list_packages, requested_versions
from ..queries.licenses import licenses
from ..queries.sbom import write_files
from ..queries.texts import scripts
from ..queries.why import why
from ..repository.locate import Repository, locate, locate_one, readable
from ..settings import default_root
from . import affected_report, show_report, why_report
from .output import chatter_to_stderr, print_answers, print_result, release_json
from .parser import LABEL, add_options, written_path
from .reading import warn_insecure, whole
from .terminal import TerminalProgress

if TYPE_CHECKING:
    from ..files.web import Place

Repositories = tuple[Repository, ...]
Printer = Callable[[], int | None]

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
  conda offline-repo show X:\\repo --label halkbank --report OPS-1.html
"""
CONDA = ("add_parser_json",)
FOLDER = {
    "[PATH]": """The repository, or the folder above it, or its URL. Default: the setting
        plugins.offline_repo_root, else the current folder."""
}
INSTEAD = {
    "--brief": "Show one line a repository.",
    "--releases": "Show the releases that can be installed.",
    "--why NAME": """Show what needs a package, also by its name on PyPI, or a virtual one such as
        __glibc, and every path of dependencies to it.""",
    "--licenses": "Show the licences, with their texts from the packages.",
    "--affected FILE": """Show which releases have packages that advisories are about: records of
        OSV, a JSON file, a folder or a zip of them. PATH may be an environment.""",
    "--scripts [NAME]": """Show what runs where packages are installed, and native libraries in
        noarch ones; of one package, with the texts.""",
}
REPORT = {
    "--report FILE": """Write to FILE.html, FILE.md or FILE.json what an auditor asks, for a ticket;
        the same for the same release. With --affected, also that.""",
    "--policy FILE": "With --affected: a policy that notes what advisories do not affect.",
}
FORMAT = {"--format FORMAT": "With --affected: `text`, or `csv` for a ticket. Default: text."}


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `show`."""
    add_options(parser, {**FOLDER, **LABEL})
    add_options(parser.add_mutually_exclusive_group(), INSTEAD)
    add_options(parser, REPORT)
    add_options(parser, FORMAT, choices=("text", "csv"))


def execute(args: Namespace) -> int:
    """Show each repository."""
    place = typed_place(args.offline_repo_path or default_root())
    if args.offline_repo_affected is None and (
        args.offline_repo_policy or args.offline_repo_format
    ):
        raise InvalidRequestError("--policy and --format are for --affected.", "Name that as well.")

    def read() -> tuple[Repositories, Printer]:
        if args.offline_repo_report is not None:
            repository = locate_one(place, args.offline_repo_label)
            return (repository,), _report(repository, args)
        if args.offline_repo_affected is not None:
            return _affected(place, args)
        repositories = locate(place, args.offline_repo_label)
        return repositories, _answer(repositories, args)

    with chatter_to_stderr():
        repositories, prints = whole(read, place)
    warn_insecure(repositories)
    return prints() or 0


def _answer(repositories: Repositories, args: Namespace) -> Printer:
    """Read what is asked for, all of it, and return what prints it and may return a status."""
    if args.offline_repo_brief:
        return partial(show_report.report_brief, repositories)
    if args.offline_repo_why is not None:
        reasons = why(repositories, args.offline_repo_why)
        return partial(print_answers, reasons, why_report.why_json, why_report.why_lines)
    if args.offline_repo_scripts is not None:
        runs = scripts(repositories, args.offline_repo_scripts)
        return partial(print_answers, runs, show_report.scripts_json, show_report.scripts_lines)
    if args.offline_repo_licenses:
        texts = [(each, licenses(each, TerminalProgress())) for each in repositories]
        return partial(print_answers, texts, show_report.licenses_json, show_report.licenses_lines)
    if args.offline_repo_releases:
        kept = [(each, requested_versions(each)) for each in repositories]
        return partial(print_answers, kept, show_report.releases_json, show_report.releases_lines)
    packages = [(each, list_packages(each)) for each in repositories]
    return partial(print_answers, packages, show_report.packages_json, show_report.packages_lines)


def _report(repository: Repository, args: Namespace) -> Printer:
    file = written_path(args.offline_repo_report)
    for name in ("brief", "releases", "why", "licenses", "scripts"):
        if getattr(args, f"offline_repo_{name}") not in (None, False):
            raise InvalidRequestError(f"--report is not allowed with --{name}.", "Run both.")
    status, more = 0, []
    if args.offline_repo_affected is not None:
        hits, unreadable = _hits(
            [*held_by(repository, _notes(repository.manifest.label, args))], args
        )
        status, more = affected_report.status(hits), [affected_report.section(hits, unreadable)]
    return partial(_write, repository, file, audit_report(repository, file, *more), status)


def _write(repository: Repository, file: Path, content: bytes, status: int) -> int:
    changed = bool(write_files([(file.name, content)], file.parent))
    paths = {"path": str(file), "repository": str(repository.path), "changed": changed}
    answer = {**release_json(repository), **paths, "success": not status}
    line = f"{file}: {'written' if changed else 'unchanged'}"
    print_result(answer, [line], [line] if changed else [])
    return status


def _affected(place: Place, args: Namespace) -> tuple[Repositories, Printer]:
    """Ask of an environment, or of all repositories; what is wrong with one ends none but it."""
    repositories: Repositories = ()
    holdings: list[Holding] = []
    problems: dict[Place, OfflineRepoError] = {}
    if isinstance(place, Path) and (place / "conda-meta").is_dir():
        holdings = [*held_in(place, _notes("", args))]
    else:
        repositories, problems = readable(place, args.offline_repo_label)
    for repository in repositories:
        notes = _notes(repository.manifest.label, args)
        try:
            holdings += [*held_by(repository, notes)]
        except OfflineRepoError as error:
            if len(repositories) == 1 and not problems:
                raise
            problems[repository.path] = error
    as_csv = args.offline_repo_format == "csv"
    prints = partial(affected_report.report, *_hits(holdings, args), problems, as_csv=as_csv)
    return repositories, prints


def _notes(label: str, args: Namespace) -> tuple[NotAffected, ...]:
    file = args.offline_repo_policy
    return read_policy(typed_path(file), label).not_affected if file else ()


def _hits(holdings: Sequence[Holding], args: Namespace) -> tuple[list[Hit], Sequence[str]]:
    names = {name for holding in holdings for name in holding.names}
    advisories, unreadable = read_advisories(typed_path(args.offline_repo_affected), names)
    return affected(holdings, advisories), unreadable
