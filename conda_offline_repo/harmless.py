"""Text from outside, made safe to print."""

from __future__ import annotations

import unicodedata

#: What moves to another line or column, and nothing else.
LAYOUT = "\n\t"
#: Control characters, halves of characters, and what ends a line unseen
#: (https://www.unicode.org/reports/tr44/#General_Category_Values).
OBEYED = ("Cc", "Cs", "Zl", "Zp")
#: What turns the direction of the text behind it (https://www.unicode.org/reports/tr9).
TURNING = ("FSI", "LRE", "LRI", "LRO", "PDF", "PDI", "RLE", "RLI", "RLO")


def harmless(text: str) -> str:
    """`text` with every character that a terminal would obey as an escape, `\\x1b` for example.

    What a name, an index or a server holds must not move the cursor, clear the screen, set the
    title or turn the direction of what is read. Newlines and tabs stay: messages have them.
    """
    if text.isprintable():
        return text
    return "".join(map(_harmless, text))


def _harmless(character: str) -> str:
    if character in LAYOUT or not (
        unicodedata.category(character) in OBEYED or unicodedata.bidirectional(character) in TURNING
    ):
        return character
    return character.encode("unicode_escape").decode("ascii")
