"""YAML of plain types: no tag makes anything else of it, and no alias repeats it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .exceptions import InputFileError

#: Lists and sections in each other.
DEPTH = 16
#: Characters; more are read by the fast parser alone, which knows less of YAML and of mistakes.
MOST = 1 << 20


def load(path: Path, text: str, *, fast: bool = False) -> Any:
    """Return the content of a file: mappings, lists, texts, numbers and the like.

    Args:
        fast: Whether to try the fast parser first.

    Raises:
        InputFileError: It is not such YAML; says where.
    """
    if fast:
        try:
            return _load(path, text, pure=False)
        except InputFileError:
            if len(text) > MOST:
                raise
    return _load(path, text, pure=True)


def _load(path: Path, text: str, *, pure: bool) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import DuplicateKeyError
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent

    depth = 0
    try:
        for event in YAML(typ="safe", pure=pure).parse(text):
            at = f"line {event.start_mark.line + 1}"
            if isinstance(event, AliasEvent):  # a few can stand for more than any memory holds
                hint = "Write in its place what it stands for."
                raise InputFileError(path, f"{at} has an alias, *{event.anchor}", hint)
            depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
            if depth > DEPTH:  # loading it would take for ever
                raise InputFileError(path, f"{at} is nested too deep")
        return YAML(typ="safe", pure=pure).load(text)
    except (YAMLError, ValueError, TypeError) as error:
        # the whole error would quote lines of the file
        mark = getattr(error, "problem_mark", None)
        at = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        parts = [getattr(error, name, None) for name in ("context", "problem")]
        problem = ", ".join(filter(None, parts)) or "it is not YAML"
        if isinstance(error, DuplicateKeyError):
            problem = "a key occurs twice"
        raise InputFileError(path, f"{at}{problem}", *_hints(text)) from None


def _hints(text: str) -> tuple[str, ...]:
    """Return what to do about what YAML does not know and people write."""
    hints = []
    if any("\t" in line[: -len(line.lstrip())] for line in text.splitlines() if line.strip()):
        hints.append("Lines of YAML begin with spaces, not with tabs.")
    if "{{" in text or "{%" in text:
        hints.append("It is a template, with {{ ... }} or {% ... %}: give what is made of it.")
    return tuple(hints)


def is_text(value: Any) -> bool:
    """Return whether it is a text that can be seen."""
    return isinstance(value, str) and value.isprintable() and bool(value.strip())
