"""The progress of a command."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Progress(Protocol):
    """Receives how far the work is, and shows it in any way."""

    def step(self, text: str) -> None:
        """A new step begins."""
        return

    def doing(self, text: str) -> AbstractContextManager[object]:
        """A new step lasts as long as the context; how far it is, is unknown."""
        return nullcontext()

    def counting(
        self, doing: str, packages: int, size: int | None
    ) -> AbstractContextManager[object]:
        """While the context lasts, packages are handled: `doing` says how, as in "Reading".

        `size` is the bytes of all; None if some sizes are unknown beforehand.
        """
        return nullcontext()

    def advance(self, size: int, packages: int = 0) -> None:
        """More bytes and packages are ready; called from several threads.

        `size` is negative for bytes that have to be read again.
        """
        return


class Unwatched(Progress):
    """Progress that nobody follows."""
