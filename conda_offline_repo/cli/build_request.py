"""What is to be built: what the options ask for, or a file that describes labels."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import context, locate_prefix_by_name

from ..builder.config.read import read
from ..builder.config.values import is_path
from ..builder.options import EnvironmentSpec, Options
from ..exceptions import InvalidRequestError
from ..repository.manifest_json import present
from ..settings import default_root, default_sign_keys, environment_token

if TYPE_CHECKING:
    from argparse import Namespace

#: Where the file is looked for.
CONFIG_NAME = "offline-repo.yml"
#: The options that say something of a request, besides --keep and those of conda.
REQUEST = (
    *("--add", "--remove", "--environment-file", "--from-prefix", "--root", "--no-label-channel"),
    *("--token", "--platform", "--virtual-package", "--with-plugin", "--without-plugin"),
    *("--plugin-file", "--installer", "--without-installer", "--sign-key", "--no-sign-key"),
)


def config_path(args: Namespace) -> Path:
    """Return the file that is named, or the one of the current folder."""
    return Path(args.offline_repo_file or CONFIG_NAME).expanduser()


def described(args: Namespace) -> tuple[Options, ...]:
    """Return what the file describes of what is to be built; nothing if the options say it.

    Raises:
        InvalidRequestError: Both say it, or neither does.
    """
    labels, options = args.offline_repo_label, _given(args)
    path = config_path(args)
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
    builds = {build.label: build for build in read(path, defaults(), os.environ, labels)}
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
    return tuple(build for label, build in builds.items() if not labels or label in labels)


def defaults() -> Options:
    """Return what holds where the file says nothing; raises as `_channels`."""
    return Options(
        label="",
        root=_path(default_root()),
        channels=_channels(),
        native_platform=context.subdir,
        sign_keys=tuple(_path(key).absolute() for key in default_sign_keys()),
    )


def options_of(args: Namespace) -> Options:
    """Return what the options ask for of one label.

    Raises:
        InvalidRequestError: Several labels are named, or a channel is none.
    """
    if len(args.offline_repo_label) != 1:
        raise InvalidRequestError(
            "One label is built by options, not several: "
            f"{', '.join(args.offline_repo_label) or 'none is named'}.",
            "Describe several in a file: `build --label LABEL ... --write-config` begins one.",
        )
    plugin, installers = None, None
    if args.offline_repo_with_plugin or args.offline_repo_plugin_file:
        plugin = True
    elif args.offline_repo_without_plugin:
        plugin = False
    if args.offline_repo_installer or args.offline_repo_without_installer:
        installers = tuple(map(_path, args.offline_repo_installer or ()))
    keys = args.offline_repo_sign_key or default_sign_keys()
    return Options(
        label=args.offline_repo_label[0],
        root=_path(args.offline_repo_root or default_root()),
        packages=tuple(args.offline_repo_package),
        add=tuple(args.offline_repo_add),
        remove=tuple(args.offline_repo_remove),
        channels=_channels(),
        channels_named=bool(args.channel),
        label_channel=not args.offline_repo_no_label_channel,
        token=args.offline_repo_token or environment_token(),
        platforms=tuple(args.offline_repo_platform),
        native_platform=context.subdir,
        virtual_packages=tuple(args.offline_repo_virtual_package),
        plugin=plugin,
        plugin_file=_path(args.offline_repo_plugin_file) if args.offline_repo_plugin_file else None,
        installers=installers,
        sign_keys=() if args.offline_repo_no_sign_key else tuple(map(_path, keys)),
        unsigned=args.offline_repo_no_sign_key,
        keep=args.offline_repo_keep,
        environments=_environments(args),
    )


def _given(args: Namespace) -> list[str]:
    """Return which options say something of a request, as they are typed."""
    said = {
        "PACKAGE": args.offline_repo_package,
        "--channel": args.channel,
        "--override-channels": args.override_channels,
        "--keep": args.offline_repo_keep is not None,
    }
    for option in REQUEST:
        said[option] = getattr(args, f"offline_repo_{option[2:].replace('-', '_')}")
    return [option for option, value in said.items() if value]


def _built(labels: list[str]) -> bool:
    """Return whether there are repositories of these labels, which remember what is asked for."""
    root = _path(default_root())
    return bool(labels) and all(present(root / label) for label in labels)


def _channels() -> tuple[str, ...]:
    """Return conda's channels: those of the options, and the configured ones.

    Raises:
        InvalidRequestError: One is no channel.
    """
    try:
        return tuple(context.channels)
    except ValueError as error:
        raise InvalidRequestError(
            f"A channel is not one: {error}.",
            "Give a channel's name, its URL or the path of its folder.",
        ) from error


def _environments(args: Namespace) -> tuple[EnvironmentSpec, ...]:
    if file := args.offline_repo_environment_file:
        return (EnvironmentSpec(file=_path(file)),)
    if prefix := args.offline_repo_from_prefix:
        # a name or a path, as conda's -n and -p tell them apart
        place = _path(prefix) if is_path(prefix) else Path(locate_prefix_by_name(prefix))
        return (EnvironmentSpec(prefix=place),)
    return ()


def _path(text: str) -> Path:
    return Path(text).expanduser()
