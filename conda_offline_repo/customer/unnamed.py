"""The packages of an environment that did not come from its repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._conda.transactions import installed

if TYPE_CHECKING:
    from pathlib import Path

    from conda.models.records import PrefixRecord

    from ..repository.manifest import Manifest


def unnamed(prefix: Path, manifest: Manifest) -> tuple[PrefixRecord, ...]:
    """Return the installed packages, by name, that no release of the repository names by its
    digest: neither the newest nor one that is kept.
    """
    md5s = {package.md5 for package in manifest.packages.values()}
    return tuple(
        record
        for _, record in sorted(installed(prefix).items())
        if not (
            record.sha256 in manifest.allowed_file(record.fn)
            if record.get("sha256")
            else record.get("md5") in md5s
        )
    )
