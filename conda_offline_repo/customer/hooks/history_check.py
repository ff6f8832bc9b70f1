"""What an environment remembers, against the repositories that conda is to install from.

A release's number says which is older. Its manifest's digest tells two releases of the same number
apart: one that was changed, or one of a history that began anew.
"""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.models.channel import Channel, all_channel_urls

from ..._conda import commands
from ...files.web import Place, WebFolder
from ...printable import quoted
from ...repository import manifest_json
from ...repository.exceptions import ManifestError, UnreadableError
from ...urls import channel_url, decoded, local_path
from ..environment.files import replace_all
from ..environment.state import State, dump, read_change, read_state, state_path, under_way
from ..exceptions import OlderBuildError, OtherContentError, OtherLabelError, StateUnreadableError
from .exceptions import COMMAND_LINE, OtherChannelsError, UnfinishedUseError

if TYPE_CHECKING:
    from conda.models.match_spec import MatchSpec

    from ...repository.locate import Repository
    from ...repository.manifest import Manifest
    from ...specs import PackageSpec

log = logging.getLogger(__name__)
#: Whose signature `use` expects while it is at work, which itself checks and reports what conda's
#: commands would; empty if nobody's, None while `use` is not at work.
expected_by_use: ContextVar[tuple[str, ...] | None] = ContextVar("expected_by_use", default=None)
#: The repositories on servers that were read and checked for this command, or by `use`.
on_servers: dict[WebFolder, Repository] = {}


def check_release(
    repository: Place, manifest: Manifest, last: State, prefix: Path, trusted: Iterable[str] = ()
) -> None:
    """Refuse a release that is older than what the environment has used, or has changed since.

    `trusted` are the keys that the user has given for it.

    Raises:
        OlderBuildError: It is older.
        OtherContentError: It has the number of the last one and other content.
    """
    if manifest.label != last.label:
        return
    keys = "".join(f" --trust {key}" for key in trusted)
    shown = quoted(repository, "-p", prefix)
    use = f"conda offline-repo use {shown}{keys} --allow-older"
    if manifest.release < last.release:
        raise OlderBuildError(repository, manifest.release, last.release, use)
    if manifest.release == last.release and last.manifest_sha256 not in (None, manifest.digest):
        raise OtherContentError(repository, manifest.release, use)


def check_environment(specs: Iterable[MatchSpec], manifest_of: Callable[[Place], Manifest]) -> None:
    """Refuse to solve these specs for an environment that would not get what it is meant to get.

    Nothing is refused in an environment that no `use` has configured. Whose a release is comes
    before which it is: `manifest_of` returns the manifest of a folder as `expected_manifest` does.

    Raises:
        UnfinishedUseError: `use` was interrupted in the environment.
        StateMissingError: As `known_state`.
        OtherLabelError: Its folder holds another label's repository now.
        OlderBuildError, OtherContentError: As `check_release`.
        OtherChannelsError: There are channels besides the repository that conda must not read.
        ManifestError, StateUnreadableError: A manifest or its state cannot be read.
        OfflineRepoError: As `manifest_of`.
    """
    if expected_by_use.get() is not None:
        return
    prefix = commands.target()
    if under_way(prefix):
        change = read_change(prefix)
        last = change.state if change else read_state(prefix)
        raise UnfinishedUseError(prefix, last.path if last else None)
    state = known_state(prefix)
    if state is None:
        return
    from ..environment.confinement import in_force

    for place in _places(commands.channels(), state):
        manifest = manifest_json.read(place) if isinstance(place, Path) else manifest_of(place)
        if manifest is None:
            continue
        if place == state.place and manifest.label != state.label:
            raise OtherLabelError(place, manifest.label, state.label, prefix)
        check_release(place, manifest_of(place), state, prefix)
    if in_force(state.channel):
        check_channels(prefix, state, specs)


def known_state(prefix: Path) -> State | None:
    """Return an environment's state; None if no `use` has configured it.

    Raises:
        StateMissingError: It is a copy without one.
        StateUnreadableError: It cannot be read.
    """
    state = read_state(prefix)
    if state is None and expected_by_use.get() is None and (prefix / ".condarc").is_file():
        from .copies import check_not_copied  # of what most environments do not have

        check_not_copied(prefix)
    return state


