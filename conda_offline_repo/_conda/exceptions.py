"""What can go wrong where conda works for us; see `conda_offline_repo.exceptions`."""

from __future__ import annotations

from conda import __version__

from ..exceptions import OfflineRepoError


class RefusedAddressError(OfflineRepoError):
    """An address that a channel must not send us to."""

    def __init__(self, channel: str, address: str, reason: str) -> None:
        super().__init__(
            f"The channel {channel} sends us to {address!r}, which is refused: {reason}.",
            "Nothing was published. Tell the owner of the channel.",
        )


class IndexCacheError(OfflineRepoError):
    """conda's cache of the channels' indexes, which cannot be read or written."""

    def __init__(self, path: str, reason: str, *, locked: bool) -> None:
        super().__init__(
            f"conda cannot use its cache of the channels' indexes, {path}: {reason}.",
            "Another conda uses it: wait until that one ends, then run the same command again. "
            "Where the file system has no locks: conda config --set no_lock true"
            if locked
            else "Make room there or give this user the right to write there, or name another "
            "package cache in the variable CONDA_PKGS_DIRS.",
        )


class SettingError(OfflineRepoError):
    """A setting that this conda does not let anybody change for a while."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The setting {name} of conda {__version__} cannot be changed for a while, so nothing "
            "that depends on it is done.",
            "Tell the maintainers of conda-offline-repo, and use an older conda until they answer.",
        )
