"""Text from outside, made safe to print, and numbers for people."""

from __future__ import annotations

import unicodedata

UNITS = ("bytes", "kB", "MB", "GB", "TB")


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


def human(size: int) -> str:
    """Return a number of bytes for people, in powers of 1000."""
    value = float(size)
    for unit in UNITS[:-1]:
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == UNITS[0] else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} {UNITS[-1]}"
