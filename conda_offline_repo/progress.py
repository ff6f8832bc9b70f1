"""What a build or a verification tells of its progress, while it works."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


class Progress(Protocol):
    """Told how far the work is; the command line shows it, the work does not care how."""

    def step(self, text: str) -> None:
        """A new step begins."""

    def doing(self, text: str) -> AbstractContextManager[object]:
        """A new step begins, and lasts as long as the context; how far it is, nobody knows."""

    def counting(
        self, what: str, packages: int, size: int | None
    ) -> AbstractContextManager[object]:
        """While the context lasts, so many packages with so many bytes are handled.

        Args:
            what: How they are handled: the first word of a sentence with them.
            packages: How many.
            size: Bytes of all; None if those of some are not known beforehand.
        """

    def advance(self, size: int, packages: int = 0) -> None:
        """So many more bytes and packages are done; called from several threads.

        Args:
            size: Bytes; less than zero for those that have to be had again.
            packages: Those that are done with.
        """


class Unwatched:
    """Progress that nobody follows."""

    def step(self, text: str) -> None:
        """See `Progress.step`."""

    def doing(self, text: str) -> AbstractContextManager[object]:
        """See `Progress.doing`."""
        return nullcontext()

    def counting(
        self, what: str, packages: int, size: int | None
    ) -> AbstractContextManager[object]:
        """See `Progress.counting`."""
        return nullcontext()

    def advance(self, size: int, packages: int = 0) -> None:
        """See `Progress.advance`."""
