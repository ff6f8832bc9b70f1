"""What a file has to say of a label that was built from the command line."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda.base.context import locate_prefix_by_name
from conda.exceptions import EnvironmentNameNotFound
from conda.models.channel import Channel

from ...repository.remembered import Remembered
from ...urls import channel_url, public
from ..request.customer import conda_versions, solver_name, solvers_of
from ..request.inputs.pip_line import VARIABLE, parsed
from ..request.inputs.pip_part import pip_part
from ..request.inputs.pip_part import remembered as as_remembered
from ..request.machine import machines
from .values import changed, is_path, path_of

if TYPE_CHECKING:
    from ..options import EnvironmentSpec, Options

ANACONDA = "https://conda.anaconda.org/"


def entry(
    options: Options, request: Remembered, common: Options, top: Mapping[str, Any], folder: Path
) -> dict[str, Any]:
    """Return what a file in a folder has to say of a label besides what it says of all.

    Args:
        options: See `write.write`.
        request: What the build remembers.
        common: The options of a label that says nothing.
        top: What the file says of all labels.
        folder: Of the file.
    """
    channels, label_channel = _channels(options, request)
    same = set(common.platforms) == set(request.platforms)
    keys, plugin, root = options.sign_keys, options.plugin_file, options.verify_attestations
    usual = (*map(Path.absolute, keys),) == common.sign_keys and options.unsigned == common.unsigned
    conda = conda_versions(common.customer_conda or Remembered.customer_conda)
    solvers = common.customer_solvers or solvers_of(request.customer_conda)
    same_solvers = {*map(solver_name, solvers)} == {*request.customer_solvers}
    stated = {
        "token": options.token and f"${{{options.token}}}",
        "label_channel": label_channel,
        "channels": channels,
        "platforms": list(common.platforms if same else request.platforms),
        "virtual_packages": _virtual_packages(request, top.get("virtual_packages", {})),
        "customer_conda": None if conda == request.customer_conda else request.customer_conda,
        "customer_solvers": None if same_solvers else [*request.customer_solvers],
        "keep": request.keep,
        "exclude_newer": request.exclude_newer or "none",
        "next_due": request.next_due or "none",
        "policy": request.policy if common.policy == "{}" else None,
        "pip_as_conda": request.pip_as_conda,
        "index_version": request.index_version,
        "with_plugin": relative(plugin, folder) if plugin else request.plugin,
        "installers": [relative(file, folder) for file in options.installers or ()],
        "fail_on": list(options.fail_on),
        "try_install": options.try_install,
        "verify_attestations": root and relative(root, folder),
        "sign_key": None if usual else [relative(key, folder) for key in keys],
    }
    settings = {
        key: value
        for key, value in stated.items()
        if value is not None and changed(common, {key: value}, folder) != common
    }
    return {**settings, **_environments(options, request, folder)}


def relative(path: Path, folder: Path) -> str:
    """Return a path as a file in this folder names it: relative if it is below."""
    path = path.absolute()
    if path != folder and folder not in path.parents:
        return str(path)
    text = path.relative_to(folder).as_posix()
    return f"./{text}" if text.startswith("~") else text


def _channels(options: Options, request: Remembered) -> tuple[list[str], bool]:
    """Return the channels to name, and whether the label channel goes before them."""
    suffix = f"/label/{options.label}"
    urls = [public(url) for url in request.channels]
    label_channel = options.label_channel and bool(urls) and urls[0].endswith(suffix)
    if label_channel and urls[1:2] == [urls[0].removesuffix(suffix)]:
        del urls[0]
    return list(map(_channel, urls)), label_channel


def _channel(url: str) -> str:
    """Return a channel's name, where that is enough, or its URL."""
    name = url.removeprefix(ANACONDA)
    return name if name != url and channel_url(Channel(name)) == url else url


def _virtual_packages(
    request: Remembered, common: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, str]]:
    """Return how the machines differ from those that hold where nothing is said."""
    changes: dict[str, dict[str, str]] = {}
    for platform, machine in request.virtual_packages.items():
        stated = [f"{name}={version}" for name, version in common.get(platform, {}).items()]
        usual = machines((platform,), {}, stated)[platform]
        for name in sorted({*usual, *machine}):
            if machine.get(name) != usual.get(name):
                changes.setdefault(platform, {})[name] = machine.get(name, "")
    return changes


def _environments(options: Options, request: Remembered, folder: Path) -> dict[str, Any]:
    ways = {
        spec.name: {**_way(spec, folder), **_pip(_lines(spec.pip, options.folder, folder))}
        for spec in options.environments
    }
    if way := ways.get(""):
        return {"environment" if key == "file" else key: value for key, value in way.items()}
    remembered = {
        name: [*part.get("index", ()), *part.get("requirements", ())]
        for name, part in request.pip.items()
    }
    if not ways and not request.environments:
        lines = _lines(options.pip, options.folder, folder) or remembered.get("", [])
        return {**_packages(request.packages), **_pip(lines)}
    named = {
        name: {**_packages(packages), **_pip(remembered.get(name, []))}
        for name, packages in request.environments.items()
    }
    ways = {**named, **ways}
    return {
        "environments": {
            name: way["packages"] if way.keys() == {"packages"} else way
            for name, way in ways.items()
        }
    }


def _packages(packages: Sequence[str]) -> dict[str, list[str]]:
    return {"packages": [*packages]} if packages else {}


def _pip(lines: Sequence[str]) -> dict[str, list[str]]:
    return {"pip": [*lines]} if lines else {}


def _lines(lines: Sequence[str], source: Path, folder: Path) -> list[str]:
    """Return lines for pip as a file in this folder has them."""
    return [text for line in lines for text in _line(line, source.absolute(), folder)]


def _line(line: str, source: Path, folder: Path) -> Iterator[str]:
    _, given = parsed(line)
    files = [("-r", file) for file in given.requirement]
    files += [("-c", file) for file in given.constraint]
    for option, file in files:
        yield f"{option} {shlex.quote(relative(path_of(source, file), folder))}"
    if VARIABLE.search(line):
        yield line
    elif not files:
        part = as_remembered(pip_part(repr(line), (line,), source))
        yield from (*part.get("index", ()), *part.get("requirements", ()))


def _way(spec: EnvironmentSpec, folder: Path) -> dict[str, Any]:
    if spec.file:
        only = {"only": list(spec.only)} if spec.only else {}
        return {"file": relative(spec.file, folder), **only}
    if not spec.prefix:
        return _packages(spec.packages)
    prefix = spec.prefix.absolute()
    with suppress(EnvironmentNameNotFound):
        if not is_path(prefix.name) and Path(locate_prefix_by_name(prefix.name)) == prefix:
            return {"from_prefix": prefix.name}
    text = relative(prefix, folder)
    return {"from_prefix": text if is_path(text) else f"./{text}"}
