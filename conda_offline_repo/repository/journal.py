"""The journal of a publication under way: `offline-repo.journal.json`.

It exists only between the first and the last step of a publication, and names every file that is on
its way, with all contents that it may have meanwhile. An absent file is one of them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from .exceptions import ManifestError
from .hashing import hash_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

JOURNAL_NAME = "offline-repo.journal.json"


def dump(repository: Path, build: int, moving: Mapping[str, Iterable[str]]) -> bytes:
    """The journal of a publication that begins, as the bytes of its file.

    A journal that an interrupted publication left is carried on: what it allows stays allowed,
    because the files may be in any of its states.

    Args:
        repository: The published folder, as it is before.
        build: The number of the release to be.
        moving: By path, the SHA-256 digests of what each file on its way comes to hold; none for
            one that goes. What it holds now is added.

    Raises:
        ManifestError: There is a journal that cannot be read.
    """
    allowed = {name: set(digests) for name, digests in read(repository).items()}
    for name, digests in moving.items():
        allowed.setdefault(name, set()).update(digests)
        path = repository / name
        if path.is_file():
            allowed[name].add(hash_file(path).sha256)
    content = {"build": build, "moving": {name: sorted(d) for name, d in allowed.items()}}
    return f"{json.dumps(content, indent=2, sort_keys=True)}\n".encode()


def exists(repository: Path) -> bool:
    """Whether a publication is under way, or was interrupted and not yet carried on."""
    return (repository / JOURNAL_NAME).exists()


def read(repository: Path) -> dict[str, frozenset[str]]:
    """The files on their way and the SHA-256 digests that each may have; empty without a journal.

    Raises:
        ManifestError: There is a journal that cannot be read.
    """
    path = repository / JOURNAL_NAME
    try:
        moving = json.loads(path.read_bytes())["moving"]
        return {str(name): frozenset(map(str, digests)) for name, digests in moving.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ManifestError(path, "it is damaged") from error