def remember_release() -> None:
    """Remember the newer release that an environment was just installed from.

    The command has done its work, so it does not fail where the state cannot be written.
    """
    prefix = commands.target()
    try:
        state = read_state(prefix)
    except StateUnreadableError as error:
        warn(str(error))
        return
    if state is None or context.dry_run or under_way(prefix):
        return
    if state.place not in _places(commands.channels(), state):
        return
    from ..trust.signers import following

    with suppress(OSError, ManifestError, UnreadableError):
        manifest, signed_by = _installed_from(state)
        if manifest is None or manifest.label != state.label or manifest.release < state.release:
            return
        expected = state.signers
        if not {*signed_by}.isdisjoint(expected):
            expected = following(manifest, signed_by, expected)
        digest = manifest.digest
        new = replace(state, release=manifest.release, manifest_sha256=digest, signers=expected)
        if manifest.withdrawn:
            from ..installed import withdrawn_release  # few releases are withdrawn

            new = replace(new, withdrawn=withdrawn_release(manifest, state, prefix))
        if new != state:
            replace_all([(state_path(prefix), dump(new))])
        if expected != state.signers:
            warn(
                f"{prefix} now expects the signature of {', '.join(expected)}, whom the last "
                f"release names, and no longer only that of {', '.join(state.signers)}."
            )


def _installed_from(state: State) -> tuple[Manifest | None, tuple[str, ...]]:
    """Return the manifest of an environment's repository, and who signed it if that is expected."""
    place = state.place
    if isinstance(place, WebFolder):
        repository = on_servers.get(place)
        return (repository.manifest, repository.signers) if repository else (None, ())
    from ...repository.signing.signature import signers

    manifest = manifest_json.read(place)
    return manifest, signers(place, manifest) if manifest and state.signers else ()


@cache
def warn(text: str) -> None:
    """Warn once; conda solves several times for one command."""
    log.warning("WARNING: %s", text)


def _urls(channels: Iterable[str]) -> tuple[str, ...]:
    return tuple(all_channel_urls(channels, subdirs=("noarch",)))


def _places(channels: Iterable[str], state: State) -> tuple[Place, ...]:
    """Return the folders among channels, and the environment's repository if it is among them."""
    places = (_place(url, state) for url in _urls(channels))
    return tuple(place for place in places if place)


def _place(url: str, state: State) -> Place | None:
    """Return the folder of a channel by the URL of its `noarch`, or the environment's repository on
    a server; None if it is elsewhere.
    """
    path = local_path(url)
    if path:
        return path.parent
    return state.place if decoded(url) == decoded(f"{state.channel}/noarch") else None


def check_channels(prefix: Path, state: State, specs: Iterable[MatchSpec]) -> None:
    """Refuse channels of the network and folders that are gone, by the file that names them.

    One solver cannot do without their index, another would take it from conda's caches.

    Raises:
        OtherChannelsError: There are such channels.
    """
    requests: defaultdict[str, list[PackageSpec]] = defaultdict(list)
    for spec in specs:
        if channel := spec.get("channel"):
            from ...specs import PackageSpec  # hardly any command has such a request

            requests[str(channel)].append(PackageSpec(str(spec)).unqualified)
    files = commands.file_channels()
    unreadable: defaultdict[str, list[str]] = defaultdict(list)
    requested: list[PackageSpec] = []
    for name in dict.fromkeys((*context.channels, *files, *requests)):
        for url in _urls((name,)):
            place = _place(url, state)
            if place is None or (place != state.place and not os.path.isdir(str(place))):
                shown = channel_url(Channel(url.rpartition("/")[0]))
                requested += requests[name]
                sources = [f"the request for {spec.match.name}" for spec in requests[name]]
                unreadable[shown] += sources or files.get(name) or _sources(name)
    if unreadable:
        raise OtherChannelsError(unreadable, state.channel, prefix, requested)


def _sources(channel: str) -> list[str]:
    """Return the files and variables that configure a channel."""
    from ..._conda import configuration  # for a refusal alone

    named = [source for other, source in configuration.channel_sources() if other == channel]
    sources = [COMMAND_LINE if source == "cmd_line" else source for source in named]
    return sources or ["the defaults of conda"]
