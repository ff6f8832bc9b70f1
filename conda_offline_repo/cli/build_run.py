"""The run of `build`: what is asked for, by options or a file, and its builds.

It imports all that only a vendor has, see `build.execute`.
"""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import context

from .._conda.solver import share_memory
from ..builder.archives.installers import shipped
from ..builder.batch import Result, build_all, build_one
from ..builder.credentials import credentials
from ..builder.request.request import remember, repository_of, resolve
from ..builder.run import Run
from ..builder.upstream.access import unsent_token
from ..exceptions import InvalidRequestError
from ..files.typed import expanded
from ..printable import quoted
from ..redaction import confined
from ..repository import manifest_json
from ..repository.names import check_written
from ..settings import TOKEN_VARIABLE, default_root
from .build_options import defaults, file_of, options_of
from .build_report import report, report_all
from .output import chatter_to_stderr, print_result
from .terminal import TerminalProgress

if TYPE_CHECKING:
    from ..builder.options import Options

#: Where the file is looked for.
CONFIG_NAME = "offline-repo.yml"
#: The options that say something of a request, besides --keep and those of conda.
REQUEST = (
    *("--add", "--remove", "--environment-file", "--only", "--from-prefix", "--root", "--pip"),
    *("--pip-as-conda", "--no-pip-as-conda"),
    *("--no-label-channel", "--token", "--platform", "--virtual-package", "--with-plugin"),
    *("--without-plugin", "--plugin-file", "--installer", "--without-installer"),
    *("--sign-key", "--no-sign-key", "--customer-conda", "--customer-solver", "--exclude-newer"),
    *("--index-version", "--next-due"),
)


def run(args: Namespace) -> int:
    """Build what a file describes, or one label, print the outcome, and return the exit status."""
    path = expanded(args.offline_repo_file or CONFIG_NAME)
    if args.offline_repo_write_config:
        check_written(path.absolute())
        _write_config(args, path)
        return 0
    share_memory()
    described = _described(args, path)
    other_key = args.offline_repo_other_sign_key
    builds = [replace(b, other_sign_key=other_key) for b in described or (options_of(args),)]
    shared = Run(builds, TerminalProgress(), dry_run=context.dry_run)
    with confined(shared.secrets):
        if described:
            return 0 if report_all(_quietly(build_all(shared))) else 1
        with chatter_to_stderr():
            outcome = build_one(shared)
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


def _write_config(args: Namespace, path: Path) -> None:
    """Write to the file what the options ask for of a label, and what its last build remembers."""
    from ..builder.config.write import write  # with jsonschema, which builds by options do without

    options = options_of(args)
    if context.dry_run or options.withdraw:
        hint = "Leave out --dry-run and --withdraw, or --write-config."
        raise InvalidRequestError("--write-config builds nothing anyway.", hint)
    with confined(credentials(options)):
        last = manifest_json.read(repository_of(options))
        if last and options.installers is None and shipped(last):
            raise InvalidRequestError(
                "The last build of the label shipped installers, so the file must name them.",
                "Name them again, --installer FILE, or leave them out, --without-installer.",
            )
        request = resolve(options, last)
        variable = TOKEN_VARIABLE if options.token and request.publisher else None
        write(path, replace(options, token=variable), remember(request), defaults())
        label = options.label
        lines = (
            f"{path} describes the label {label} now. Build it from there:\n",
            f"    conda offline-repo build --file {quoted(path)} --label {label}\n",
        )
        content = {"path": str(path.absolute()), "label": label}
        warnings = [warning.text for warning in unsent_token(request)]
        print_result(content, lines, [f"{path} describes the label {label} now."], warnings)


def _described(args: Namespace, path: Path) -> tuple[Options, ...]:
    """Return what the file describes of what is to be built; nothing if the options say it."""
    labels, options = args.offline_repo_label, _given(args)
    if args.offline_repo_file and options:
        raise InvalidRequestError(
            f"With --file, only the file says what to build, not {', '.join(options)}.",
            f"Write it to {path}, or leave out --file to build one label by options.",
        )
    if not labels and options:
        raise InvalidRequestError("No label is named.", "Name the customer's label: --label LABEL")
    if not args.offline_repo_file and not path.exists():
        if labels:
            return ()
        raise InvalidRequestError(
            f"No label is named, and {CONFIG_NAME} does not exist here.",
            "Name the customer's label, --label LABEL, or a file that describes labels, --file.",
        )
    from ..builder.config.read import read  # with jsonschema, see `_write_config`

    builds = {build.label: build for build in read(path, defaults(), os.environ, labels)}
    known = [label for label in labels if label in builds]
    if options and known:
        raise InvalidRequestError(
            f"{path} describes the label {known[0]}, so {', '.join(options)} cannot be given, too.",
            "Change the file. To build by options alone, run conda in another folder.",
        )
    root = expanded(default_root())
    remembered = labels and all(manifest_json.present(root / label) for label in labels)
    if not args.offline_repo_file and not known and (options or remembered):
        return ()
    if unknown := [label for label in labels if label not in builds]:
        raise InvalidRequestError(
            f"{path} does not describe the label {unknown[0]!r}.",
            f"It describes: {', '.join(builds)}.",
        )
    trusted_root = file_of(args.offline_repo_verify_attestations)
    chosen = [build for label, build in builds.items() if not labels or label in labels]
    if args.offline_repo_withdraw and len(chosen) > 1:
        raise InvalidRequestError(
            "Several labels would be built, each with releases of its own.",
            "Name the one that --withdraw is for: --label LABEL",
        )
    return tuple(
        replace(
            build,
            withdraw=tuple(args.offline_repo_withdraw),
            reason=args.offline_repo_reason,
            fail_on=(*build.fail_on, *args.offline_repo_fail_on),
            verify_attestations=trusted_root or build.verify_attestations,
            try_install=build.try_install or args.offline_repo_try_install,
        )
        for build in chosen
    )


def _given(args: Namespace) -> list[str]:
    """Return which options say something of a request, as they are typed."""
    values = {
        "PACKAGE": args.offline_repo_package,
        "--channel": args.channel,
        "--override-channels": args.override_channels,
        "--keep": args.offline_repo_keep is not None,
    }
    for option in REQUEST:
        values[option] = getattr(args, f"offline_repo_{option[2:].replace('-', '_')}")
    return [option for option, value in values.items() if value]
