"""The nearest right word."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection


def nearest(word: str, right: Collection[str]) -> str | None:
    """Return which of the right words was most probably meant; None if it could be any."""
    found = get_close_matches(word.lower(), sorted(right), n=1)
    return found[0] if found else None


def advice(word: str, right: Collection[str]) -> str:
    """Return a sentence with the nearest right word, or with all of them."""
    meant = nearest(word, right)
    return f"Did you mean {meant!r}?" if meant else f"Known are: {', '.join(right)}."
