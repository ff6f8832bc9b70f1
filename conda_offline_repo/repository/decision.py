"""What a policy has let pass, as a manifest states it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import reading

if TYPE_CHECKING:
    from typing import Any


@dataclass(frozen=True)
class Decision:
    """What a rule of a policy says against an archive that was shipped all the same.

    Attributes:
        archive: As `subdir/file`.
        rule: The key of the policy: `licenses`, `packages`, `channels`, `exclude_newer`, `scripts`.
        problem: What is the matter.
        reason: Why an exception allows it; empty where the rule only warns.
        approved_by: Who approved that exception.
        until: Its last day, ISO 8601.
    """

    archive: str
    rule: str
    problem: str
    reason: str = ""
    approved_by: str = ""
    until: str = ""

    @property
    def stated(self) -> dict[str, str]:
        """What a manifest states of it."""
        return {name: value for name, value in vars(self).items() if value}


def parse_decision(values: Any) -> Decision:
    """Return the decision in a JSON object; a wrong one raises one of many errors."""
    return Decision(**{name: reading.text(value) for name, value in values.items()})
