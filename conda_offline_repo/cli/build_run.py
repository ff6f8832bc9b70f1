"""The run of `build`, which imports all that a vendor needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda.base.context import context

from ..builder.archives.installers import shipped
from ..builder.batch import build_all, build_one
from ..builder.config.write import write
from ..builder.credentials import credentials
from ..builder.request.request import remember, repository_of, resolve
from ..builder.run import Run
from ..exceptions import InvalidRequestError
from ..redaction import confined
from ..repository import manifest_json
from ..settings import TOKEN_VARIABLE
from .build_report import report, report_all
from .build_request import config_path, defaults, described, options_of
from .output import chatter_to_stderr, print_json
from .terminal import TerminalProgress

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from ..builder.batch import Result


def run(args: Namespace) -> int:
    """Build what a file describes, or one label, print what came out, and return the status."""
    if args.offline_repo_write_config:
        _write_config(args)
        return 0
    described_builds = described(args)
    builds = described_builds or (options_of(args),)
    shared = Run(builds)
    progress, dry_run = TerminalProgress(), context.dry_run
    with confined(shared.secrets):
        if described_builds:
            results = build_all(builds, progress, shared, dry_run=dry_run)
            return 0 if report_all(_quietly(results)) else 1
        with chatter_to_stderr():
            outcome = build_one(builds[0], progress, shared, dry_run=dry_run)
        report(outcome)
    return 0


def _quietly(results: Iterator[Result]) -> Iterator[Result]:
    """Yield results while what conda says on the way to each goes to stderr."""
    while True:
        with chatter_to_stderr():
            result = next(results, None)
        if result is None:
            return
        yield result


def _write_config(args: Namespace) -> None:
    """Write down what the options ask for of a label, and what its last build remembers.

    Raises:
        InvalidRequestError: That is no request.
        ConfigWriteError: The file cannot take it.
    """
    options = options_of(args)
    path = config_path(args)
    if context.dry_run:
        raise InvalidRequestError(
            "--write-config builds nothing anyway.", "Leave out --dry-run, or --write-config."
        )
    with confined(credentials(options)):
        last = manifest_json.read(repository_of(options))
        if last and options.installers is None and shipped(last):
            raise InvalidRequestError(
                "The last build of the label shipped installers, and a file has to say where they "
                "are.",
                "Name them again, --installer FILE, or leave them out, --without-installer.",
            )
        request = remember(resolve(options, last))
        variable = TOKEN_VARIABLE if options.token else None
        write(path, options, request, defaults(), variable=variable)
        if context.json:
            print_json(path=str(path.absolute()), label=options.label)
        elif not context.quiet:
            print(f"{path} describes the label {options.label} now. Build it from there:\n")
            print(f"    conda offline-repo build --file {path} --label {options.label}\n")
