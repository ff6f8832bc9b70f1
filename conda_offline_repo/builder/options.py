"""What the user asks for, not yet checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class EnvironmentSpec:
    """An environment of a label: its name, empty if it has none, and where its packages stand: as
    MatchSpecs here, in an environment.yml, list or lock file, or in a prefix of this machine; and
    which environments or categories of a lock file are meant, if not all. What pip is to install
    besides are lines as in its requirements files.
    """

    name: str = ""
    packages: tuple[str, ...] = ()
    file: Path | None = None
    prefix: Path | None = None
    only: tuple[str, ...] = ()
    pip: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Options:
    """What the user typed for a build, not yet checked.

    What is None, or empty of packages, requirements of pip, platforms and solvers, is as the last
    build remembers it, unless these are all of the request (`whole`).

    Attributes:
        root: Parent of the label's folder.
        packages: MatchSpecs.
        pip: What pip is to install besides, lines as in its requirements files.
        pip_as_conda: Whether that is taken from the channels where they have it as conda packages.
        index_version: Of the index format, 1 or 3, that customers read.
        folder: Where relative paths in these lines begin.
        add: MatchSpecs to add to the remembered ones, in place of those of the same name.
        remove: Names or MatchSpecs to take away from the remembered ones, also of pip's.
        channels: conda's channels, named and configured, highest priority first.
        configured: Those of them that are configured only.
        channels_named: Whether any were named for this build, so that none are remembered.
        label_channel: Whether the publisher's label channel goes first.
        token: Opens the publisher's channels.
        native_platform: The platform for want of any other.
        virtual_packages: `[PLATFORM:]NAME=VERSION[=BUILD]`, which change the remembered ones.
        customer_conda: The versions of the customer's conda.
        customer_solvers: The solvers that it may have.
        plugin: Whether the plugin itself goes along.
        plugin_file: Its archive, in place of what the channels have.
        installers: conda's installers that go along.
        sign_keys: OpenSSH keys that sign the manifest.
        unsigned: Whether a repository that is signed may be published without a signature.
        other_sign_key: Whether it may be signed by none of those who signed the last release.
        keep: How many releases are to be installable.
        environments: The environments, where not all packages are in `packages`.
        exclude_newer: The duration or date that no package is to be newer than; empty or `none` for
            none.
        next_due: How long after a release the next one is due, as a duration; empty or `none` for
            not at all.
        withdraw: The numbers of releases to withdraw, and the reason for it, if any is given.
        fail_on: The kinds of warnings with which nothing is published; `warning` for all.
        verify_attestations: The file with the trusted root that attestations are verified with,
            if they are to be.
        try_install: Whether a release is installed on this machine before it is published.
        policy: JSON of the policy as it was stated, `{}` for none.
    """

    label: str
    root: Path
    packages: tuple[str, ...] = ()
    pip: tuple[str, ...] = field(default=(), repr=False)
    pip_as_conda: bool | None = None
    index_version: int | None = None
    folder: Path = Path()
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    configured: tuple[str, ...] = ()
    channels_named: bool = False
    label_channel: bool = True
    token: str | None = field(default=None, repr=False)
    platforms: tuple[str, ...] = ()
    native_platform: str = ""
    virtual_packages: tuple[str, ...] = ()
    customer_conda: str | None = None
    customer_solvers: tuple[str, ...] = ()
    plugin: bool | None = None
    plugin_file: Path | None = None
    installers: tuple[Path, ...] | None = None
    sign_keys: tuple[Path, ...] = ()
    unsigned: bool = False
    other_sign_key: bool = False
    keep: int | None = None
    environments: tuple[EnvironmentSpec, ...] = ()
    exclude_newer: str | None = None
    next_due: str | None = None
    withdraw: tuple[int, ...] = ()
    reason: str | None = None
    fail_on: tuple[str, ...] = ()
    verify_attestations: Path | None = None
    try_install: bool = False
    policy: str | None = None
    whole: bool = False
