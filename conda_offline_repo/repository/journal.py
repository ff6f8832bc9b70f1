"""A publication under way, as the manifest on the disk tells of it.

While files are on their way, the manifest names the contents that each may have meanwhile, besides
those that it states. No other file is asked: what allows a content is in the manifest or nowhere.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ..files.hashing import Digests
    from .manifest import Manifest

#: Where builds of older versions wrote what is on its way. It is not believed, because it can be
#: forged without the manifest; it is a sign of an interrupted publication, and the next one removes
#: it.
JOURNAL_NAME = "offline-repo.journal.json"
#: The manifest of the release that a delivery is bringing, and its signatures; see `upcoming`.
NEXT_NAME = "offline-repo.next.json"
NEXT_SIGNATURE_NAME = "offline-repo.next.json.sig"
#: What may lie beside manifest and signature while a publication is under way.
BESIDE = (JOURNAL_NAME, NEXT_NAME, NEXT_SIGNATURE_NAME)


def arriving(last: Manifest, files: Mapping[str, Iterable[Digests]]) -> Manifest:
    """Return the manifest of a publication that begins: the last one, with what is on its way.

    What an interrupted publication allowed stays allowed, because the files may be in any of its
    states.

    Args:
        last: The manifest in the folder.
        files: By path, what each file comes to hold, one after the other.
    """
    found = {name: dict(allowed) for name, allowed in last.on_the_way.items()}
    for name, coming in files.items():
        found.setdefault(name, {}).update({one.sha256: one.size for one in coming})
    return replace(last, on_the_way=found)


def leaving(new: Manifest, last: Manifest, names: Iterable[str]) -> Manifest:
    """The manifest of a publication that has only deletions left: the new one, with what goes.

    Args:
        new: What the repository is from now on.
        last: The manifest that it had before.
        names: The files to be deleted; those that the last manifest does not know are nobody's.
    """
    known = {name: allowed for name in names if (allowed := last.allowed(name))}
    return replace(new, on_the_way=known)


def unfinished(repository: Path, stated: Manifest) -> bool:
    """Return whether a publication is under way, or was interrupted and not yet carried on."""
    signs = (JOURNAL_NAME, NEXT_NAME)
    return bool(stated.on_the_way) or any(os.path.lexists(repository / name) for name in signs)


def unfinished_text(repository: Path) -> str:
    """Return what a reader is told of a repository whose publication is unfinished."""
    return (
        f"A publication of {repository} is under way or was interrupted: what it has is "
        "partly of the last release and partly of the next. It is finished by repeating the "
        "command that makes it (build, or sync); if this is a copy, copy it again afterwards."
    )
