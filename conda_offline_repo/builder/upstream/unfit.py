"""Why an entry of a channel must not be shipped to a label's customers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .readable import Readers, unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def reason_against(file: str, record: Mapping[str, Any]) -> str | None:
    """Return why the entry of an archive must not be shipped, or None if it may."""
    return unreadable(file, record, Readers())
