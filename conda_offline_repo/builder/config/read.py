"""The story of reading `offline-repo.yml`: from its text to the options of every label."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ruamel.yaml.nodes import MappingNode

from ...redaction import found_in
from ..options import Options
from . import nodes
from .exceptions import ConfigFileError, Mistake
from .reader import Reader
from .schema import NO_LABELS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from .settings import Content, Defaults, Label


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
    node = nodes.compose(text, path)
    if not isinstance(node, MappingNode):
        raise ConfigFileError(path, [Mistake(1, 1, NO_LABELS)])
    reader = Reader(node, path.absolute().parent, defaults)
    content = reader.content(environ, labels)
    if reader.mistakes:
        redact = found_in((), tokens=reader.secrets).redact
        raise ConfigFileError(
            path, (Mistake(m.line, m.column, redact(m.message)) for m in reader.mistakes)
        )
    return content


def _options(label: Label, root: Path, defaults: Defaults, environ: Mapping[str, str]) -> Options:
    said = label.settings
    platforms = said.platforms or ()
    keys = said.sign_key
    only = label.environments[0] if len(label.environments) == 1 else None
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
        environments=() if packages else label.environments,
        whole=True,
    )
