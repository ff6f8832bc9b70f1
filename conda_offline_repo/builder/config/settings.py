"""What the file says, of all labels and of each."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ruamel.yaml.nodes import MappingNode

    from ..options import EnvironmentSpec


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
class Settings:
    """What the file says of a label, or of all, in its own keys; None for what it does not say.

    The order is that of the keys where a label is written.

    Attributes:
        token: The variable that has the publisher's token.
        label_channel: Whether the publisher's label channel goes first.
        channels: conda's channels, highest priority first.
        platforms: conda subdirs.
        virtual_packages: By platform and name: `VERSION` or `VERSION=BUILD`; empty for none.
        keep: How many releases are to be installable.
        with_plugin: Whether the plugin goes along, or the archive to take for it.
        installers: conda's installers that go along.
        sign_key: OpenSSH keys; none to publish without a signature.
    """

    token: str | None = None
    label_channel: bool | None = None
    channels: tuple[str, ...] | None = None
    platforms: tuple[str, ...] | None = None
    virtual_packages: Mapping[tuple[str, str], str] = field(default_factory=dict)
    keep: int | None = None
    with_plugin: bool | Path | None = None
    installers: tuple[Path, ...] | None = None
    sign_key: tuple[Path, ...] | None = None

    def over(self, others: Settings) -> Settings:
        """Return what is said here, and of the rest what is said there."""
        said = {name: value for name, value in vars(self).items() if value is not None}
        merged = {**others.virtual_packages, **self.virtual_packages}
        return replace(others, **{**said, "virtual_packages": merged})


@dataclass(frozen=True)
class Label:
    """What the file says of a label.

    Attributes:
        name: Of the label.
        settings: Its own, over those of the file.
        environments: What it asks for; none for all that the label channel publishes.
    """

    name: str
    settings: Settings
    environments: tuple[EnvironmentSpec, ...]


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
    node: MappingNode
