"""What can go wrong at the customer, one class a failure; see `conda_offline_repo.exceptions`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda.common.io import dashlist
from conda.utils import quote_for_shell

from ..exceptions import OfflineRepoError

if TYPE_CHECKING:
    from collections.abc import Iterable
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
        named = [name for name in there if name]
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
    """Files of a repository that are `missing`, `changed` or `unreadable`, by that word."""

    def __init__(self, path: Path, **problems: Iterable[str]) -> None:
        lines = (f"{word}: {name}" for word, names in problems.items() for name in names)
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
            "Ask your vendor, by telephone for example, whether this is a key of theirs. "
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


class PlatformMissingError(OfflineRepoError):
    """A repository that holds nothing for this machine's platform."""

    def __init__(self, path: Path, platform: str, available: Iterable[str]) -> None:
        super().__init__(
            f"The offline repository {path} is not for {platform}; it is for "
            f"{', '.join(sorted(available))}.",
            f"Ask your vendor for a build with --platform {platform}.",
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


class StateUnreadableError(OfflineRepoError):
    """What an environment remembers of its repository, in a file that cannot be read."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path}, which says whose repository this environment uses, cannot be read: {reason}. "
            "Nothing was changed.",
            "Restore the file from a backup, or make it readable. If you are sure which repository "
            "the environment uses, remove the file instead and run `conda offline-repo use PATH "
            f"-p {quote_for_shell(str(path.parent.parent))}` again, which checks the signature "
            "anew.",
        )


class TargetError(OfflineRepoError):
    """An environment that cannot be used or made."""
