"""A machine's file of allowed signers, in OpenSSH's format (ALLOWED SIGNERS in `man ssh-keygen`).

The principals of a line are the labels whose repositories its key may sign.
"""

from __future__ import annotations

import base64
import binascii
import re
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ..files.hashing import read_regular
from ..repository.sshsig import KEY_TYPE, NAMESPACE, fingerprint
from ..settings import allowed_signers_file
from .exceptions import AllowedSignersError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Bytes; far more than a file of keys has.
LARGEST = 1 << 20
WORD = re.compile(r'(?:[^\s"]|"[^"]*")+')
KEY_TYPES = re.compile(r"(?:ssh|ecdsa|sk|webauthn)-\S+")
OPTION = re.compile(r'([A-Za-z-]+)(?:="([^"]*)"|=([^,]*))?(?:,|$)')
DATES = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
#: What stands before the key of an ed25519 key in its own bytes.
HEAD = b"\0\0\0\x0b" + KEY_TYPE.encode() + b"\0\0\0\x20"


@dataclass(frozen=True)
class _Line:
    """A line of the file.

    Attributes:
        labels: The patterns of the labels.
        fingerprint: Of the key; none if it cannot sign here: for its type, for what it is for, or
            because its time has not come or is over.
    """

    labels: str
    fingerprint: str | None


def allowed(label: str) -> tuple[str, ...] | None:
    """Return who may sign for a label on this machine, as fingerprints.

    None where the machine has no such file, or the file does not name the label.

    Raises:
        AllowedSignersError: The file cannot be read.
    """
    file = allowed_signers_file()
    if not file:
        return None
    lines = [one for one in _read(Path(file).expanduser()) if _matches(one.labels, label)]
    return tuple(sorted({one.fingerprint for one in lines if one.fingerprint})) if lines else None


@cache
def _read(path: Path) -> tuple[_Line, ...]:
    try:
        text = read_regular(path, LARGEST, links=True).decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise AllowedSignersError(path, getattr(error, "strerror", None) or str(error)) from error
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            found.append(_line(WORD.findall(line)))
        except ValueError as error:
            raise AllowedSignersError(path, f"line {number}: {error}") from error
    return tuple(found)


def _line(words: list[str]) -> _Line:
    with_options = len(words) > 1 and not KEY_TYPES.fullmatch(words[1])
    options = dict(_options(words[1])) if with_options else {}
    key = words[2 if with_options else 1 :]
    if len(key) < 2 or not KEY_TYPES.fullmatch(key[0]):
        raise ValueError("it is not PRINCIPALS [OPTIONS] KEYTYPE KEY")
    good = (
        key[0] == KEY_TYPE
        and "cert-authority" not in options
        and _matches(options.get("namespaces", NAMESPACE), NAMESPACE)
        and _date(options.get("valid-after", ""), 0.0) <= time.time()
        and time.time() < _date(options.get("valid-before", ""), float("inf"))
    )
    return _Line(words[0].strip('"'), _fingerprint(key[1]) if good else None)


def _options(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    while position < len(text):
        found = OPTION.match(text, position)
        if not found or not found[0]:
            raise ValueError(f"its options cannot be read: {text[:60]}")
        yield found[1].lower(), found[2] or found[3] or ""
        position = found.end()


def _date(text: str, default: float) -> float:
    """Return seconds since 1970; dates are local unless they end in Z."""
    if not text:
        return default
    digits = text.removesuffix("Z")
    try:
        date = time.strptime(digits, DATES[len(digits)])
    except (KeyError, ValueError):
        raise ValueError(f"{text!r} is no date") from None
    return time.mktime(date) - (time.timezone if text.endswith("Z") else 0)


def _fingerprint(text: str) -> str:
    try:
        blob = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("its key is not in base64") from None
    if not blob.startswith(HEAD) or len(blob) != len(HEAD) + 32:
        raise ValueError("its key is damaged")
    return fingerprint(blob[len(HEAD) :])


def _matches(patterns: str, name: str) -> bool:
    """Return whether a list of OpenSSH's patterns has a name: `*`, `?`, and `!` for all but it."""
    found = False
    for pattern in patterns.split(","):
        negated = pattern.startswith("!")
        parts = re.split(r"([*?])", pattern.removeprefix("!"))
        expression = "".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in parts)
        if re.fullmatch(expression, name, re.DOTALL):
            if negated:
                return False
            found = True
    return found
