"""The file that describes labels: which of them a command means, and how one is written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence
    from pathlib import Path

    from ..builder.config.settings import Defaults
    from ..builder.options import Options

#: Where it is looked for.
CONFIG_NAME = "offline-repo.yml"


def described(args: Namespace) -> tuple[Options, ...]:
    """Return what the file describes of what is to be built; nothing if the options say it.

    Raises:
        InvalidRequestError: Both say it, or neither does.
    """
    from pathlib import Path

    from ..exceptions import InvalidRequestError
    from .build_options import given

    labels, options = args.offline_repo_labels, given(args)
    path = Path(args.offline_repo_file or CONFIG_NAME).expanduser()
    if args.offline_repo_file and options:
        raise InvalidRequestError(
            f"With a file, the file says what is asked for, not {', '.join(options)}.",
            f"Write it into {path}, or leave out --file to build one label by options.",
        )
    if not labels and options:
        raise InvalidRequestError("No label is named.", "Name the customer's label: --label LABEL")
    if not args.offline_repo_file and not path.exists():
        if labels:
            return ()
        raise InvalidRequestError(
            f"No label is named, and there is no {CONFIG_NAME} here.",
            "Name the customer's label, --label LABEL, or a file that describes labels, --file.",
        )
    builds = {one.label: one for one in _read(path, labels)}
    known = [label for label in labels if label in builds]
    if options and known:
        raise InvalidRequestError(
            f"{path} describes the label {known[0]}, and {', '.join(options)} may say "
            "something else.",
            "Change the file. To build by options alone, call conda in another folder.",
        )
    if not args.offline_repo_file and not known and (options or _built(labels)):
        return ()
    unknown = [label for label in labels if label not in builds]
    if unknown:
        raise InvalidRequestError(
            f"{path} does not describe the label {unknown[0]!r}.",
            f"It describes: {', '.join(builds)}.",
        )
    return tuple(one for label, one in builds.items() if not labels or label in labels)


def write(args: Namespace) -> int:
    """Write down what the options ask for of a label, and what its last build remembers.

    Raises:
        InvalidRequestError: That is no request.
        ConfigWriteError: The file cannot take it.
    """
    from pathlib import Path

    from conda.base.context import context

    from ..builder.archives.installers import shipped
    from ..builder.config.write import write as put_down
    from ..builder.request import request as requests
    from ..builder.run import credentials
    from ..exceptions import InvalidRequestError
    from ..redaction import confined
    from ..repository import manifest_json
    from ..settings import TOKEN_VARIABLE
    from .build_options import options_of
    from .output import print_json

    options = options_of(args)
    path = Path(args.offline_repo_file or CONFIG_NAME).expanduser()
    if context.dry_run:
        raise InvalidRequestError(
            "--write-config builds nothing anyway.", "Leave out --dry-run, or --write-config."
        )
    with confined(credentials(options)):
        last = manifest_json.read(requests.repository_of(options))
        if last and options.installers is None and shipped(last):
            raise InvalidRequestError(
                "The last build of the label shipped installers, and a file has to say where they "
                "are.",
                "Name them again, --installer FILE, or leave them out, --without-installer.",
            )
        request = requests.remember(requests.resolve(options, last))
        variable = TOKEN_VARIABLE if options.token else None
        put_down(path, options, request, _defaults(), variable=variable)
        if context.json:
            print_json(path=str(path.absolute()), label=options.label)
        elif not context.quiet:
            print(f"{path} describes the label {options.label} now. Build it from there:\n")
            print(f"    conda offline-repo build --file {path} --label {options.label}\n")
    return 0


def _built(labels: Sequence[str]) -> bool:
    """Return whether there are repositories of these labels, which remember what is asked for."""
    from pathlib import Path

    from ..repository.manifest_json import present
    from ..settings import default_root

    root = Path(default_root()).expanduser()
    return bool(labels) and all(present(root / label) for label in labels)


def _read(path: Path, labels: Sequence[str]) -> tuple[Options, ...]:
    import os

    from ..builder.config.read import read

    return read(path, _defaults(), os.environ, labels)


def _defaults() -> Defaults:
    from conda.base.context import context

    from ..builder.config.settings import Defaults
    from ..settings import default_root, default_sign_keys
    from .build_options import configured_channels

    return Defaults(
        native_platform=context.subdir,
        channels=configured_channels(),
        root=default_root(),
        sign_keys=default_sign_keys(),
    )
