"""The protocols whose stores are known."""

from __future__ import annotations

import base64
import mimetypes
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

#: How many files are sent at once where a protocol bears it.
CONNECTIONS = 16
#: Seconds to wait for a store. They begin before all of a file is sent, which takes its time over a
#: slow line that all files share.
PATIENCE = 300
#: Seconds after which an idle connection is asked whether it lasts.
KEEPALIVE = 20
#: Whether S3 is sent checksums: for stores that know none, users turn off botocore's like this.
CHECKSUMS = os.environ.get("AWS_REQUEST_CHECKSUM_CALCULATION", "").lower() != "when_required"
#: What caches are to do with all files but archives: ask each time whether they have changed.
NO_CACHE = "no-cache"
#: Types that `mimetypes` does not know, or that some systems' registries change.
TYPES = {".html": "text/html; charset=utf-8", ".json": "application/json", ".txt": "text/plain"}


@dataclass(frozen=True)
class Protocol:
    """How to deal with the stores of a protocol.

    Attributes:
        package: What speaks it, as PyPI and conda-forge name it; empty if fsspec itself does.
        module: What is imported of it.
        options: For fsspec, unless its configuration says otherwise.
        connections: How many files may be sent at once.
        objects: Whether a file appears when all of it has arrived, and not before.
        renames: Whether a file can be renamed onto another in one step.
        headers: Makes fsspec's options for a file of a type of content.
        checksum: Makes those that let the store check a content, of its SHA-256 digest.
    """

    package: str = ""
    module: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    connections: int = 1
    objects: bool = False
    renames: bool = False
    headers: Callable[[str], dict[str, Any]] = lambda _: {}
    checksum: Callable[[bytes], dict[str, Any]] = lambda _: {}

    @property
    def sure(self) -> bool:
        """Whether no reader ever sees a part of a file."""
        return self.objects or self.renames


def _s3(content_type: str) -> dict[str, Any]:
    return {"ContentType": content_type, "CacheControl": NO_CACHE}


def _s3_checksum(sha256: bytes) -> dict[str, Any]:
    return {"ChecksumSHA256": base64.b64encode(sha256).decode()} if CHECKSUMS else {}


def _azure(content_type: str) -> dict[str, Any]:
    return {"content_settings": {"content_type": content_type, "cache_control": NO_CACHE}}


def _google(content_type: str) -> dict[str, Any]:
    return {"content_type": content_type, "fixed_key_metadata": {"cache_control": NO_CACHE}}


S3 = Protocol(
    "s3fs",
    "s3fs",
    {
        "config_kwargs": {
            "max_pool_connections": CONNECTIONS,
            "read_timeout": PATIENCE,
            # the signature has the checksum, which is another digest of the same bytes
            "s3": {"payload_signing_enabled": not CHECKSUMS},
        }
    },
    CONNECTIONS,
    objects=True,
    headers=_s3,
    checksum=_s3_checksum,
)
AZURE = Protocol(
    "adlfs", "adlfs", {"read_timeout": PATIENCE}, CONNECTIONS, objects=True, headers=_azure
)
GOOGLE = Protocol("gcsfs", "gcsfs", {}, CONNECTIONS, objects=True, headers=_google)
# without `known_hosts`, sshfs believes every host; () is ~/.ssh/known_hosts, and what is not in it
# is refused. fsspec's own class, with paramiko, adds unknown hosts: it is never taken.
SSH = Protocol(
    "sshfs",
    "sshfs",
    {"known_hosts": (), "keepalive_interval": KEEPALIVE},
    8,
    renames=True,
)
# without `share_access`, a file that is read or written is locked for all customers; threads that
# share a connection of smbprotocol use up its credits
SMB = Protocol("smbprotocol", "smbclient", {"share_access": "rwd"}, renames=True)
KNOWN = {
    **dict.fromkeys(("s3", "s3a"), S3),
    **dict.fromkeys(("az", "abfs", "abfss", "adl"), AZURE),
    **dict.fromkeys(("gs", "gcs"), GOOGLE),
    **dict.fromkeys(("sftp", "ssh"), SSH),
    "smb": SMB,
    "local": Protocol(renames=True),
}


def content_type(name: str) -> str:
    """Return the type of content of a file."""
    suffix = name[name.rfind(".") :]
    return TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
