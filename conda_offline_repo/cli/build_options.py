"""What the options of `build` ask for of a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Namespace
    from pathlib import Path

    from ..builder.options import EnvironmentSpec, Options


def given(args: Namespace) -> list[str]:
    """Return which options say something of a request, as they are typed."""
    said = {
        "PACKAGE": args.offline_repo_packages,
        "--add": args.offline_repo_add,
        "--remove": args.offline_repo_remove,
        "--environment-file": args.offline_repo_environment_file,
        "--from-prefix": args.offline_repo_from_prefix,
        "--root": args.offline_repo_root,
        "--channel": args.channel,
        "--override-channels": args.override_channels,
        "--no-label-channel": not args.offline_repo_label_channel,
        "--token": args.offline_repo_token,
        "--platform": args.offline_repo_platforms,
        "--virtual-package": args.offline_repo_virtual_packages,
        "--with-plugin": args.offline_repo_plugin,
        "--without-plugin": args.offline_repo_plugin is False,
        "--plugin-file": args.offline_repo_plugin_file,
        "--installer": args.offline_repo_installers,
        "--without-installer": args.offline_repo_installers == [],
        "--keep": args.offline_repo_keep is not None,
        "--sign-key": args.offline_repo_sign_keys,
        "--no-sign-key": args.offline_repo_unsigned,
    }
    return [option for option, value in said.items() if value]


def _token(args: Namespace) -> str | None:
    """Return the publisher's token, of the option or else of the process environment."""
    import os

    from ..settings import TOKEN_VARIABLE

    return args.offline_repo_token or os.environ.get(TOKEN_VARIABLE) or None


def configured_channels() -> tuple[str, ...]:
    """Return conda's channels: those of the options, and the configured ones.

    Raises:
        InvalidRequestError: One is no channel.
    """
    from conda.base.context import context

    from ..exceptions import InvalidRequestError

    try:
        return tuple(context.channels)
    except ValueError as error:
        raise InvalidRequestError(
            f"A channel is not one: {error}.",
            "Give a channel's name, its URL or the path of its folder.",
        ) from error


def options_of(args: Namespace) -> Options:
    """Return what the options ask for of one label.

    Raises:
        InvalidRequestError: Several labels are named, or a channel is none.
    """
    from conda.base.context import context

    from ..builder.options import Options
    from ..exceptions import InvalidRequestError
    from ..settings import default_root, default_sign_keys

    if len(args.offline_repo_labels) != 1:
        raise InvalidRequestError(
            "One label is built by options, not several: "
            f"{', '.join(args.offline_repo_labels) or 'none is named'}.",
            "Describe several in a file: `build --label LABEL ... --write-config` begins one.",
        )
    keys = args.offline_repo_sign_keys or default_sign_keys()
    return Options(
        label=args.offline_repo_labels[0],
        root=_path(args.offline_repo_root or default_root()),
        packages=tuple(args.offline_repo_packages),
        add=tuple(args.offline_repo_add),
        remove=tuple(args.offline_repo_remove),
        channels=configured_channels(),
        channels_named=bool(args.channel),
        label_channel=args.offline_repo_label_channel,
        token=_token(args),
        platforms=tuple(args.offline_repo_platforms),
        native_platform=context.subdir,
        virtual_packages=tuple(args.offline_repo_virtual_packages),
        plugin=True if args.offline_repo_plugin_file else args.offline_repo_plugin,
        plugin_file=_path(args.offline_repo_plugin_file) if args.offline_repo_plugin_file else None,
        installers=None
        if args.offline_repo_installers is None
        else tuple(map(_path, args.offline_repo_installers)),
        sign_keys=() if args.offline_repo_unsigned else tuple(map(_path, keys)),
        unsigned=args.offline_repo_unsigned,
        keep=args.offline_repo_keep,
        environments=_environments(args),
    )


def _environments(args: Namespace) -> tuple[EnvironmentSpec, ...]:
    from ..builder.options import EnvironmentSpec

    if args.offline_repo_environment_file:
        return (EnvironmentSpec(file=_path(args.offline_repo_environment_file)),)
    if args.offline_repo_from_prefix:
        return (EnvironmentSpec(prefix=_prefix(args.offline_repo_from_prefix)),)
    return ()


def _prefix(text: str) -> Path:
    """Return the environment of a name or path, as conda's -n and -p tell them apart."""
    from pathlib import Path

    from conda.base.context import locate_prefix_by_name

    from ..builder.config.formats import is_path

    if is_path(text):
        return _path(text)
    return Path(locate_prefix_by_name(text))


def _path(text: str) -> Path:
    from pathlib import Path

    return Path(text).expanduser()
