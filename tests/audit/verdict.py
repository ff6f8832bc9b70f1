"""What a policy says of a repository, in one piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from conda_offline_repo.audit.check import remarks

if TYPE_CHECKING:
    from datetime import datetime

    from conda_offline_repo.audit.exceptions import Breach
    from conda_offline_repo.repository.package import Decision


class Verdict(NamedTuple):
    """What `check` returns, and when it was asked."""

    breaches: list[Breach]
    decisions: tuple[Decision, ...]
    now: datetime

    @property
    def ending(self) -> list[Decision]:
        """Those whose exceptions are said to end."""
        return [d for d in self.decisions if "exception-ends" in dict(remarks([d], self.now))]
