"""What can be wrong with an input, one class a failure; see `conda_offline_repo.exceptions`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from conda.common.io import dashlist

from ....exceptions import InvalidRequestError, OfflineRepoError
from ....redaction import Secrets
from .pinned import RefusedError

#: The credentials in these files are not among those that are known to be in play.
UNKNOWN = Secrets(frozenset())
#: Characters of a word; a longer one tells nobody anything.
LONGEST = 1000
#: How many problems of a file are listed.
MOST = 50
MAKE_WHEELS = (
    "Make a wheel of each, on the customer's platform if it is compiled: pip wheel --no-deps "
    "SOURCE. Name the wheel by its path in the place of its source; beside a lock file, with "
    "--pip ./FILE.whl."
)


def shown(text: str) -> str:
    """Return text of a file without what looks like a credential, and without endless words."""
    words = (word if len(word) <= LONGEST else "…" for word in text.split(" "))
    return UNKNOWN.redact(" ".join(words))


def _listed(problems: Sequence[str]) -> list[str]:
    more = [f"and {len(problems) - MOST} more"] if len(problems) > MOST else []
    return [*map(shown, problems[:MOST]), *more]


class InputFileError(OfflineRepoError):
    """A file or an environment that packages cannot be taken from, with all that is wrong.

    The problems may quote what stands there; it is shown without what looks like a credential.
    """

    def __init__(self, path: Path | str, problem: str | Sequence[str], *hints: str) -> None:
        problems = [problem] if isinstance(problem, str) else list(dict.fromkeys(problem))
        lines = _listed(problems)
        self.problem = "; ".join(lines)
        text = f" {lines[0]}." if len(lines) == 1 else dashlist(lines)
        super().__init__(f"{path} cannot be used:{text}", *dict.fromkeys(hints))


class Problems:
    """Collects what is wrong with a file, to say all of it at once."""

    def __init__(self, path: Path | str) -> None:
        self._path = path
        self._problems: list[str] = []
        self._refused: list[str] = []
        self._hints: list[str] = []

    def add(self, problem: str, *hints: str) -> None:
        """Note what is wrong, and what to do."""
        self._problems.append(problem)
        self._hints += hints

    @contextmanager
    def noting(self, where: str = "", *hints: str) -> Iterator[None]:
        """Note a ValueError, an invalid request, or what is not a wheel, and `where` it is."""
        try:
            yield
        except RefusedError as error:
            self._refused.append(f"{where}{error}")
        except (InvalidRequestError, ValueError) as error:
            problem = str(error).partition("\n")[0].rstrip(".")
            self.add(f"{where}{problem}", *hints, *getattr(error, "hints", ()))

    @property
    def texts(self) -> list[str]:
        """What is wrong, without credentials."""
        return _listed([*dict.fromkeys((*self._problems, *self._refused))])

    def check(self) -> None:
        """Go on only if nothing is wrong.

        Raises:
            InputFileError: Something is wrong, with what is not a wheel.
            PipPartsError: What is wrong is just that something is not a wheel.
        """
        if self._problems:
            problems, hints = [*self._problems, *self._refused], self._hints
            raise InputFileError(self._path, problems, *hints, *[MAKE_WHEELS] * bool(self._refused))
        if self._refused:
            raise PipPartsError(self._path, self._refused)


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
    """Packages that pip would build from their sources or install in place."""

    def __init__(self, where: Path | str, packages: Iterable[str], *hints: str) -> None:
        super().__init__(
            f"{where} asks for packages that cannot be shipped. Of pip's, only wheels can be:"
            f"{dashlist(_listed([*dict.fromkeys(packages)]))}",
            *hints,
            MAKE_WHEELS,
        )


class LockReaderMissingError(OfflineRepoError):
    """A lock file, and nothing that reads it."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} is a lock file, and py-rattler, which reads them, is not installed or is "
            "older than 0.24.",
            'Install it beside conda: conda install -n base "py-rattler>=0.24"',
        )
