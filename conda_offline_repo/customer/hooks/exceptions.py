"""What can go wrong inside conda's own commands, one class a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda.common.io import dashlist
from conda.utils import quote_for_shell

from ...exceptions import OfflineRepoError
from ...printable import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


class ForeignPackagesError(OfflineRepoError):
    """Packages that an environment's repository does not have, by name and origin."""

    def __init__(
        self, path: str, prefix: str, packages: Iterable[str], names: Iterable[str]
    ) -> None:
        super().__init__(
            f"These packages are not from the offline repository {path}, the only source of this "
            f"environment:{dashlist(packages)}",
            "conda, when it is offline, also offers what its package caches hold of other "
            "channels and of older releases. The environment is as it was before. To install from "
            f"the repository alone: conda offline-repo use {quote_for_shell(path)} "
            f"-p {quote_for_shell(prefix)} {' '.join(names)}",
        )


class ArchivesRefusedError(OfflineRepoError):
    """Archives of a repository that are not what its index or its manifest says, by path."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        lines = (f"{path}: {problem}" for path, problem in sorted(problems.items()))
        super().__init__(
            f"Refused of the offline repository: {counted(len(problems), 'package')}:"
            f"{dashlist(lines)}",
            "The environment is as it was before. `conda offline-repo verify` checks the whole "
            "repository; copy it again from its source, then repeat this command.",
        )


class PoisonedCacheError(OfflineRepoError):
    """What conda's package caches hold in the place of the repository's archives, by path."""

    def __init__(self, paths: Iterable[str]) -> None:
        super().__init__(
            "conda's package cache holds other files than it says, or files that cannot be "
            f"checked:{dashlist(paths)}",
            "The environment is as it was before. Run `conda clean --packages --tarballs`, "
            "then repeat this command. A cache that you may not write is its owner's to clean; "
            "or leave it out: set CONDA_PKGS_DIRS to a folder of your own.",
        )


class RepositoryGoneError(OfflineRepoError):
    """An environment's repository that is not where it was."""

    def __init__(self, path: Path, prefix: str) -> None:
        super().__init__(
            f"The offline repository {path} that this environment uses is not there.",
            "Plug in or mount what it is on, then repeat this command. If it has moved: "
            f"conda offline-repo use NEW_PATH -p {prefix}",
        )


class UnfinishedUseError(OfflineRepoError):
    """An environment in which `use` was interrupted."""

    def __init__(self, prefix: Path, path: str | None) -> None:
        super().__init__(
            f"`conda offline-repo use` was interrupted in {prefix}, which is half configured.",
            "To finish it, run it again: "
            f"conda offline-repo use {path or 'PATH'} -p {prefix} ; or take all of it back: "
            f"conda offline-repo use --undo -p {prefix}",
        )


class OtherChannelsError(OfflineRepoError):
    """Channels besides the repository that conda cannot read offline."""

    def __init__(self, channels: Mapping[str, Iterable[str]], own: str, prefix: Path) -> None:
        lines = (f"{url} (from {', '.join(sources)})" for url, sources in channels.items())
        super().__init__(
            "This environment installs from its offline repository alone, and conda cannot read "
            f"these channels offline:{dashlist(lines)}",
            "Remove them there, or repeat this command with "
            f"`--override-channels -c {own}`. To let the environment install from the network "
            f"again: conda offline-repo use --undo -p {prefix}",
        )


class FolderNameError(OfflineRepoError):
    """A repository in a folder that the configured solver cannot read channels in."""

    def __init__(self, repository: Path, solver: str) -> None:
        super().__init__(
            f"The solver {solver} cannot read a channel in {repository}, because the path has one "
            "of the characters %, # and ?, or letters that are not ASCII beside a space.",
            "Rename the folder, and run `conda offline-repo use` with its new path; or choose "
            "another solver with --solver, or for good: conda config --set solver NAME",
        )
