"""What the vendor should know of a build before the customer finds out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: What is known before a release is published, so that `--fail-on` can stop it.
Early = Literal[
    "no-update",
    "downgrade",
    "same-version",
    "not-kept",
    "withdrawn",
    "offline",
    "channel-relations",
    "unsent-token",
    "no-pip",
    "solver-not-tried",
    "unused-setting",
    "unused-virtual-package",
    "long-path",
    "noarch",
    "two-providers",
    "from-pypi",
    "unfit-entry",
    "undated",
    "unchecked-signature",
    "no-plugin",
    "other-signer",
    "base",
    "left-out",
    "added-channels",
    "no-attestations",
    "doubtful-attestations",
    "policy",
    "exception-ends",
    "unsigned-script",
]
#: What only the publication shows.
Late = Literal["undeleted", "overview"]


@dataclass(frozen=True)
class BuildWarning:
    """A warning of a build.

    Attributes:
        kind: For programs, and for `--fail-on`.
        text: What is the matter, and what to do.
    """

    kind: Early | Late
    text: str
