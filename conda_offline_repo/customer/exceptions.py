"""What can go wrong at the customer, one class a failure; see `conda_offline_repo.exceptions`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda.common.io import dashlist
from conda.utils import quote_for_shell

from ..exceptions import OfflineRepoError
from ..printable import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


class ReleaseNotKeptError(OfflineRepoError):
    """A release that the repository does not have, or not any more."""

    def __init__(self, repository: Path, build: int, there: Iterable[int]) -> None:
        super().__init__(
            f"{repository} does not have release {build}; it has {', '.join(map(str, there))}.",
            "`conda offline-repo show --releases` lists them. For an older one, ask your vendor: "
            "`build --keep` keeps more, and an older copy can be used with --allow-older.",
        )


class EnvironmentMissingError(OfflineRepoError):
    """An environment of a label that a release does not have, or none named where it has some."""

    def __init__(self, repository: Path, name: str | None, there: Iterable[str]) -> None:
        named = [one for one in there if one]
        if not named:
            super().__init__(
                f"The release in {repository} has one environment, without a name, not {name!r}.",
                "Leave out --environment.",
            )
            return
        super().__init__(
            f"The release in {repository} has the environments {', '.join(named)}"
            f"{f', not {name!r}' if name else ''}.",
            f"Say which of them is meant: --environment {named[0]}",
        )


class RepositoryDamagedError(OfflineRepoError):
    """Files of a repository that are missing or are not what the manifest says."""

    def __init__(
        self,
        path: Path,
        missing: Iterable[str],
        changed: Iterable[str],
        unreadable: Iterable[str] = (),
    ) -> None:
        lines = (
            *(f"missing: {name}" for name in missing),
            *(f"changed: {name}" for name in changed),
            *(f"unreadable: {name}" for name in unreadable),
        )
        super().__init__(
            f"The offline repository {path} is damaged or its copy is incomplete:{dashlist(lines)}",
            "Nothing was installed or configured. "
            "Copy the repository again from its source, then repeat this command.",
        )


class SiblingIndexError(OfflineRepoError):
    """Files beside the index of a repository that conda may read in its place."""

    def __init__(self, path: Path, names: Iterable[str]) -> None:
        super().__init__(
            f"The offline repository {path} has files that conda may read in the place of its "
            f"index:{dashlist(names)}",
            "They do not belong to it, and nothing of them is checked. Nothing was installed or "
            "configured. Remove them from the folder, then repeat this command.",
        )


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


class NotSignedError(OfflineRepoError):
    """A repository without a signature where one is expected."""

    def __init__(self, path: Path, expected: Iterable[str]) -> None:
        by = " or ".join(expected) or "anybody who is allowed to"
        super().__init__(
            f"{path} is not signed; it has to be signed by {by}. Nothing is installed from it.",
            "Ask your vendor for the signed repository, and copy it again whole, with "
            "offline-repo.json.sig.",
        )


class OtherSignerError(OfflineRepoError):
    """A repository that is signed by others than those who are expected."""

    def __init__(self, path: Path, signers: Iterable[str], expected: Iterable[str]) -> None:
        by = " or ".join(expected) or "nobody whose time is now"
        super().__init__(
            f"{path} is signed by {', '.join(signers)}, not by {by}. Nothing is installed from it.",
            "Ask your vendor, in another way than the repository came, whether that key is his. "
            "If it is: conda offline-repo use PATH --trust FINGERPRINT, or enter it in the "
            "machine's file of allowed signers.",
        )


class UnknownSignerError(OfflineRepoError):
    """A repository that is signed by somebody whom nobody has said to be the vendor."""

    def __init__(self, path: Path, signers: Iterable[str]) -> None:
        names = tuple(signers)
        super().__init__(
            f"{path} is signed by {', '.join(names)}, of whom nothing is known here yet. "
            "Nothing was changed.",
            "Compare it with what your vendor told you in another way. If it is the same: "
            f"conda offline-repo use ... --trust {names[0]}",
        )


class AllowedSignersError(OfflineRepoError):
    """A file of allowed signers that cannot be read."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"The file of allowed signers, {path}, cannot be used: {reason}.",
            "Correct it, or the setting plugins.offline_repo_allowed_signers that names it.",
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


