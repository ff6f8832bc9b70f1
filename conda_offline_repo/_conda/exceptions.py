"""What can go wrong where conda reads indexes; see `conda_offline_repo.exceptions`."""

from __future__ import annotations

from ..exceptions import OfflineRepoError


class RefusedAddressError(OfflineRepoError):
    """An address that a channel must not send us to."""

    def __init__(self, channel: str, address: str, reason: str) -> None:
        super().__init__(
            f"The channel {channel} sends us to {address!r}, which is refused: {reason}.",
            "Nothing was published. Tell the owner of the channel.",
        )
