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
from .places import is_path
from .settings import Settings

if TYPE_CHECKING:
    from typing import Any

    from ...repository.manifest import Remembered
    from ..options import Options
    from .read import Defaults

ANACONDA = "https://conda.anaconda.org/"
#: What holds where the file says nothing, and does not differ from machine to machine.
UNSAID = Settings(keep=1, with_plugin=False, installers=(), label_channel=True, token=None)


def settings(
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
    wanted = Settings(
        channels=channels,
        platforms=_platforms(request, common),
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


def asked(options: Options, request: Remembered) -> tuple[EnvironmentSpec, ...]:
    """Return what the label is to have, an environment each; none for all there is."""
    given = {one.name: one for one in options.environments}
    if "" in given:
        return (given[""],)
    remembered = {
        name: EnvironmentSpec(name, packages) for name, packages in request.environments.items()
    }
    if not remembered and not given and request.packages:
        return (EnvironmentSpec(packages=request.packages),)
    return tuple({**remembered, **given}.values())


def entry(said: Settings, ways: tuple[EnvironmentSpec, ...], folder: Path) -> dict[str, Any]:
    """Return a label as the mapping that stands in a file of this folder."""
    machine: dict[str, dict[str, str]] = {}
    for (platform, name), version in said.virtual_packages.items():
        machine.setdefault(platform, {})[name] = version
    plugin = said.with_plugin
    found = {
        "token": said.token and f"${{{said.token}}}",
        "label_channel": said.label_channel,
        "channels": _list(said.channels),
        "platforms": _list(said.platforms),
        "virtual_packages": machine or None,
        "keep": said.keep,
        "with_plugin": path(plugin, folder) if isinstance(plugin, Path) else plugin,
        "installers": _paths(said.installers, folder),
        "sign_key": _paths(said.sign_key, folder),
    }
    return {
        **{key: value for key, value in found.items() if value is not None},
        **_ways(ways, folder),
    }


def path(place: Path, folder: Path) -> str:
    """Return a path as a file in this folder names it: relative if it is below."""
    if place != folder and folder not in place.parents:
        return str(place)
    text = place.relative_to(folder).as_posix()
    return f"./{text}" if text.startswith("~") else text


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


def _platforms(request: Remembered, common: Settings) -> tuple[str, ...]:
    known = common.platforms or ()
    return known if set(known) == set(request.platforms) else request.platforms


def _sign_key(options: Options, common: Settings, defaults: Defaults) -> tuple[Path, ...] | None:
    """Return the keys to name; None for those that sign where the file says nothing."""
    usual = tuple(Path(key).expanduser().absolute() for key in defaults.sign_keys)
    keys = tuple(key.absolute() for key in options.sign_keys)
    if options.unsigned:
        return ()
    return None if keys == usual and common.sign_key is None else keys


def _virtual_packages(request: Remembered, common: Settings) -> dict[tuple[str, str], str]:
    """Return how the machines differ from those that hold where nothing is said."""
    found = {}
    for platform, machine in request.virtual_packages.items():
        stated = [
            f"{platform}:{name}={version}"
            for (where, name), version in common.virtual_packages.items()
            if where == platform
        ]
        usual = machines((platform,), {}, stated)[platform]
        for name in sorted({*usual, *machine}):
            if machine.get(name) != usual.get(name):
                found[platform, name] = machine.get(name, "")
    return found


def _ways(ways: tuple[EnvironmentSpec, ...], folder: Path) -> dict[str, Any]:
    if len(ways) == 1 and not ways[0].name:
        key, value = _way(ways[0], folder)
        return {"environment" if key == "file" else key: value}
    environments: dict[str, Any] = {}
    for one in ways:
        key, value = _way(one, folder)
        environments[one.name] = value if key == "packages" else {key: value}
    return {"environments": environments} if environments else {}


def _way(one: EnvironmentSpec, folder: Path) -> tuple[str, str | list[str]]:
    if one.file:
        return "file", path(one.file.absolute(), folder)
    if one.prefix:
        return "from_prefix", _prefix(one.prefix.absolute(), folder)
    return "packages", list(one.packages)


def _prefix(prefix: Path, folder: Path) -> str:
    """Return an environment by its name, if conda finds it so, or by its path."""
    try:
        if not is_path(prefix.name) and Path(locate_prefix_by_name(prefix.name)) == prefix:
            return prefix.name
    except EnvironmentNameNotFound:
        pass
    text = path(prefix, folder)
    return text if is_path(text) else f".{os.sep}{text}"


def _list(values: tuple[str, ...] | None) -> list[str] | None:
    return None if values is None else list(values)


def _paths(values: tuple[Path, ...] | None, folder: Path) -> list[str] | None:
    return None if values is None else [path(one, folder) for one in values]
