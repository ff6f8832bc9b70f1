"""Why an entry of a channel must not be shipped to a label's customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .readable import Readers, unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ..request.request import Request


def reason_against(file: str, record: Mapping[str, Any], request: Request) -> str | None:
    """Return why the entry of an archive must not be shipped, or None if it may."""
    return unreadable(file, record, Readers(request.customer_solvers, request.customer_conda))


@dataclass(frozen=True)
class LeftOut:
    """An entry that views lack: its channel, archive, name and version, and why."""

    channel: str
    file: str
    name: str
    version: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file} of {self.channel}: {self.reason}"
