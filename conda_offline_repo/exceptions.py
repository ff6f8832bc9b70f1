"""The base of all errors of this plugin, and those that several folders raise.

Each message says what is wrong and what to do. conda's own error report prints them, as text or,
with `--json`, as an object.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from conda import CondaError

from .printable import printable


class OfflineRepoError(CondaError):
    """Base of all errors of this plugin.

    Attributes:
        message: What is wrong.
        hints: What to do, one sentence each.
    """

    def __init__(self, message: str, *hints: str) -> None:
        self.hints = tuple(map(printable, hints))
        super().__init__(printable(message))

    def __str__(self) -> str:
        # conda before 26.7 applies `%` to the text, which a path or URL with `%20` breaks
        return "\n".join((str(self.message), *self.hints))

    def dump_map(self) -> dict[str, Any]:
        """Return conda's JSON object of the error, whose message does not repeat the hints."""
        return {**super().dump_map(), "message": str(self.message)}


class VendorMissingError(OfflineRepoError):
    """A package that only the vendor needs is not installed."""

    def __init__(self, module: str) -> None:
        super().__init__(
            f"Building repositories needs a package that is not installed: {module}.",
            "Install the vendor's package, which includes it: "
            "conda install -n base conda-offline-repo",
        )


class InvalidRequestError(OfflineRepoError):
    """A request that contradicts itself, names something unknown, or asks for nothing."""


@dataclass(frozen=True, order=True)
class Mistake:
    """Something wrong at a place of the file; lines and columns count from 1."""

    line: int
    column: int
    message: str


class ConfigFileError(OfflineRepoError):
    """All mistakes of a file: objects with `line`, `column` and `message`, by place."""

    def __init__(self, path: Path, mistakes: Iterable[Mistake]) -> None:
        self.path = str(path)
        self.mistakes = [
            {**asdict(mistake), "message": printable(mistake.message)}
            for mistake in sorted(set(mistakes))
        ]
        lines = (f"{path}:{m['line']}:{m['column']}: {m['message']}" for m in self.mistakes)
        super().__init__("\n".join((f"{path} cannot be used as it is:", *lines)))


class CrashError(OfflineRepoError):
    """A failure that nobody foresaw."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The command failed unexpectedly. {reason}",
            "Repositories and environments are whole. Run the same command with -vvv and send its "
            "output, which contains no credentials, to the maintainers.",
        )


class SolverMissingError(OfflineRepoError):
    """The configured solver is not installed or does not start."""

    def __init__(self, solver: str, installed: Iterable[str]) -> None:
        super().__init__(
            f"The configured solver {solver!r} is not installed or does not start. "
            f"Installed: {', '.join(installed)}.",
            "Choose another with --solver, or permanently: conda config --set solver NAME",
        )


class SolverFailedError(OfflineRepoError):
    """The solver fails by itself, or over an entry of an index that can be read.

    Args:
        solver: Its name, with versions.
        reason: What it says.
        misfits: Which of its parts do not go together; none as far as is known.
        others: The other solvers that are installed.
    """

    def __init__(
        self, solver: str, reason: str, misfits: Sequence[str], others: Iterable[str]
    ) -> None:
        names = " or ".join(f"--solver {name}" for name in others)
        self._misfits = misfits
        super().__init__(
            f"The solver {solver} failed: {reason}.",
            *misfits,
            f"Choose another: {names}" if names else "Install another, or another version of it.",
        )

    @property
    def has_misfits(self) -> bool:
        """Whether its parts do not go together, so that it fails with each channel."""
        return bool(self._misfits)
