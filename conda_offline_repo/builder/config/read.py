"""The story of reading `offline-repo.yml`: from its text to the options of every label."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from ruamel.yaml.nodes import MappingNode

from ...exceptions import InvalidRequestError
from ..options import Options
from ..request import channels as channel_list
from . import environments, nodes, places, settings
from .exceptions import ConfigFileError, Mistake
from .reader import Reader
from .value import Value
from .words import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ruamel.yaml.nodes import Node

    from ..options import EnvironmentSpec
    from .settings import Settings

OF_FILE = ("root", "labels")
TOP = (*OF_FILE, *settings.READERS)
OF_LABEL = (*settings.READERS, *environments.OF_LABEL)
BELONGS_TO_FILE = MappingProxyType(
    {
        "root": "belongs to the whole file: put it at the top",
        "labels": "belongs to the whole file: put it at the top",
    }
)
BELONGS_TO_LABEL = MappingProxyType(
    dict.fromkeys(environments.OF_LABEL, "belongs to a label: put it below 'labels'")
)
FORM = "write LABEL: {packages: [PACKAGE, ...]}"
NO_LABELS = "There are no labels: write labels: {LABEL: {packages: [PACKAGE, ...]}}."


@dataclass(frozen=True)
class Defaults:
    """What holds where the file says nothing.

    Attributes:
        native_platform: Of this machine.
        channels: The configured ones.
        root: Parent of the labels' folders; relative to the current folder.
        sign_keys: OpenSSH keys.
    """

    native_platform: str
    channels: tuple[str, ...] = ()
    root: str = "."
    sign_keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Label:
    """What the file says of a label.

    Attributes:
        name: Of the label.
        settings: Its own, over those of the file.
        asked: Its environments; none for all that the label channel publishes.
        node: Where its name stands.
    """

    name: str
    settings: Settings
    asked: tuple[EnvironmentSpec, ...]
    node: Node


@dataclass(frozen=True)
class Content:
    """What the file says.

    Attributes:
        root: Parent of the labels' folders; None if it does not say.
        settings: Those of all labels.
        labels: In the file's order.
        node: The mapping of the labels.
    """

    root: Path | None
    settings: Settings
    labels: tuple[Label, ...]
    node: Node


def read(
    path: Path, defaults: Defaults, environ: Mapping[str, str], labels: Collection[str] = ()
) -> tuple[Options, ...]:
    """Return the options of every label of the file, in its order.

    They are all of the request: nothing is remembered from earlier builds.

    Args:
        path: The file.
        defaults: What holds where it says nothing.
        environ: The environment variables that tokens are taken from.
        labels: Those that will be built; none for all. The variables of others need not be set.

    Raises:
        ConfigFileError: The file cannot be read, or has mistakes.
    """
    content = parse(nodes.read_text(path), path, defaults, environ, labels)
    root = content.root or Path(defaults.root).expanduser()
    return tuple(_options(label, root, defaults, environ) for label in content.labels)


def parse(
    text: str,
    path: Path,
    defaults: Defaults,
    environ: Mapping[str, str] | None,
    labels: Collection[str] = (),
) -> Content:
    """Return what the text of the file says.

    Args:
        text: Of the file.
        path: Of the file: relative paths begin at its folder.
        defaults: What holds where it says nothing.
        environ: The variables that tokens are taken from; None to take none.
        labels: Whose tokens are taken; none for all.

    Raises:
        ConfigFileError: It has mistakes.
    """
    reader = Reader(path.absolute().parent, environ)
    node = nodes.compose(text, path)
    if not isinstance(node, MappingNode):
        raise ConfigFileError(path, [Mistake(1, 1, NO_LABELS)])
    reader.tags(node)
    top = reader.entries(Value("", node), "")
    known = list(reader.known(top, TOP, BELONGS_TO_LABEL))
    said = [value for value in known if value.name not in OF_FILE]
    common = settings.read(reader, said)
    roots = [places.folder(reader, value) for value in known if value.name == "root"]
    lists = [value for value in known if value.name == "labels"]
    found = [
        label for value in lists for label in _labels(reader, value, common, said, defaults, labels)
    ]
    if not lists and "labels" not in {nearest(value.name, TOP) for value in top}:
        reader.say(node, NO_LABELS)
    reader.finish(path)
    return Content(roots[0] if roots else None, common, tuple(found), lists[0].node)


def _labels(
    reader: Reader,
    value: Value,
    common: Settings,
    said: list[Value],
    defaults: Defaults,
    wanted: Collection[str],
) -> list[Label]:
    if value.is_empty or value.is_nothing:
        reader.say(value.top, f"There are no labels here: {FORM}.")
        return []
    entries = reader.entries(value, FORM)
    environments.check_names(reader, entries, "label")
    others = replace(reader, environ=None)
    return [
        _label(
            others if wanted and entry.name not in wanted else reader,
            entry,
            common,
            said,
            defaults,
        )
        for entry in entries
    ]


def _label(
    reader: Reader, value: Value, common: Settings, said: list[Value], defaults: Defaults
) -> Label:
    """Return a label; it may have no value: then it is what the file says of all."""
    entries = [] if value.is_nothing else reader.entries(value, "write packages: [PACKAGE, ...]")
    known = list(reader.known(entries, OF_LABEL, BELONGS_TO_FILE))
    own = [one for one in known if one.name in settings.READERS]
    merged = settings.read(reader, own).over(common)
    ways = [one for one in known if one.name in environments.OF_LABEL]
    asked = environments.read(reader, ways)
    if not ways and merged.label_channel is False:
        what = f"Without its label channel, there is nothing to ship for {value.name!r}"
        reader.say(value.top, f"{what}: name packages.")
    named = [one for one in (*said, *own) if one.name == "channels"]
    if named:
        _check_order(reader, value.name, merged, named[-1])
    elif not defaults.channels:
        reader.say(value.top, f"No channel is named for {value.name!r}, or configured.")
    return Label(value.name, merged, asked, value.top)


def _check_order(reader: Reader, label: str, merged: Settings, value: Value) -> None:
    """Note channels whose order cannot be meant for a label."""
    if not merged.channels or merged.label_channel is False:
        return
    try:
        channel_list.sources(merged.channels, None, label=label, label_channel=True, token=None)
    except InvalidRequestError as error:
        hint = "Name the publisher first, or write label_channel: false."
        reader.say(value.node, f"{settings.reason(error)} {hint}")


def _options(label: Label, root: Path, defaults: Defaults, environ: Mapping[str, str]) -> Options:
    said = label.settings
    platforms = said.platforms or ()
    keys = said.sign_key
    only = label.asked[0] if len(label.asked) == 1 else None
    packages = only.packages if only and not only.name else ()
    return Options(
        label=label.name,
        root=root,
        packages=packages,
        channels=said.channels or defaults.channels,
        channels_named=said.channels is not None,
        label_channel=said.label_channel is not False,
        token=environ.get(said.token) if said.token else None,
        platforms=platforms,
        native_platform=defaults.native_platform,
        virtual_packages=tuple(
            f"{platform}:{name}={version}"
            for (platform, name), version in said.virtual_packages.items()
            if platform in platforms or not platforms
        ),
        plugin=bool(said.with_plugin),
        plugin_file=said.with_plugin if isinstance(said.with_plugin, Path) else None,
        installers=said.installers or (),
        sign_keys=tuple(Path(key).expanduser() for key in defaults.sign_keys)
        if keys is None
        else keys,
        unsigned=keys == (),
        keep=said.keep or 1,
        environments=() if packages else label.asked,
        whole=True,
    )
