"""Errors of what an auditor asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exceptions import OfflineRepoError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


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


class AdvisoriesError(OfflineRepoError):
    """A file without a record of OSV that can be read."""

    def __init__(self, path: Path, problems: Sequence[str]) -> None:
        super().__init__(
            f"{path} has no advisory that can be read.",
            *problems[:5],
            "Give a record of OSV as JSON, or a folder or a zip file of such: "
            "https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip has those of PyPI.",
        )
