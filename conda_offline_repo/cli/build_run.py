"""The run of `build`: what is asked for, by options or a file, and its builds.

It imports all that only a vendor has, see `build.execute`.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import context, locate_prefix_by_name
from conda.utils import quote_for_shell

from ..builder.archives.installers import shipped
from ..builder.batch import build_all, build_one
from ..builder.config.values import is_path
from ..builder.credentials import credentials
from ..builder.options import EnvironmentSpec, Options
from ..builder.request.request import remember, repository_of, resolve
from ..builder.run import Run
from ..builder.upstream.access import unsent_token
from ..exceptions import InvalidRequestError
from ..redaction import confined
from ..repository import manifest_json
from ..settings import TOKEN_VARIABLE, default_root, default_sign_keys, environment_token
from .build_report import report, report_all
from .output import chatter_to_stderr, print_result
from .terminal import TerminalProgress

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from ..builder.batch import Result

#: Where the file is looked for.
CONFIG_NAME = "offline-repo.yml"
#: The options that say something of a request, besides --keep and those of conda.
REQUEST = (
    *("--add", "--remove", "--environment-file", "--only", "--from-prefix", "--root", "--pip"),
    *("--pip-as-conda", "--no-pip-as-conda"),
    *("--no-label-channel", "--token", "--platform", "--virtual-package", "--with-plugin"),
    *("--without-plugin", "--plugin-file", "--installer", "--without-installer"),
    *("--sign-key", "--no-sign-key", "--customer-conda", "--customer-solver", "--exclude-newer"),
    "--index-version",
)


def run(args: Namespace) -> int:
    """Build what a file describes, or one label, print the outcome, and return the exit status."""
    path = Path(args.offline_repo_file or CONFIG_NAME).expanduser()
    if args.offline_repo_write_config:
        _write_config(args, path)
        return 0
    described = _described(args, path)
    other_key = args.offline_repo_other_sign_key
    builds = [replace(b, other_sign_key=other_key) for b in described or (_options(args),)]
    shared = Run(builds)
    progress, dry_run = TerminalProgress(), context.dry_run
    with confined(shared.secrets):
        if described:
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


def _write_config(args: Namespace, path: Path) -> None:
    """Write to the file what the options ask for of a label, and what its last build remembers."""
    from ..builder.config.write import write  # with jsonschema, which builds by options do without

    options = _options(args)
    if context.dry_run:
        raise InvalidRequestError(
            "--write-config builds nothing anyway.", "Leave out --dry-run, or --write-config."
        )
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
            f"    conda offline-repo build --file {quote_for_shell(str(path))} --label {label}\n",
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
    root = _path(default_root())
    remembered = labels and all(manifest_json.present(root / label) for label in labels)
    if not args.offline_repo_file and not known and (options or remembered):
        return ()
    if unknown := [label for label in labels if label not in builds]:
        raise InvalidRequestError(
            f"{path} does not describe the label {unknown[0]!r}.",
            f"It describes: {', '.join(builds)}.",
        )
    fail_on = tuple(args.offline_repo_fail_on)
    trusted_root = _file(args.offline_repo_verify_attestations)
    return tuple(
        replace(
            build,
            fail_on=(*build.fail_on, *fail_on),
            verify_attestations=trusted_root or build.verify_attestations,
            try_install=build.try_install or args.offline_repo_try_install,
        )
        for label, build in builds.items()
        if not labels or label in labels
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


def _options(args: Namespace) -> Options:
    """Return what the options ask for of one label."""
    labels = args.offline_repo_label
    if len(labels) != 1:
        raise InvalidRequestError(
            f"Options build one label, not several: {', '.join(labels) or 'none is named'}.",
            "Describe several in a file: `build --label LABEL ... --write-config` begins one.",
        )
    plugin, installers = None, None
    if args.offline_repo_with_plugin or args.offline_repo_plugin_file:
        plugin = True
    elif args.offline_repo_without_plugin:
        plugin = False
    if args.offline_repo_installer or args.offline_repo_without_installer:
        installers = tuple(map(_path, args.offline_repo_installer))
    pip_as_conda = None
    if args.offline_repo_pip_as_conda or args.offline_repo_no_pip_as_conda:
        pip_as_conda = bool(args.offline_repo_pip_as_conda)
    environments = _environments(args)
    keys = args.offline_repo_sign_key or default_sign_keys()
    channels, named = _channels(), {"local", *map(os.path.expandvars, args.channel or ())}
    return Options(
        label=labels[0],
        root=_path(args.offline_repo_root or default_root()),
        packages=tuple(args.offline_repo_package),
        pip=() if environments else tuple(args.offline_repo_pip),
        pip_as_conda=pip_as_conda,
        index_version=args.offline_repo_index_version,
        add=tuple(args.offline_repo_add),
        remove=tuple(args.offline_repo_remove),
        channels=channels,
        configured=tuple(c for c in channels if c not in named),
        channels_named=bool(args.channel),
        label_channel=not args.offline_repo_no_label_channel,
        token=args.offline_repo_token or environment_token(),
        platforms=tuple(args.offline_repo_platform),
        native_platform=context.subdir,
        virtual_packages=tuple(args.offline_repo_virtual_package),
        customer_conda=args.offline_repo_customer_conda or "",
        customer_solvers=tuple(args.offline_repo_customer_solver),
        plugin=plugin,
        plugin_file=_file(args.offline_repo_plugin_file),
        installers=installers,
        sign_keys=() if args.offline_repo_no_sign_key else tuple(map(_path, keys)),
        unsigned=args.offline_repo_no_sign_key,
        keep=args.offline_repo_keep,
        environments=environments,
        exclude_newer=args.offline_repo_exclude_newer,
        fail_on=tuple(args.offline_repo_fail_on),
        verify_attestations=_file(args.offline_repo_verify_attestations),
        try_install=args.offline_repo_try_install,
    )


def defaults() -> Options:
    """Return what holds where the file says nothing."""
    return Options(
        label="",
        root=_path(default_root()),
        channels=_channels(),
        configured=_channels(),
        native_platform=context.subdir,
        sign_keys=tuple(_path(key).absolute() for key in default_sign_keys()),
    )


def _channels() -> tuple[str, ...]:
    """Return conda's channels: those of the options, and the configured ones."""
    try:
        return tuple(context.channels)
    except ValueError as error:
        raise InvalidRequestError(
            f"A channel is not valid: {error}.",
            "Give a channel's name, its URL or the path of its folder.",
        ) from error


def _environments(args: Namespace) -> tuple[EnvironmentSpec, ...]:
    only, pip = tuple(args.offline_repo_only), tuple(args.offline_repo_pip)
    if file := args.offline_repo_environment_file:
        return (EnvironmentSpec(file=_path(file), only=only, pip=pip),)
    if prefix := args.offline_repo_from_prefix:
        # a name or a path, as conda's -n and -p distinguish them
        path = _path(prefix) if is_path(prefix) else Path(locate_prefix_by_name(prefix))
        return (EnvironmentSpec(prefix=path, only=only, pip=pip),)
    return (EnvironmentSpec(only=only),) if only else ()


def _path(text: str) -> Path:
    return Path(text).expanduser()


def _file(text: str | None) -> Path | None:
    """Return the path that was typed, also an empty one, as of a variable that is not set."""
    return None if text is None else _path(text)
