"""What can be wrong with an input, one class a failure; see `conda_offline_repo.exceptions`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from conda.common.io import dashlist

from ....exceptions import InvalidRequestError, OfflineRepoError
from ....redaction import Secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

#: The credentials in these files are not among those that are known to be in play.
UNKNOWN = Secrets(frozenset())
#: Characters of a word; a longer one tells nobody anything.
LONGEST = 1000


def shown(text: str) -> str:
    """Return text of a file without what looks like a credential, and without endless words."""
    words = (word if len(word) <= LONGEST else "…" for word in text.split(" "))
    return UNKNOWN.redact(" ".join(words))


class InputFileError(OfflineRepoError):
    """A file or an environment that packages cannot be taken from.

    The problem may quote what stands there; it is shown without what looks like a credential.
    """

    def __init__(self, path: Path, problem: str, *hints: str) -> None:
        super().__init__(f"{path} cannot be used: {shown(problem)}.", *hints)


@contextmanager
def unusable(path: Path, *hints: str, where: str = "") -> Iterator[None]:
    """Say of a ValueError, or of a request that is invalid, in which input it is, and `where`.

    Raises:
        InputFileError: In its place.
    """
    try:
        yield
    except (InvalidRequestError, ValueError) as error:
        problem = str(error).partition("\n")[0].rstrip(".")
        hints = (*hints, *getattr(error, "hints", ()))
        raise InputFileError(path, f"{where}{problem}", *hints) from None


class PipPartsError(OfflineRepoError):
    """A file or an environment with packages of pip's."""

    def __init__(self, where: Path, names: Iterable[str]) -> None:
        super().__init__(
            f"{where} has packages that pip installs, which no conda channel holds. Nothing is "
            f"left out without a word, so these are refused:{dashlist(map(shown, names))}",
            "Make conda packages of their wheels with `conda pypi convert`, put those into a "
            "channel of your own, and name the packages and that channel in their place.",
        )


class LockReaderMissingError(OfflineRepoError):
    """A lock file, and nothing that reads it."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} is a lock file, and py-rattler, which reads them, is not installed or is "
            "older than 0.24.",
            "Install it beside conda: conda install -n base 'py-rattler>=0.24'",
        )
