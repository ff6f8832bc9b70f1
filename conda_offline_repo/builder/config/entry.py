"""What a file has to say of a label that was built from the command line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import locate_prefix_by_name
from conda.exceptions import EnvironmentNameNotFound
from conda.models.channel import Channel

from ...urls import channel_url, public
from ..options import EnvironmentSpec
from ..request.machine import machines
from .formats import is_path
from .settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ...repository.manifest import Remembered
    from ..options import Options
    from .settings import Defaults

ANACONDA = "https://conda.anaconda.org/"
#: What holds where the file says nothing, and does not differ from machine to machine.
UNSAID = Settings(keep=1, with_plugin=False, installers=(), label_channel=True)


def settings_of(
    options: Options,
    request: Remembered,
    common: Settings,
    defaults: Defaults,
    variable: str | None,
) -> Settings:
    """Return what is to be said of a label besides what the file says of all.

    Args:
        options: Of the build.
        request: What the build remembers.
        common: What the file says of all labels.
        defaults: What holds where it says nothing.
        variable: The environment variable that has the publisher's token.
    """
    channels, label_channel = _channels(options, request)
    same = set(common.platforms or ()) == set(request.platforms)
    wanted = Settings(
        channels=channels,
        platforms=common.platforms if same else request.platforms,
        sign_key=_sign_key(options, common, defaults),
        keep=request.keep,
        with_plugin=options.plugin_file.absolute() if options.plugin_file else request.plugin,
        installers=tuple(file.absolute() for file in options.installers or ()),
        label_channel=label_channel,
        token=variable,
    )
    known = common.over(UNSAID)
    new = {name: value for name, value in vars(wanted).items() if value != getattr(known, name)}
    return Settings(**{**new, "virtual_packages": _virtual_packages(request, common)})


def environments_of(options: Options, request: Remembered) -> tuple[EnvironmentSpec, ...]:
    """Return the environments that the label asks for; none for all there is."""
    given = {spec.name: spec for spec in options.environments}
    if "" in given:
        return (given[""],)
    remembered = {
        name: EnvironmentSpec(name, packages) for name, packages in request.environments.items()
    }
    if not remembered and not given and request.packages:
        return (EnvironmentSpec(packages=request.packages),)
    return tuple({**remembered, **given}.values())


def entry(said: Settings, specs: Iterable[EnvironmentSpec], folder: Path) -> dict[str, Any]:
    """Return a label as the mapping that stands in a file of this folder."""
    token = said.token and f"${{{said.token}}}"
    values = {**vars(said), "token": token, "virtual_packages": {}}
    for (platform, name), version in said.virtual_packages.items():
        values["virtual_packages"].setdefault(platform, {})[name] = version
    for spec in specs:
        way, value = _way(spec, folder)
        if not spec.name:
            values["environment" if way == "file" else way] = value
        else:
            values.setdefault("environments", {})[spec.name] = (
                value if way == "packages" else {way: value}
            )
    return {
        key: _written(value, folder)
        for key, value in values.items()
        if value is not None and value != {}
    }


def relative(path: Path, folder: Path) -> str:
    """Return a path as a file in this folder names it: relative if it is below."""
    if path != folder and folder not in path.parents:
        return str(path)
    text = path.relative_to(folder).as_posix()
    return f"./{text}" if text.startswith("~") else text


def _written(value: Any, folder: Path) -> Any:
    if isinstance(value, tuple):
        return [_written(item, folder) for item in value]
    return relative(value, folder) if isinstance(value, Path) else value


def _channels(options: Options, request: Remembered) -> tuple[tuple[str, ...], bool]:
    """Return the channels to name, and whether the label channel goes before them."""
    suffix = f"/label/{options.label}"
    urls = [public(url) for url in request.channels]
    label_channel = options.label_channel and bool(urls) and urls[0].endswith(suffix)
    if label_channel and urls[1:2] == [urls[0].removesuffix(suffix)]:
        del urls[0]
    return tuple(map(_channel, urls)), label_channel


def _channel(url: str) -> str:
    """Return a channel's name, where that is enough, or its URL."""
    name = url.removeprefix(ANACONDA)
    return name if name != url and channel_url(Channel(name)) == url else url


def _sign_key(options: Options, common: Settings, defaults: Defaults) -> tuple[Path, ...] | None:
    """Return the keys to name; None for those that sign where the file says nothing."""
    usual = tuple(Path(key).expanduser().absolute() for key in defaults.sign_keys)
    keys = tuple(key.absolute() for key in options.sign_keys)
    if options.unsigned:
        return ()
    return None if keys == usual and common.sign_key is None else keys


def _virtual_packages(request: Remembered, common: Settings) -> dict[tuple[str, str], str]:
    """Return how the machines differ from those that hold where nothing is said."""
    changes = {}
    for platform, machine in request.virtual_packages.items():
        stated = [
            f"{place}:{name}={version}"
            for (place, name), version in common.virtual_packages.items()
            if place == platform
        ]
        usual = machines((platform,), {}, stated)[platform]
        for name in sorted({*usual, *machine}):
            if machine.get(name) != usual.get(name):
                changes[platform, name] = machine.get(name, "")
    return changes


def _way(spec: EnvironmentSpec, folder: Path) -> tuple[str, object]:
    if spec.file:
        return "file", relative(spec.file.absolute(), folder)
    if not spec.prefix:
        return "packages", list(spec.packages)
    prefix = spec.prefix.absolute()
    try:
        if not is_path(prefix.name) and Path(locate_prefix_by_name(prefix.name)) == prefix:
            return "from_prefix", prefix.name
    except EnvironmentNameNotFound:
        pass
    text = relative(prefix, folder)
    return "from_prefix", text if is_path(text) else f".{os.sep}{text}"
