"""Compare a volume with the manifest in it, file by file."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from ..files.hashing import hash_into
from ..repository.verify import Report

if TYPE_CHECKING:
    from ..progress import Progress
    from .unpack import Volume


def check(volume: Volume, progress: Progress) -> Report:
    """Read every file of a volume and compare it with the manifest.

    What other volumes have is not missed; what is too much was refused when it was opened.

    Args:
        volume: Which one, open.
        progress: Told how far it is.
    """
    packages = volume.manifest.packages
    stated = {name: one for name, one in volume.manifest.everything.items() if name in volume.names}
    size = sum(one.size for one in stated.values())
    number = sum(name in packages for name in stated)
    changed = []
    with progress.counting("Checking", number, size):
        for name, one in sorted(stated.items()):
            sha256 = hashlib.sha256()
            try:
                with volume.open(name) as file:
                    hash_into(file, sha256, limit=one.size)
            except OSError:
                changed.append(name)
            else:
                if sha256.hexdigest() != one.sha256:
                    changed.append(name)
            progress.advance(one.size, packages=name in packages)
    return Report(
        missing=(),
        changed=tuple(changed),
        unreadable=(),
        extra=(),
        misleading=(),
        files=len(stated),
        size=size,
        unfinished=False,
    )
