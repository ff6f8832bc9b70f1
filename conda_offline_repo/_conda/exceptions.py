"""Errors about conda; see `conda_offline_repo.exceptions`."""

from __future__ import annotations

from conda import __version__

from ..exceptions import OfflineRepoError


class RefusedAddressError(OfflineRepoError):
    """A channel refers to an address that is refused."""

    def __init__(self, channel: str, address: str, reason: str) -> None:
        super().__init__(
            f"The channel {channel} refers to {address!r}, which is refused: {reason}.",
            "Nothing was published. Tell the owner of the channel.",
        )


class IndexCacheError(OfflineRepoError):
    """conda's cache of the channels' indexes cannot be read or written."""

    def __init__(self, path: str, reason: str, *, locked: bool) -> None:
        super().__init__(
            f"conda cannot use its cache of the channels' indexes, {path}: {reason}.",
            "Wait until the other conda that uses it ends, then run the same command again. If the "
            "file system has no locks: conda config --set no_lock true"
            if locked
            else "Free some space or give this user write permission, or set another package cache "
            "in the variable CONDA_PKGS_DIRS.",
        )


class SettingError(OfflineRepoError):
    """A setting that cannot be overridden in this conda."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The setting {name} of conda {__version__} cannot be overridden, which this command "
            "depends on.",
            "Tell the maintainers of conda-offline-repo, and use an older conda until they answer.",
        )
