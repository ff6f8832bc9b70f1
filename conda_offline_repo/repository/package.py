"""The files of a repository, as its manifest describes them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class WheelOrigin:
    """The wheel that an archive was made from: its project and version on PyPI, its file name, and
    its SHA-256 digest in lower-case hexadecimal.
    """

    project: str
    version: str
    file: str
    sha256: str


@dataclass(frozen=True)
class File:
    """Any other file of the repository than an archive."""

    sha256: str
    size: int

    @classmethod
    def of(cls, content: bytes) -> File:
        """Return the description of a file with this content."""
        return cls(hashlib.sha256(content).hexdigest(), len(content))


@dataclass(frozen=True)
class Attester:
    """Who made an attestation: an identity, such as the URL of a workflow or an e-mail address, and
    the URL of the issuer that vouches for it.
    """

    identity: str
    issuer: str

    def __str__(self) -> str:
        return f"{self.identity} ({self.issuer})"


@dataclass(frozen=True)
class Attestations(File):
    """The file with the attestations of an archive, which lies beside it (CEP 50).

    Attributes:
        verified: Who made those that a build has verified.
    """

    verified: tuple[Attester, ...] = ()


@dataclass(frozen=True)
class Package:
    """An archive of the repository. Digests are lower-case hexadecimal, the size is in bytes; the
    URL of an archive that was made from a wheel is that of the wheel.
    """

    sha256: str
    md5: str
    size: int
    url: str
    wheel: WheelOrigin | None = None
    attestations: Attestations | None = None
