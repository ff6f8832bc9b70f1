"""What the user asks for, not yet checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class EnvironmentSpec:
    """What the user named for one environment of a label: packages, a file or a prefix.

    Attributes:
        name: Of the environment; empty if it is the only one of the label and has none.
        packages: MatchSpecs.
        file: An environment.yml, an explicit list or a lock file.
        prefix: An environment of conda's on this machine.
    """

    name: str = ""
    packages: tuple[str, ...] = ()
    file: Path | None = None
    prefix: Path | None = None


@dataclass(frozen=True)
class Options:
    """What the user typed for a build, not yet checked.

    Attributes:
        label: The customer's name.
        root: Parent of the label's folder.
        packages: MatchSpecs; empty for what the last build remembers.
        add: MatchSpecs to add to the remembered ones, in the place of those of the same name.
        remove: Names or MatchSpecs to take away from the remembered ones.
        channels: conda's channels, named and configured, highest priority first.
        channels_named: Whether any were named for this build, so that none are remembered.
        label_channel: Whether the publisher's label channel goes first.
        token: The publisher's token.
        platforms: conda subdirs; empty for the remembered ones.
        native_platform: The platform for want of any other.
        virtual_packages: `[PLATFORM:]NAME=VERSION[=BUILD]`, which change the remembered ones.
        plugin: Whether the plugin itself goes along; None for what the last build remembers.
        plugin_file: The archive to take for it, else what the channels have.
        installers: conda's installers that go along; None for those of the last build.
        sign_keys: OpenSSH keys that sign the manifest.
        unsigned: Whether a repository that is signed may be published without a signature.
        keep: How many releases are to be installable; None for what the last build remembers.
        environments: What is named in another way than by `packages`, an environment each.
        whole: Whether these are all of the request, so that nothing is remembered.
    """

    label: str
    root: Path
    packages: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    channels_named: bool = False
    label_channel: bool = True
    token: str | None = field(default=None, repr=False)
    platforms: tuple[str, ...] = ()
    native_platform: str = ""
    virtual_packages: tuple[str, ...] = ()
    plugin: bool | None = None
    plugin_file: Path | None = None
    installers: tuple[Path, ...] | None = None
    sign_keys: tuple[Path, ...] = ()
    unsigned: bool = False
    keep: int | None = None
    environments: tuple[EnvironmentSpec, ...] = ()
    whole: bool = False
