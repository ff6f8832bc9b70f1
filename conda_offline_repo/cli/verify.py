"""`conda offline-repo verify`: compare repositories with their manifests."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from conda.base.context import context

from ..audit.exceptions import Breach, PolicyBreachedError
from ..customer.hooks.policy import check_policies
from ..customer.trust.signers import check_expected
from ..delivery.volume import check_volume, open_volume
from ..exceptions import InvalidRequestError
from ..files.typed import typed_place
from ..files.web import Place, WebFolder
from ..printable import counted, human
from ..repository.exceptions import HalfPublishedError, UnreadableError
from ..repository.halfway import check_indexes
from ..repository.locate import Repository, locate
from ..repository.manifest import INDEX_NAME
from ..repository.transition import unfinished_text
from ..repository.verify import Report, verify
from .output import chatter_to_stderr, print_json, print_lines, release_json, signed_by, warn
from .parser import LABEL, PATH, add_options
from .reading import warn_insecure, whole
from .terminal import TerminalProgress

USAGE = "conda offline-repo verify PATH [options]"
DESCRIPTION = """\
Read every file of the repository, of each repository below PATH, or of a
volume of `pack`, and compare it with the manifest, and the signature with the
one that the environments of this machine expect. The exit status is 1 if files
are missing, changed, unreadable or extra, and 2 if they are right but a
publication is unfinished. Nothing is changed."""
EPILOG = """\
examples:
  conda offline-repo verify X:\\repo
  conda offline-repo verify https://repo.vendor.com/halkbank
  conda offline-repo verify E:\\halkbank.1-of-2.zip
"""
CONDA = ("add_parser_json",)
OPTIONS = {"--policy FILE": "See also whether its packages keep to this policy."}
#: The exit status of a repository that is whole, but whose publication is unfinished.
UNFINISHED = 2


def configure_parser(parser: ArgumentParser) -> None:
    """Add the options of `verify`."""
    add_options(parser, {**PATH, **LABEL, **OPTIONS})


def execute(args: Namespace) -> int:
    """Verify each repository, or a volume, and print what is wrong."""
    place, label = typed_place(args.offline_repo_path), args.offline_repo_label
    policy = args.offline_repo_policy
    with chatter_to_stderr():
        if isinstance(place, Path) and place.is_file() and place.suffix.lower() == ".zip":
            checked = [_volume(place, policy)]
        else:
            try:
                checked = whole(partial(_repositories, place, label, policy, indexes=True), place)
            except HalfPublishedError:  # the report names what does not fit
                checked = _repositories(place, label, policy, indexes=False)
    warn_insecure(repository for repository, _ in checked)
    reports = [report for _, report in checked]
    unfinished = UNFINISHED if any(report.unfinished for report in reports) else 0
    # what a publication has not deleted yet is no damage
    right = all(
        report.good and not (report.misleading if report.unfinished else report.extra)
        for report in reports
    )
    status = unfinished if right else 1
    if context.json:
        repositories = {
            str(r.path): {**release_json(r), **vars(report), "signers": r.signers}
            for r, report in checked
        }
        print_json(success=status == 0, repositories=repositories)
    else:
        for repository, report in checked:
            print_lines(_lines(repository, report))
    return status


def _volume(path: Path, policy: str | None) -> tuple[Repository, Report]:
    with open_volume(path) as volume:
        repository = Repository(path.absolute(), volume.manifest, volume.signers)
        check_expected(repository)
        elsewhere = volume.manifest.files.keys() - volume.names
        if policy is not None and any(name.endswith(INDEX_NAME) for name in elsewhere):
            problem = f"--policy needs index files that are in other volumes than {path}."
            raise InvalidRequestError(problem, "Unpack the volumes, and verify that folder.")
        report = check_volume(volume, TerminalProgress())
        if policy is not None and report.good:
            warn(check_policies(repository, policy, read=volume.read))
        return repository, report


def _repositories(
    place: Place, label: str | None, policy: str | None, *, indexes: bool
) -> list[tuple[Repository, Report]]:
    """Verify the repositories at a place, with `indexes` only where those of a server fit."""
    checked, remarks, breaches = [], [], []
    repositories = locate(place, label)
    several = len(repositories) > 1
    for repository in repositories:
        check_expected(repository)
        if indexes:
            with suppress(UnreadableError):  # the report names what cannot be read
                check_indexes(repository)
        where = f"{repository.path.name}/" if several else ""
        try:  # a mistake in a policy is told before files are read, which may take hours
            remarks += check_policies(repository, policy)
        except PolicyBreachedError as error:
            breaches += [Breach(**{**b, "archive": where + b["archive"]}) for b in error.breaches]
        checked.append((repository, verify(repository, TerminalProgress())))
    if all(report.good for _, report in checked):
        warn(remarks)
        if breaches:
            raise PolicyBreachedError(place if several else checked[0][0].path, breaches)
    return checked


def _lines(repository: Repository, report: Report) -> Iterator[str]:
    path = repository.path
    for kind in ("missing", "changed", "unreadable", "extra"):
        for name in getattr(report, kind):
            yield f"{kind}: {name}"
    if report.misleading:
        names = ", ".join(report.misleading)
        yield f"{path}: conda may read these instead of the right index: {names}"
    if report.unfinished:
        yield unfinished_text(path)
    total = f"{counted(report.files, 'file')}, {human(report.size)}"
    served = isinstance(path, WebFolder)
    if served and any(name.endswith(INDEX_NAME) for name in report.changed):
        yield (
            f"{path}: the server has another index than the manifest names. It may make indexes of "
            "its own, as repositories for conda in Artifactory and Nexus do: use one that serves "
            "files as they are."
        )
    if report.missing or report.changed:
        again = "Publish it there again." if served else "Copy it again from its source."
        yield f"{path} is damaged or its copy is incomplete. {again}"
    elif report.unreadable:
        advice = "Plug in its disk again, or ask its owner for permission"
        advice = "Run the same command again, or ask the server's owner" if served else advice
        yield f"{path} cannot be read completely. {advice}."
    elif report.extra and not report.unfinished:
        yield f"{path} is complete, but has files that do not belong to it. Remove them."
    elif report.unfinished:
        yield f"{path}: every file is in its old or its new state: {total}."
    else:
        yield f"{path} is complete and unchanged: {total}."
    if not report.listed:
        yield f"{path}: other files than these are not known, as a web server does not list them."
    yield f"{path}: {signed_by(repository.signers)}"
