"""What can be wrong with an input, one class a failure; see `conda_offline_repo.exceptions`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from conda.common.io import dashlist

from ....exceptions import InvalidRequestError, OfflineRepoError
from ....redaction import Secrets

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

#: The credentials in these files are not among those that are known to be in play.
UNKNOWN = Secrets(frozenset())
#: Characters of a word; a longer one tells nobody anything.
LONGEST = 1000
#: How many problems of a file are listed.
MOST = 50


def shown(text: str) -> str:
    """Return text of a file without what looks like a credential, and without endless words."""
    words = (word if len(word) <= LONGEST else "…" for word in text.split(" "))
    return UNKNOWN.redact(" ".join(words))


class InputFileError(OfflineRepoError):
    """A file or an environment that packages cannot be taken from, with all that is wrong.

    The problems may quote what stands there; it is shown without what looks like a credential.
    """

    def __init__(self, path: Path, problem: str | Sequence[str], *hints: str) -> None:
        problems = [problem] if isinstance(problem, str) else list(dict.fromkeys(problem))
        if more := problems[MOST:]:
            problems[MOST:] = [f"and {len(more)} more"]
        lines = [*map(shown, problems)]
        text = f" {lines[0]}." if len(lines) == 1 else dashlist(lines)
        super().__init__(f"{path} cannot be used:{text}", *dict.fromkeys(hints))


class Problems:
    """Collects what is wrong with a file, to say all of it at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._problems: list[str] = []
        self._hints: list[str] = []

    def add(self, problem: str, *hints: str) -> None:
        """Note what is wrong, and what to do."""
        self._problems.append(problem)
        self._hints += hints

    @contextmanager
    def noting(self, where: str = "", *hints: str) -> Iterator[None]:
        """Note a ValueError, or a request that is invalid, and `where` it is."""
        try:
            yield
        except (InvalidRequestError, ValueError) as error:
            problem = str(error).partition("\n")[0].rstrip(".")
            self.add(f"{where}{problem}", *hints, *getattr(error, "hints", ()))

    def check(self, pip: Sequence[str] = ()) -> None:
        """Go on only if nothing is wrong, and no package is for pip.

        Raises:
            InputFileError: Something is wrong.
            PipPartsError: These packages are for pip.
        """
        if self._problems:
            raise InputFileError(self._path, self._problems, *self._hints)
        if pip:
            raise PipPartsError(self._path, pip)


@contextmanager
def unusable(path: Path, *hints: str, where: str = "") -> Iterator[None]:
    """Say of a ValueError, or of a request that is invalid, in which input it is, and `where`.

    Raises:
        InputFileError: In its place.
    """
    problems = Problems(path)
    with problems.noting(where, *hints):
        yield
    problems.check()


def check_only(path: Path, kind: str, only: Collection[str], known: Collection[str]) -> None:
    """Raise an InputFileError if a lock file lacks environments or categories that are chosen."""
    if unknown := sorted({*only} - {*known}):
        problem = f"it has no {kind} {', '.join(map(repr, unknown))}"
        raise InputFileError(path, problem, f"It has: {', '.join(sorted(known))}.")


class PipPartsError(OfflineRepoError):
    """A file or an environment with packages of pip's, or that are built from their sources."""

    def __init__(self, where: Path, names: Iterable[str], *hints: str) -> None:
        super().__init__(
            f"{where} has packages that no conda channel holds, because pip installs them or they "
            "are built from their sources. Nothing is left out without a word, so these are "
            f"refused:{dashlist(map(shown, names))}",
            *hints,
            "Make conda packages of them, of wheels with `conda pypi convert`, put those into a "
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
