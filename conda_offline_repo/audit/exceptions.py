"""Errors of what an auditor asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exceptions import OfflineRepoError

if TYPE_CHECKING:
    from collections.abc import Sequence


class PolicyError(OfflineRepoError):
    """A policy has mistakes.

    Attributes:
        problems: All of them, each a sentence.
    """

    def __init__(self, place: object, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            f"The policy in {place} has mistakes.",
            *problems,
        )
