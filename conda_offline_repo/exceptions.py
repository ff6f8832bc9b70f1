"""The base of all errors of this plugin, and what every side raises.

Each of `vendor`, `repository` and `customer` has an `exceptions` of its own, one class a failure.
Every message says what was wrong and what to do next. conda's own error report prints them, as
text or, with `--json`, as an object.
"""

from __future__ import annotations

from conda import CondaError


class OfflineRepoError(CondaError):
    """Base of all errors of this plugin.

    Args:
        message: What was wrong, in plain words.
        hints: What to do about it, one sentence each.
    """

    def __init__(self, message: str, *hints: str) -> None:
        self.hints = hints
        super().__init__("\n".join((message, *hints)))

    def __str__(self) -> str:
        # conda before 26.7 applies `%` to the text, which a path or URL with `%20` breaks
        return str(self.message)


class InvalidRequestError(OfflineRepoError):
    """A request that contradicts itself, names the unknown, or asks for nothing."""


class SolverMissingError(OfflineRepoError):
    """A solver that is configured and cannot be used."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The solver {name!r} is configured, but it is not installed or does not start.",
            "Name another with --solver (classic is always there), or change it for good: "
            "conda config --set solver NAME",
        )
