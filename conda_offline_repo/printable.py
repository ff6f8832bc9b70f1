"""Text from outside, made safe to print, and numbers for people."""

from __future__ import annotations

import os
import re
import shlex
import unicodedata
from collections.abc import Sequence

UNITS = ("bytes", "kB", "MB", "GB", "TB")

#: What neither cmd.exe nor PowerShell takes for anything but itself.
PLAIN = re.compile(r"[\w+=:./\\~-]+")


def printable(text: str) -> str:
    """Return a text in which each character that a terminal could act on is escaped.

    Channels, archives and manifests may contain any text. Control characters, those that change the
    direction of a line, and lone surrogates, which no encoding can write, become `\\x1b`, `\\u202e`
    and so on. New lines and spaces stay.
    """
    if text.isprintable():
        return text
    return "".join(c if _is_harmless(c) else repr(c)[1:-1] for c in text)


def quoted(*arguments: object, windows: bool = os.name == "nt") -> str:
    """Return arguments as the shell of this system takes them, be it cmd.exe or PowerShell."""
    texts = [str(argument) for argument in arguments]
    if not windows:
        return shlex.join(texts)
    return " ".join(text if PLAIN.fullmatch(text) else _in_quotes(text) for text in texts)


def few(texts: Sequence[str], most: int) -> str:
    """Return the first texts, and how many more there are."""
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return f"{', '.join(texts[:most])}{more}"


def _in_quotes(text: str) -> str:
    """Return a text as a program of Windows takes it from a command line."""
    text = re.sub(r'(\\*)"', r'\1\1\\"', text)
    return '"{}"'.format(re.sub(r"(\\+)$", r"\1\1", text))


def markdown(text: str) -> str:
    """Return a text in one line in which Markdown finds no markup, also in the cell of a table."""
    for special in "\\`*_[]<>|#&~":
        text = text.replace(special, f"\\{special}")
    return printable(text.replace("\n", " "))


def escaped(text: str) -> str:
    """Return a text in one line, as a manifest may have it."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _is_harmless(character: str) -> bool:
    return character == "\n" or character.isprintable() or unicodedata.category(character) == "Zs"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the singular or the plural."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def withdrawal(number: int, reason: str) -> str:
    """Return a sentence on a release that is withdrawn for a reason, if one is stated."""
    why = " ".join(reason.split()).removesuffix(".")
    return f"Release {number} is withdrawn{': ' * bool(why)}{why}."


def human(size: int) -> str:
    """Return a number of bytes as text, with a unit of a power of 1000."""
    value = float(size)
    for unit in UNITS[:-1]:
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == UNITS[0] else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} {UNITS[-1]}"
