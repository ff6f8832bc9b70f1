"""What the options of `build` ask for, and what holds where its file says nothing."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path

from conda.base.context import context, locate_prefix_by_name

from ..builder.config.values import is_path
from ..builder.options import EnvironmentSpec, Options
from ..exceptions import InvalidRequestError
from ..files.typed import expanded
from ..settings import default_root, default_sign_keys, environment_token


def options_of(args: Namespace) -> Options:
    """Return what the options ask for of one label."""
    labels = args.offline_repo_label
    if len(labels) != 1:
        raise InvalidRequestError(
            f"Options build one label, not several: {', '.join(labels) or 'none is named'}.",
            "Describe several in a file: `build --label LABEL ... --write-config` begins one.",
        )
    # what neither option says is as it was
    plugin = bool(args.offline_repo_with_plugin or args.offline_repo_plugin_file)
    installers = tuple(map(expanded, args.offline_repo_installer))
    environments = _environments(args)
    keys = args.offline_repo_sign_key or default_sign_keys()
    channels, named = _channels(), {"local", *map(os.path.expandvars, args.channel or ())}
    return Options(
        label=labels[0],
        root=expanded(args.offline_repo_root or default_root()),
        packages=tuple(args.offline_repo_package),
        pip=() if environments else tuple(args.offline_repo_pip),
        pip_as_conda=not args.offline_repo_no_pip_as_conda
        and (args.offline_repo_pip_as_conda or None),
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
        customer_conda=args.offline_repo_customer_conda,
        customer_solvers=tuple(args.offline_repo_customer_solver),
        plugin=plugin or (False if args.offline_repo_without_plugin else None),
        plugin_file=file_of(args.offline_repo_plugin_file),
        installers=installers or (() if args.offline_repo_without_installer else None),
        sign_keys=() if args.offline_repo_no_sign_key else tuple(map(expanded, keys)),
        unsigned=args.offline_repo_no_sign_key,
        keep=args.offline_repo_keep,
        environments=environments,
        exclude_newer=args.offline_repo_exclude_newer,
        next_due=args.offline_repo_next_due,
        withdraw=tuple(args.offline_repo_withdraw),
        reason=args.offline_repo_reason,
        fail_on=tuple(args.offline_repo_fail_on),
        verify_attestations=file_of(args.offline_repo_verify_attestations),
        try_install=args.offline_repo_try_install,
    )


def defaults() -> Options:
    """Return what holds where the file says nothing."""
    return Options(
        label="",
        root=expanded(default_root()),
        channels=_channels(),
        configured=_channels(),
        native_platform=context.subdir,
        sign_keys=tuple(expanded(key).absolute() for key in default_sign_keys()),
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
        return (EnvironmentSpec(file=expanded(file), only=only, pip=pip),)
    if prefix := args.offline_repo_from_prefix:
        # a name or a path, as conda's -n and -p distinguish them
        path = expanded(prefix) if is_path(prefix) else Path(locate_prefix_by_name(prefix))
        return (EnvironmentSpec(prefix=path, only=only, pip=pip),)
    return (EnvironmentSpec(only=only),) if only else ()


def file_of(text: str | None) -> Path | None:
    """Return the path that was typed, also an empty one, as of a variable that is not set."""
    return None if text is None else expanded(text)
