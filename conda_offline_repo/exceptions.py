"""The base of all errors of this plugin, and what every side raises.

Each of `vendor`, `repository` and `customer` has an `exceptions` of its own, one class a failure.
Every message says what was wrong and what to do next. conda's own error report prints them, as
text or, with `--json`, as an object.
"""

from __future__ import annotations

import re
from itertools import count
from typing import TYPE_CHECKING

from conda import CondaError

from .printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

#: Where a word begins in the name of a class.
WORD = re.compile(r"(?<!^)(?=[A-Z])")


class OfflineRepoError(CondaError):
    """Base of all errors of this plugin.

    Attributes:
        message: What was wrong, in plain words.
        hints: What to do about it, one sentence each.
    """

    def __init__(self, message: str, *hints: str) -> None:
        self.hints = tuple(map(printable, hints))
        super().__init__(printable(message))

    def __str__(self) -> str:
        # conda before 26.7 applies `%` to the text, which a path or URL with `%20` breaks
        return "\n".join((str(self.message), *self.hints))

    @property
    def guidance(self) -> Any:
        """The hints as conda's own report shows them; None if there are none, and before 26.7."""
        if not self.hints:
            return None
        code = WORD.sub("_", type(self).__name__.removesuffix("Error")).lower()
        codes = (f"{code}_{number}" if number > 1 else code for number in count(1))
        listed = [
            {"text": hint, "hint_code": code} for hint, code in zip(self.hints, codes, strict=False)
        ]
        summary = {"summary": str(self.message), "hints": listed}
        return getattr(CondaError(None, guidance=summary), "guidance", None)

    def dump_map(self) -> dict[str, Any]:
        """Return conda's JSON object of the error; its message leaves the hints to their key."""
        return {**super().dump_map(), "message": str(self.message)}


class VendorMissingError(OfflineRepoError):
    """A build where only the customer's side of the plugin is installed."""

    def __init__(self, module: str) -> None:
        super().__init__(
            f"Building repositories needs more than what is installed: {module} is missing.",
            "Install the package for vendors, which brings it: "
            "conda install -n base conda-offline-repo",
        )


class InvalidRequestError(OfflineRepoError):
    """A request that contradicts itself, names the unknown, or asks for nothing."""


class CrashError(OfflineRepoError):
    """A failure that nobody foresaw."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"The command failed unexpectedly. {what}",
            "Repositories and environments are whole. Run the same command with -vvv and send what "
            "it prints, which holds no credentials, to the maintainers.",
        )


class SolverMissingError(OfflineRepoError):
    """A solver that is configured and not installed, or does not start."""

    def __init__(self, solver: str, installed: Iterable[str]) -> None:
        super().__init__(
            f"The solver {solver!r} is configured, but is not installed or does not start. "
            f"Installed are: {', '.join(installed)}.",
            "Choose another with --solver, or for good: conda config --set solver NAME",
        )
