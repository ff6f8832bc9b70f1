"""Text from outside, made safe to print."""

from __future__ import annotations

import unicodedata


def printable(text: str) -> str:
    """Return a text with an escape in the place of each character that a terminal could act on.

    Names, licences and addresses are written by others: channels, archives, manifests. Control
    characters, those that turn the direction of a line, and lone surrogates, which no encoding can
    write, become `\\x1b`, `\\u202e` and the like. New lines and spaces stay.
    """
    if text.isprintable():
        return text
    return "".join(one if _is_harmless(one) else repr(one)[1:-1] for one in text)


def _is_harmless(character: str) -> bool:
    return character == "\n" or character.isprintable() or unicodedata.category(character) == "Zs"


def counted(number: int, what: str) -> str:
    """Return a number of things, with their name in the singular or the plural."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
