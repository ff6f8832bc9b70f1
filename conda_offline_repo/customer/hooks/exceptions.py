"""The errors inside conda's own commands, one class a failure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from conda.common.io import dashlist

from ..._conda import commands
from ...exceptions import OfflineRepoError
from ...printable import counted, quoted
from ...urls import is_folder, public

if TYPE_CHECKING:
    from conda.models.records import PackageRecord

#: Where a channel is from that the command itself names.
COMMAND_LINE = "the command line"


def listed(records: Iterable[PackageRecord]) -> list[str]:
    """Return how messages name packages."""
    return [f"{r.name} {r.version} {r.build} ({public(str(r.url))})" for r in records]


class ForeignPackagesError(OfflineRepoError):
    """Packages that an environment's repository does not have, by name and origin."""

    def __init__(
        self,
        path: str,
        prefix: str,
        records: Sequence[PackageRecord],
        offered: Collection[str],
        exact: Sequence[str],
    ) -> None:
        """`offered` are the names of the packages that the repository has; `exact` are the options
        of `use` for just its release, without packages that it no longer has.
        """
        names = sorted({record.name for record in records})
        own = [name for name in names if name in offered]
        folder = quoted(path)
        use = f"conda offline-repo use {folder} -p {quoted(prefix)}"
        hint = f"To install from the repository alone: {use} {' '.join(own)}"
        if not own:
            hint = (
                f"The repository has none of them: `conda offline-repo show {folder}` lists what "
                f"it has. Ask your vendor for a build with {' and '.join(names)}."
            )
        hints = [hint]
        if len(exact) == 1 and not own:
            hints.append(f"To install just the release, and remove all else: {use} {exact[0]}")
        super().__init__(
            f"These packages are not from the offline repository {path}, the only source of this "
            f"environment:{dashlist(listed(records))}",
            "Offline, conda also offers packages of other channels and older releases from its "
            "caches. The environment was not changed.",
            *hints,
        )


class UnnamedPackagesError(OfflineRepoError):
    """Packages that no release names, in an environment that expects a signature."""

    def __init__(self, path: str, trusted: Iterable[str], records: Sequence[PackageRecord]) -> None:
        super().__init__(
            f"This environment takes only what a release of the offline repository {path}, signed "
            f"by {' or '.join(trusted)}, names. No release names these packages:"
            f"{dashlist(listed(records))}",
            "The environment was not changed. Install them into another environment, or ask your "
            "vendor to add them to a release. What a release has is installed by its name, or by "
            f"its file in the repository: `conda offline-repo show {quoted(path)}` lists "
            "it.",
        )


class ArchivesRefusedError(OfflineRepoError):
    """Archives that differ from the repository's index or manifest: the problems by path."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        lines = (f"{path}: {problem}" for path, problem in sorted(problems.items()))
        super().__init__(
            f"The offline repository has {counted(len(problems), 'package')} that cannot be "
            f"installed:{dashlist(lines)}",
            "The environment was not changed. `conda offline-repo verify` checks the whole "
            "repository; copy it again from its source, then repeat this command.",
        )


class PoisonedCacheError(OfflineRepoError):
    """Files in conda's package caches that are not the repository's archives, by path."""

    def __init__(self, paths: Iterable[str]) -> None:
        super().__init__(
            "conda's package cache has files that differ from their records, or cannot be checked:"
            f"{dashlist(paths)}",
            "The environment was not changed. Run `conda clean --packages --tarballs`, then repeat "
            "this command. If you may not write the cache, ask its owner to clean it, or leave it "
            "out: set CONDA_PKGS_DIRS to a folder of your own.",
        )


class RepositoryGoneError(OfflineRepoError):
    """An environment's repository that is no longer where it was."""

    def __init__(self, path: Path, prefix: str) -> None:
        super().__init__(
            f"The offline repository {path} that this environment uses does not exist.",
            "Plug in or mount its disk, then repeat this command. If it has moved: "
            f"conda offline-repo use NEW_PATH -p {quoted(prefix)}",
        )


class StateMissingError(OfflineRepoError):
    """An environment that is configured for a repository of which it remembers nothing."""

    def __init__(self, prefix: Path, path: str) -> None:
        shown = quoted(prefix)
        super().__init__(
            f"{prefix} installs from the offline repository {path}, but does not remember whose "
            "signature to expect and which release was the last, as after a copy of its .condarc.",
            "Nothing was changed. To use the repository here, which checks the signature anew: "
            f"conda offline-repo use {quoted(path)} -p {shown} ; or take the settings "
            f"back: conda offline-repo use --undo -p {shown}",
        )


class UnfinishedUseError(OfflineRepoError):
    """An environment in which `use` was interrupted."""

    def __init__(self, prefix: Path, path: str | None) -> None:
        folder, environment = quoted(path or "PATH"), quoted(prefix)
        super().__init__(
            f"`conda offline-repo use` was interrupted in {prefix}, which is half configured.",
            f"Run it again to finish it: conda offline-repo use {folder} -p {environment} ; "
            f"or undo it: conda offline-repo use --undo -p {environment}",
        )


class OtherChannelsError(OfflineRepoError):
    """Channels besides the repository that conda cannot read offline, or must not ask."""

    def __init__(
        self,
        channels: Mapping[str, Sequence[str]],
        own: str,
        prefix: Path,
        requested: Sequence[str] = (),
    ) -> None:
        """`requested` are the packages of requests that name such a channel, without it."""
        lines = (f"{url} (from {', '.join(sources)})" for url, sources in channels.items())
        shown = quoted(prefix)
        remedies = []
        if requested:
            packages = quoted(*requested)
            remedies.append(f"Leave it out of the request: `conda install -p {shown} {packages}`.")
        if sum(map(len, channels.values())) > len(requested):
            option = f", or repeat this command with `--override-channels -c {quoted(own)}`"
            # which not all commands have, and which overrides no other -c
            usable = commands.running() in ("create", "install", "update")
            usable = usable and COMMAND_LINE not in chain(*channels.values())
            remedies.append(f"Remove them there{option * usable}.")
        reason, again = "conda cannot read these channels offline", "the network"
        if not is_folder(own):
            reason, again = "conda must not ask these channels", "other channels"
        super().__init__(
            f"This environment installs from its offline repository alone, and {reason}:"
            f"{dashlist(lines)}",
            f"{' '.join(remedies)} To install from {again} again: "
            f"conda offline-repo use --undo -p {shown}",
        )