class PlatformMissingError(OfflineRepoError):
    """A repository that holds nothing for this machine's platform."""

    def __init__(self, path: Path, platform: str, available: Iterable[str]) -> None:
        super().__init__(
            f"The offline repository {path} is not for {platform}; it is for "
            f"{', '.join(sorted(available))}.",
            f"Ask your vendor for a build with --platform {platform}.",
        )


class RepositoryGoneError(OfflineRepoError):
    """An environment's repository that is not where it was."""

    def __init__(self, path: Path, prefix: str) -> None:
        super().__init__(
            f"The offline repository {path} that this environment uses is not there.",
            "Plug in or mount what it is on, then repeat this command. If it has moved: "
            f"conda offline-repo use NEW_PATH -p {prefix}",
        )


class OlderBuildError(OfflineRepoError):
    """A repository that is older than what the environment was last used with."""

    def __init__(self, path: Path, build: int, last: int, prefix: Path) -> None:
        super().__init__(
            f"{path} has release {build}, but this environment has used release {last}.",
            "This may be the wrong stick or an old copy: look at it with "
            "`conda offline-repo show`. If it is meant, give --allow-older: "
            f"conda offline-repo use {path} -p {prefix} --allow-older [PACKAGE ...]",
        )


class OtherContentError(OfflineRepoError):
    """A repository with the build number that an environment has used, and other content."""

    def __init__(self, path: Path, build: int, prefix: Path) -> None:
        super().__init__(
            f"{path} has release {build}, as this environment has used it, but with other content.",
            "Either somebody has changed it, or your vendor has built the repository anew from its "
            "beginning: ask which. If it is meant, give --allow-older: "
            f"conda offline-repo use {path} -p {prefix} --allow-older [PACKAGE ...]",
        )


class OtherLabelError(OfflineRepoError):
    """A repository of another label than the one that the environment uses."""

    def __init__(self, path: Path, label: str, last: str, prefix: Path) -> None:
        super().__init__(
            f"{path} is the repository of {label!r}, but this environment uses that of {last!r}.",
            "Give another environment with -n or -p, or make one. If it is meant, give "
            f"--other-label: conda offline-repo use {path} -p {prefix} --other-label",
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


class FrozenEnvironmentError(OfflineRepoError):
    """An environment that is marked as frozen (CEP 22), where conda has no word for it."""

    def __init__(self, prefix: Path, message: str) -> None:
        super().__init__(
            f"Cannot modify '{prefix}'. The environment is marked as frozen."
            + (f" Reason:\n\n    {message}\n" if message else ""),
            "Give another environment with -n or -p. Newer versions of conda have the flag "
            "--override-frozen to bypass this protection; this one has not.",
        )


class NotUsedError(OfflineRepoError):
    """An environment that uses no offline repository, of which nothing can be taken back."""

    def __init__(self, prefix: Path) -> None:
        super().__init__(
            f"{prefix} uses no offline repository: there is nothing to take back.",
            "Name the environment that is meant with -n or -p.",
        )


class TargetError(OfflineRepoError):
    """An environment that cannot be used or made."""


class FolderNameError(OfflineRepoError):
    """A repository in a folder that the configured solver cannot read channels in."""

    def __init__(self, repository: Path, solver: str) -> None:
        super().__init__(
            f"The solver {solver} cannot read a channel in {repository}, because the path has one "
            "of the characters %, # and ?, or letters that are not ASCII beside a space.",
            "Rename the folder, and run `conda offline-repo use` with its new path; or choose "
            "another solver with --solver, or for good: conda config --set solver NAME",
        )
