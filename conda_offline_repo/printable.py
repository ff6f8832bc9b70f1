"""Text from outside, made safe to print."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text with an escape in the place of each character that a terminal could act on.

    Control characters, invisible ones that change the direction of a line, and lone surrogates
    (which no encoding can write) become `\\x1b`, `\\u202e` and the like; new lines stay.
    """
    if text.isprintable():
        return text
    return "".join(
        one
        if one.isprintable() or one == "\n"
        else one.encode("unicode_escape", "surrogatepass").decode("ascii")
        for one in text
    )
