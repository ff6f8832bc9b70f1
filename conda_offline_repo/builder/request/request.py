"""What a label asks for: options and what the last build remembers, made one checked request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...audit.policy import parse_policy
from ...clock import release_time
from ...cooldown import Cooldown, cooldown, due_day
from ...exceptions import InvalidRequestError
from ...repository.locate import labels_in
from ...repository.manifest import VERSION_3, Manifest
from ...repository.names import check_label, check_written
from ...repository.remembered import SOLVERS, Remembered
from ..exceptions import NothingAskedError
from ..warnings import BuildWarning
from .changes import withdrawn
from .customer import customer, solvers_of
from .environments import environments
from .foreign import check_foreign
from .inputs.pip_part import remembered
from .machine import machines, platforms_of
from .sources import added, sources_of

if TYPE_CHECKING:
    from datetime import datetime

    from ...specs import PackageSpec
    from ..options import Options
    from .channels import ChannelSource
    from .inputs.pinned import Environment

#: What conda takes for a token in a channel's URL (`conda.common.url.split_anaconda_token`).
TOKEN = re.compile(r"[A-Za-z0-9-]+", re.ASCII)


@dataclass(frozen=True)
class Request:
    """What a label asks for, checked.

    Attributes:
        environments: Sorted by name; one that is empty has all that the label channel publishes.
        sources: Channels, highest priority first.
        label_source: The label channel, if it is among the sources.
        platforms: conda subdirs, sorted.
        virtual_packages: By platform, by name: `VERSION` or `VERSION=BUILD`. Platforms that
            earlier builds were for are among them, for when they come back.
        time: Of its release, in UTC.
        customer_conda: The versions of the customer's conda, as a `VersionSpec` of conda's.
        customer_solvers: The solvers that it may have, sorted.
        solvers_named: Whether somebody named these, now or for the build that is remembered.
        pip_as_conda: Whether what pip is to install is taken from the channels where they have it.
        index_version: Of the index format that customers read: 3 for packages that are there in it
            alone.
        plugin: Whether the plugin itself goes along.
        keep: How many releases are to be installable from the folder.
        cooldown: What packages are too new; None if none is.
        next_due: How long after its release the next one is due, as a duration; empty if it is not.
        withdrawn: The releases that nobody must use any more, by number, each with the reason.
        warnings: What of files is not followed, and what is added to them.
        publisher: The URL of the channel that was named as the publisher's, now or for the build
            that is remembered; empty if none was.
        token_given: Whether a token was given for the publisher's channels.
        policy: As it was stated, see `audit.policy`; empty for none.
        from_file: Whether `offline-repo.yml` describes the request.
    """

    label: str
    environments: tuple[Environment, ...]
    sources: tuple[ChannelSource, ...]
    label_source: ChannelSource | None
    platforms: tuple[str, ...]
    virtual_packages: Mapping[str, Mapping[str, str]]
    time: datetime
    customer_conda: str = Remembered.customer_conda
    customer_solvers: tuple[str, ...] = SOLVERS
    solvers_named: bool = False
    pip_as_conda: bool = True
    index_version: int = 1
    plugin: bool = False
    keep: int = 1
    cooldown: Cooldown | None = None
    next_due: str = ""
    withdrawn: Mapping[int, str] = field(default_factory=dict)
    warnings: tuple[BuildWarning, ...] = ()
    publisher: str = ""
    token_given: bool = False
    policy: Mapping[str, Any] = field(default_factory=dict)
    from_file: bool = False

    @property
    def packages(self) -> tuple[PackageSpec, ...]:
        """The packages of all environments."""
        specs = (spec for environment in self.environments for spec in environment.packages)
        return tuple(dict.fromkeys(specs))


def repository_of(options: Options) -> Path:
    """Return the folder of a label's repository.

    Raises:
        InvalidLabelError: The label cannot name a folder.
    """
    check_label(options.label)
    repository = options.root.absolute() / options.label
    check_written(repository)
    return repository


def resolve(options: Options, last: Manifest | None) -> Request:
    """Make the request of a build from its options and from the manifest of the last one.

    Everything is checked here, and nothing of it later.

    Raises:
        NothingAskedError: Neither channels nor packages are named, and there was no build yet in
            this root, which may be the wrong one.
        InvalidRequestError: A part of the request is wrong or missing.
        OfflineRepoError: A file or an environment that is named cannot be read.
    """
    _check(options)
    time = release_time()
    named = options.packages or options.pip or options.environments or options.channels_named
    if not (last or named or options.whole):
        raise NothingAskedError(options.label, options.root.absolute(), labels_in(options.root))
    withdraws = withdrawn(options, last)
    remembered_policy = last.request.policy if last else {}
    policy = remembered_policy if options.policy is None else json.loads(options.policy)
    if policy != remembered_policy:
        parse_policy(policy)  # for its mistakes
    last = None if options.whole else last
    before = last.request if last else Remembered()
    next_due = before.next_due if options.next_due is None else options.next_due.strip()
    wanted = environments(options, last)
    platforms = platforms_of(options, wanted, before)
    check_foreign(wanted, platforms)
    channels, label_channel, publisher = sources_of(options, wanted, platforms, last)
    if not label_channel and not all(env.packages or env.exact for env in wanted):
        raise InvalidRequestError(
            "No package is named.",
            "Name the packages, or leave out --no-label-channel to ship all that the label "
            "channel publishes.",
        )
    version = options.index_version or before.index_version
    conda, solvers = customer(options.customer_conda, options.customer_solvers, before, version)
    return Request(
        label=options.label,
        environments=wanted,
        sources=channels,
        label_source=label_channel,
        platforms=platforms,
        virtual_packages=machines(platforms, before.virtual_packages, options.virtual_packages),
        time=time,
        customer_conda=conda,
        customer_solvers=solvers,
        solvers_named=bool(options.customer_solvers) or solvers != solvers_of(conda),
        pip_as_conda=(
            before.pip_as_conda if options.pip_as_conda is None else options.pip_as_conda
        ),
        index_version=version,
        plugin=before.plugin if options.plugin is None else options.plugin,
        keep=options.keep or before.keep,
        cooldown=cooldown(
            before.exclude_newer if options.exclude_newer is None else options.exclude_newer, time
        ),
        next_due=next_due if due_day(next_due, time) else "",
        withdrawn=withdraws,
        warnings=(*_left_out(wanted, platforms), *added(options, wanted, last)),
        publisher=publisher,
        token_given=bool(options.token),
        policy=policy,
        from_file=options.whole,
    )


def remember(request: Request) -> Remembered:
    """Return what the next build of the label remembers of a request."""
    texts = {env.name: tuple(map(str, env.packages)) for env in request.environments}
    pip = {env.name: remembered(env.pip) for env in request.environments}
    names = vars(request).keys() & {field.name for field in fields(Remembered)}
    same: dict[str, Any] = {name: getattr(request, name) for name in names - {"environments"}}
    return Remembered(
        **same,
        packages=texts.pop("", ()),
        channels=tuple(source.url for source in request.sources),
        exclude_newer=request.cooldown.text if request.cooldown else "",
        environments=texts,
        exact=tuple(env.name for env in request.environments if env.exact),
        pip={name: part for name, part in pip.items() if part},
        publisher_named=bool(request.publisher),
    )


def _check(options: Options) -> None:
    if options.token and not TOKEN.fullmatch(options.token):
        raise InvalidRequestError(
            "The token has a character other than letters, digits and '-', which conda cannot "
            "send.",
            "Check that the token was copied whole and without quotation marks or spaces.",
        )
    if options.keep is not None and options.keep < 1:
        raise InvalidRequestError(
            f"{options.keep} releases cannot be kept.",
            "The newest always stays: give --keep 1 for it alone, or a larger number.",
        )
    if options.index_version not in (None, 1, VERSION_3):
        raise InvalidRequestError(
            f"The index format has no version {options.index_version} that conda reads.",
            "Give --index-version 3, or --index-version 1 for what every conda reads.",
        )


def _left_out(
    wanted: tuple[Environment, ...], platforms: tuple[str, ...]
) -> Iterator[BuildWarning]:
    """Yield a warning for each file of which something is not followed."""
    for environment in wanted:
        left_out = [*environment.left_out]
        if others := sorted({*platforms} - {*(environment.platforms or platforms)}):
            left_out.append(f"this build is also for {', '.join(others)}, which it does not list")
        if left_out:
            text = f"Not all of {environment.file} is followed: {'; '.join(left_out)}."
            yield BuildWarning("left-out", text)
