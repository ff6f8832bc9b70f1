"""What can go wrong at a store, one class a failure; see `conda_offline_repo.exceptions`."""

from __future__ import annotations

import errno
from collections.abc import Iterable

from ...exceptions import OfflineRepoError
from ...files.atomic import WHY

FINISH = "What has arrived is kept. Then run the same command again, which sends the rest."
DENIED = (
    "access is denied",
    (
        "Give credentials that may list, read, write and delete there, as the program of the "
        f"store's vendor takes them. {FINISH}"
    ),
)
NO_CREDENTIALS = (
    "no usable credentials were found",
    (
        "Give them as the program of the store's vendor takes them, such as by variables, or in a "
        "file of fsspec's configuration."
    ),
)
HOST_KEY = (
    "the key of the host is unknown, or not the one that is known",
    (
        "Compare it with what the owner of the host tells you, and add it to ~/.ssh/known_hosts, "
        "as ssh does at the first connection."
    ),
)
ABSENT = (
    "it, or its bucket, container or share, does not exist",
    "Create the bucket, the container or the share first, or correct the address.",
)
UNREACHED = ("the server was not reached, or the connection was cut", f"Check both. {FINISH}")
FULL = ("no space is left", f"Make some. {FINISH}")
HELD = (WHY, FINISH)
OTHER_ADVICE = f"Remove the cause. {FINISH}"
REFUSED = ("the server refuses it, as where no space is left", OTHER_ADVICE)
#: What the errors of fsspec's many libraries mean, by the name of their class or of a base of it.
BY_CLASS = {
    "HostKeyNotVerifiable": HOST_KEY,
    **dict.fromkeys(("NoCredentialsError", "PartialCredentialsError"), NO_CREDENTIALS),
    **dict.fromkeys(("CredentialRetrievalError", "DefaultCredentialsError"), NO_CREDENTIALS),
    "ProfileNotFound": NO_CREDENTIALS,
    **dict.fromkeys(("AccessDenied", "PermissionError", "ClientAuthenticationError"), DENIED),
    **dict.fromkeys(("LogonFailure", "SMBAuthenticationError"), DENIED),
    **dict.fromkeys(("ResourceNotFoundError", "FileNotFoundError"), ABSENT),
    "SFTPFailure": REFUSED,
    **dict.fromkeys(("SFTPNoSpaceOnFilesystem", "SFTPQuotaExceeded"), FULL),
    **dict.fromkeys(("ConnectionError", "TimeoutError", "gaierror", "DisconnectError"), UNREACHED),
    **dict.fromkeys(("BotoConnectionError", "HTTPClientError"), UNREACHED),
    **dict.fromkeys(("ServiceRequestError", "ServiceResponseError"), UNREACHED),
    **dict.fromkeys(("ClientConnectionError", "SMBConnectionClosed"), UNREACHED),
}
BY_NUMBER = {
    errno.ENOENT: ABSENT,
    **dict.fromkeys((errno.EACCES, errno.EPERM), DENIED),
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), FULL),
    **dict.fromkeys((errno.EHOSTUNREACH, errno.ENETUNREACH), UNREACHED),
}
#: Windows' errors of a file that somebody has open: access denied, sharing violation, delete
#: pending (https://learn.microsoft.com/openspecs/windows_protocols/ms-erref).
HELD_STATUS = frozenset({0xC0000022, 0xC0000043, 0xC0000056})
#: Characters of what a library says that are shown.
LONGEST = 300


def meaning(error: BaseException) -> tuple[str, str]:
    """Return what an error of fsspec or of a library below it means, and what to do."""
    causes = [error, *([error.__cause__] if error.__cause__ else [])]
    for cause in causes:
        if is_held(cause):
            return HELD
        for base in type(cause).__mro__:
            if base.__name__ in BY_CLASS:
                return BY_CLASS[base.__name__]
        if {getattr(cause, "status_code", 0), getattr(cause, "code", 0)} & {401, 403}:
            return DENIED
        if isinstance(cause, OSError) and cause.errno in BY_NUMBER:
            return BY_NUMBER[cause.errno]
    if "must provide" in str(error).lower():  # adlfs: ... a connection_string or account_name
        return NO_CREDENTIALS
    if "failed to connect" in str(error).lower():  # smbprotocol
        return UNREACHED
    text = (str(error).strip() or type(error).__name__).splitlines()[0]
    return text[:LONGEST].rstrip("."), OTHER_ADVICE


def is_held(error: BaseException) -> bool:
    """Return whether an error of smbprotocol may be that somebody has a file open."""
    return getattr(error, "ntstatus", None) in HELD_STATUS


class StoreError(OfflineRepoError):
    """A store that cannot be reached, or that refuses a step."""

    def __init__(self, place: str, error: BaseException) -> None:
        problem, advice = meaning(error)
        super().__init__(f"{place}: {problem}.", advice)


class ProtocolError(OfflineRepoError):
    """A protocol that cannot be spoken, for want of packages."""

    def __init__(self, protocol: str, packages: Iterable[str]) -> None:
        names = " ".join(packages)
        super().__init__(
            f"Targets of {protocol}:// need packages that are not installed: {names}.",
            f"Install them: conda install -n base -c conda-forge {names}",
        )


class AddressError(OfflineRepoError):
    """A URL that cannot be the target."""

    def __init__(self, shown: str, reason: str) -> None:
        super().__init__(
            f"{shown} cannot be the target: {reason}.",
            "Give a folder, or a URL such as s3://bucket/label or sftp://host/srv/label.",
        )


class NotArrivedError(OfflineRepoError):
    """Files that do not have the size in the store that was sent."""

    def __init__(self, shown: str, names: Iterable[str]) -> None:
        super().__init__(
            f"{shown} does not have all that was sent; these files are missing or of another size: "
            f"{', '.join(names)}. The release there is as before.",
            "Run the same command again. If the error stays, ask who administers the store.",
        )


class OtherPublisherError(OfflineRepoError):
    """A store that somebody else changes at the same time."""

    def __init__(self, shown: str) -> None:
        super().__init__(
            f"Another command publishes to {shown} at the same time. This one has stopped.",
            "Let only one publish there at a time. Run the same command again when the other has "
            "ended.",
        )
