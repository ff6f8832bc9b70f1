"""What can go wrong in a build, one class a failure; see `conda_offline_repo.exceptions`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from conda.base.context import context
from conda.common.io import dashlist

from ..exceptions import OfflineRepoError
from ..printable import counted


class NothingAskedError(OfflineRepoError):
    """A build that names nothing to build, where no earlier build could have left a request."""

    def __init__(self, label: str, root: Path, others: Iterable[str]) -> None:
        labels = dashlist(others)
        super().__init__(
            f"{root} has no repository of label {label!r}, and neither channels nor packages are "
            "named. Nothing was built.",
            f"It has repositories of:{labels}" if labels else "It has no other repository either.",
            "If the label was built before, give the folder above its repository: --root DIR, or "
            "the setting plugins.offline_repo_root. For a first build, name the publisher's "
            "channel with -c, and the packages.",
        )


class ChannelUnavailableError(OfflineRepoError):
    """A channel that does not exist, that is closed to us, or that cannot be reached."""

    def __init__(self, channel: str, reason: str, *hints: str) -> None:
        super().__init__(f"The channel {channel} {reason}", *hints)


class UnreadableIndexError(ChannelUnavailableError):
    """A channel that has something else in the place of an index."""


class TooNewError(OfflineRepoError):
    """Packages that no solver has to choose, and newer than the request or conda's settings allow.

    Args:
        packages: Each with its reason.
    """

    def __init__(self, packages: Iterable[str]) -> None:
        super().__init__(
            f"These packages are too new to be shipped:{dashlist(packages)}",
            "If a list or lock file names them, make it anew with older ones, or wait. To ship "
            "them all the same, give a later date, or none: --exclude-newer none",
        )


class ExactGoneError(OfflineRepoError):
    """Archives that are named exactly, and that their channels do not list as they are named."""

    def __init__(self, urls: Iterable[str]) -> None:
        moved = [
            f"Where these channels are is said by conda's setting {setting}."
            for setting in ("migrated_channel_aliases", "migrated_custom_channels")
            if getattr(context, setting)
        ]
        super().__init__(
            f"The channels do not list these archives as they are named:{dashlist(urls)}",
            "They are named exactly, so nothing else is taken for them. Make the list or lock file "
            "anew, or ask the owner of the channel what became of them.",
            *moved,
        )


class DownloadError(OfflineRepoError):
    """Archives that could not be downloaded, all of a build together.

    Args:
        failures: By the URL of the archive, why, and what to do; nothing to do but to try again, if
            that is empty.
    """

    def __init__(self, failures: Mapping[str, tuple[str, str]]) -> None:
        self.failures = failures
        lines = (f"{url}: {reason}" for url, (reason, _) in sorted(failures.items()))
        hints = dict.fromkeys(
            hint or "Run the same command again: what was downloaded is not downloaded again."
            for _, hint in failures.values()
        )
        super().__init__(
            f"{counted(len(failures), 'package')} could not be downloaded:{dashlist(lines)}",
            *hints,
            "The repository is as it was before.",
        )


class ChannelRefusedError(OfflineRepoError):
    """A server that lets us read a channel's index and refuses its archives.

    Attributes:
        channel: The URL of the subdir.
        status: The status of the answer.
    """

    def __init__(self, channel: str, status: int, *hints: str) -> None:
        self.channel, self.status = channel, status
        super().__init__(
            f"The server refuses the packages of {channel} (HTTP {status}), whose index can be "
            "read. Nothing was published.",
            *hints,
        )


class SecretFoundError(OfflineRepoError):
    """A file that would carry one of the build's credentials out."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} holds a credential that this build uses, plain or encoded.",
            "Nothing was published. If it is a package, have it rebuilt without the credential, "
            "and change the credential: all who can read that channel have seen it.",
        )


class InvalidArchiveError(OfflineRepoError):
    """A file that is not an archive, or an archive of another package than its channel lists."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f"{name} is not the package that its channel lists: {reason}.",
            "Nothing was published. Tell the owner of the channel.",
        )


class PluginNotFoundError(OfflineRepoError):
    """The plugin is to go along, and no channel has it or what it needs."""

    def __init__(self, spec: str, channels: Iterable[str], *, old_enough: bool = False) -> None:
        age = ", old enough for exclude_newer" if old_enough else ""
        super().__init__(
            f"The plugin cannot go along: no channel has {spec} for every platform (noarch){age}:"
            f"{dashlist(channels)}",
            "Name a channel that has it with -c, or give its archive: "
            "--plugin-file conda-offline-repo-base-VERSION-BUILD.conda. "
            "To build without it: --without-plugin.",
        )


class PluginFileError(OfflineRepoError):
    """A file that was given for the plugin and is not its package."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} cannot go along as the plugin: {reason}.",
            "Give the archive under its own name: conda-offline-repo-base-VERSION-BUILD.conda",
        )


class KeyMissingError(OfflineRepoError):
    """A build without a key, of a repository that is signed."""

    def __init__(self, repository: Path, signers: Iterable[str]) -> None:
        super().__init__(
            f"{repository} is signed by {', '.join(signers)}, and this build has no key. Customers "
            "who trust that key would refuse the release. Nothing was built.",
            "Give the key with --sign-key or in the setting plugins.offline_repo_sign_key. To "
            "publish without a signature: --no-sign-key.",
        )


class OtherKeyError(OfflineRepoError):
    """A build whose keys are all other ones than those that signed the last release."""

    def __init__(self, repository: Path, signers: Iterable[str], keys: Iterable[str]) -> None:
        super().__init__(
            f"{repository} is signed by {', '.join(signers)}, and this build would sign with "
            f"{', '.join(keys)} alone. Customers who trust the old key would refuse the release. "
            "Nothing was built.",
            "Sign with the old key as well until every customer has such a release: give both with "
            "--sign-key.",
            "If the old key is lost or stolen, add --other-sign-key. Every customer then has to be "
            "told to trust the new one.",
        )


class InstallerError(OfflineRepoError):
    """A file that cannot go along as an installer of conda."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} cannot go along as an installer: {reason}.",
            "Give the installer's file, named with letters, digits, '.', '_' and '-' only, "
            "or leave installers out: --without-installer.",
        )


class ConfigWriteError(OfflineRepoError):
    """A label that cannot be written to an `offline-repo.yml`, which is as it was."""

    def __init__(self, path: Path, label: str, reason: str, *hints: str) -> None:
        super().__init__(f"The label {label!r} was not written to {path}: {reason}.", *hints)
