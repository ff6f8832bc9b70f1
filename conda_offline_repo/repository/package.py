"""The files of a repository, and what a policy has let pass, as its manifest describes them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from typing import Any

#: What runs where a package is installed, in the order in which it is told: what conda runs when it
#: links and unlinks, what a shell runs at activation, entries of the system's menu, commands of a
#: `noarch: python` package; and native libraries in a `noarch` package.
SCRIPTS = (
    *("pre-link", "post-link", "pre-unlink", "post-unlink"),
    *("activation", "menu", "entry-point", "native"),
)


@cache
def _usual(kind: Any) -> dict[str, Any]:
    known = (field for field in fields(kind) if field.compare)
    return {
        f.name: f.default if f.default_factory is MISSING else f.default_factory() for f in known
    }


def as_json(value: Any) -> dict[str, Any]:
    """Return the fields of a dataclass, but for those that have their default: as JSON has it."""
    usual = _usual(value.__class__)
    return {name: own for name in usual if (own := getattr(value, name)) != usual[name]}


@dataclass(frozen=True, slots=True)
class WheelOrigin:
    """The wheel that an archive was made from: its project and version on PyPI, its file name, and
    its SHA-256 digest in lower-case hexadecimal.
    """

    project: str
    version: str
    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class File:
    """Any other file of the repository than an archive."""

    sha256: str
    size: int

    @classmethod
    def of(cls, content: bytes) -> File:
        """Return the description of a file with this content."""
        return cls(hashlib.sha256(content).hexdigest(), len(content))


@dataclass(frozen=True, slots=True)
class Attester:
    """Who made an attestation: an identity, such as the URL of a workflow or an e-mail address, and
    the URL of the issuer that vouches for it.
    """

    identity: str
    issuer: str

    def __str__(self) -> str:
        return f"{self.identity} ({self.issuer})"


@dataclass(frozen=True, slots=True)
class Attestations(File):
    """The file with the attestations of an archive, which lies beside it (CEP 50).

    Attributes:
        verified: Who made those that a build has verified.
    """

    verified: tuple[Attester, ...]


@dataclass(frozen=True, slots=True)
class Package:
    """An archive of the repository. Digests are lower-case hexadecimal, the size is in bytes; the
    URL of an archive that was made from a wheel is that of the wheel. The version is that of the
    index format which its entry needs.

    `scripts` is what runs where it is installed, or is not what it says: by kind, one of
    `SCRIPTS`, the paths or entry points; None where that is not known. `pypi` are the projects of
    PyPI whose metadata it installs, by normalized name, with their versions.
    """

    sha256: str
    md5: str
    size: int
    url: str
    wheel: WheelOrigin | None = None
    attestations: Attestations | None = None
    index_version: int = 1
    scripts: Mapping[str, tuple[str, ...]] | None = None
    pypi: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """What a rule of a policy says against an archive that was shipped all the same.

    Attributes:
        archive: As `subdir/file`.
        rule: The key of the policy: `licenses`, `packages`, `channels`, `exclude_newer`, `scripts`.
        problem: What is the matter.
        reason: Why an exception allows it; empty where the rule only warns.
        approved_by: Who approved that exception.
        until: Its last day, ISO 8601.
    """

    archive: str
    rule: str
    problem: str
    reason: str = ""
    approved_by: str = ""
    until: str = ""

    def __str__(self) -> str:
        allowed = f". Allowed until {self.until} by {self.approved_by}: {self.reason}"
        return f"{self.rule}: {self.problem}{allowed if self.until else ''}"
