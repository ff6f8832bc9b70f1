"""The request of a build, as a manifest remembers it for the next one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: The keys of a request that a manifest always has; others only where they differ from none.
ALWAYS = ("packages", "channels", "platforms", "virtual_packages")

#: conda's own solvers, sorted: those that have been its default.
SOLVERS = ("classic", "libmamba", "rattler")


@dataclass(frozen=True)
class Remembered:
    """The request of the build that made the repository, without secrets.

    Attributes:
        packages: MatchSpecs of the only environment, which has no name; empty for all packages of
            the label channel, or if there are environments.
        channels: URLs, highest priority first.
        platforms: conda subdirs.
        virtual_packages: By platform, by name: `VERSION` or `VERSION=BUILD`.
        plugin: Whether the plugin goes along.
        keep: How many releases stay installable.
        exclude_newer: The duration or date, as it was stated, that no package is newer than; empty
            for any.
        environments: MatchSpecs by name of the environment; empty for an exact one.
        exact: The environments whose archives were named exactly; `""` for the unnamed one.
        pip: By name of the environment, what pip is to install besides: `requirements`,
            `constraints`, and options on where its `index` is, as in its requirements files.
        pip_as_conda: Whether that is taken from the channels where they have it as conda packages.
        index_version: Of the index format (CEP 48): 3 where its entries go along.
        publisher_named: Whether the first channel was named as the publisher's, which a token is
            for. It was not where it came from a file or from conda's configuration.
        customer_conda: The versions of the customer's conda, as a `VersionSpec` of conda's.
        customer_solvers: The solvers that it may have, sorted.
        next_due: How long after a release the next one is due, as a duration; empty if it is not.
        policy: The policy as it was stated; empty for none. See `audit.policy`.
    """

    packages: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    virtual_packages: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    plugin: bool = False
    keep: int = 1
    exclude_newer: str = ""
    environments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    exact: tuple[str, ...] = ()
    pip: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    pip_as_conda: bool = True
    index_version: int = 1
    publisher_named: bool = True
    customer_conda: str = ">=24.7"
    customer_solvers: tuple[str, ...] = SOLVERS
    next_due: str = ""
    policy: Mapping[str, Any] = field(default_factory=dict)
