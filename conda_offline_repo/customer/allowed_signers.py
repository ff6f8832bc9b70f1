"""A machine's file of allowed signers, in OpenSSH's format (ALLOWED SIGNERS in `man ssh-keygen`).

The principals of a line are the labels whose repositories its key may sign.
"""

from __future__ import annotations

import base64
import binascii
import calendar
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..files.hashing import read_regular
from ..repository.sshsig import KEY_TYPE, NAMESPACE, fingerprint
from ..settings import allowed_signers_file
from .exceptions import AllowedSignersError

#: Bytes; far more than a file of keys has.
LARGEST = 1 << 20
PRINCIPALS = re.compile(r'[ \t]*([^ \t\r"]*)(?:"([^"]*)"|(?=[ \t\r]|$))[ \t\r]*')
OPTION = re.compile(
    r"(?:(cert-authority)|(namespaces|valid-after|valid-before)"
    r'="((?:\\"|\\(?!")|[^"\\])*)")?(,|[ \t]+)',
    re.IGNORECASE,
)
KEY = re.compile(r"((?:ssh|ecdsa|sk|webauthn)-[^ \t]+)[ \t]+([^ \t]+)")
DATE = re.compile(
    r"(\d{4})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
    r"(?:([01]\d|2[0-3])([0-5]\d)([0-5]\d|6[01])?)?(Z|UTC)?",
    re.ASCII | re.IGNORECASE,
)
#: What stands before the key of an ed25519 key in its own bytes.
HEAD = b"\0\0\0\x0b" + KEY_TYPE.encode() + b"\0\0\0\x20"


@dataclass(frozen=True)
class _Line:
    """A line of the file.

    Attributes:
        labels: The patterns of the labels.
        fingerprint: Of the key; none if it cannot sign here, for its type or for what it is for.
        after: When its time begins, in seconds since 1970.
        before: When its time ends.
    """

    labels: str
    fingerprint: str | None
    after: float
    before: float


def allowed(label: str) -> tuple[str, ...] | None:
    """Return who may sign for a label on this machine, as fingerprints.

    None where the machine has no such file, or the file does not name the label.

    Raises:
        AllowedSignersError: The file cannot be read, or OpenSSH would refuse a line of it.
    """
    file = allowed_signers_file()
    if not file:
        return None
    lines = [line for line in _read(Path(file).expanduser()) if _matches(line.labels, label)]
    now = int(time.time())
    keys = {line.fingerprint for line in lines if line.after <= now <= line.before}
    return tuple(sorted(filter(None, keys))) if lines else None


def _read(path: Path) -> list[_Line]:
    try:
        text = read_regular(path, LARGEST, links=True).decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise AllowedSignersError(path, getattr(error, "strerror", None) or str(error)) from error
    lines = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip() and not line.lstrip(" \t").startswith("#"):
            try:
                lines.append(_line(line))
            except ValueError as error:
                raise AllowedSignersError(path, f"line {number}: {error}") from error
    return lines


def _line(text: str) -> _Line:
    principals = PRINCIPALS.match(text)
    if not principals:
        raise ValueError("it is not PRINCIPALS [OPTIONS] KEYTYPE KEY")
    options: dict[str, str] = {}
    position = principals.end()
    if not KEY.match(text, position):
        options, position = _options(text, position)
    key = KEY.match(text, position)
    if not key:
        raise ValueError("it is not PRINCIPALS [OPTIONS] KEYTYPE KEY")
    good = (
        key[1] == KEY_TYPE
        and "cert-authority" not in options
        and _matches(options.get("namespaces", NAMESPACE), NAMESPACE)
    )
    after = _time(options["valid-after"]) if "valid-after" in options else 0.0
    before = _time(options["valid-before"]) if "valid-before" in options else float("inf")
    if after >= before:
        raise ValueError("its valid-before is not later than its valid-after")
    labels = principals[1] + (principals[2] or "")
    return _Line(labels, _fingerprint(key[2].strip()) if good else None, after, before)


def _options(text: str, start: int) -> tuple[dict[str, str], int]:
    """Return the options that begin here, by name, and where the rest of the line begins."""
    options: dict[str, str] = {}
    position = start
    while option := OPTION.match(text, position):
        name = (option[1] or option[2] or "").lower()
        if name in options and option[2]:
            raise ValueError(f"it has the option {name} twice")
        if name:
            options[name] = (option[3] or "").replace('\\"', '"')
        position = option.end()
        if name and option[4] != ",":
            return options, position
        if option[4] != ",":  # there is a comma at their end
            break
    raise ValueError(f"its options cannot be read: {text[start : start + 60]}")


def _time(text: str) -> float:
    """Return seconds since 1970 of a date as OpenSSH reads it: in UTC if that is said, or else in
    local time without summer time; a day that its month does not have is one of the next month.
    """
    if date := DATE.fullmatch(text):
        *fields, utc = date.groups()
        moment = time.struct_time((*(int(field or 0) for field in fields), 0, 0, 0))
        with suppress(ValueError, OverflowError):  # a year that this system does not know
            seconds = calendar.timegm(moment) if utc else time.mktime(moment)
            if seconds > 0:
                return seconds
    raise ValueError(f"{text!r} is not a date")


def _fingerprint(text: str) -> str:
    try:
        blob = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("its key is not in base64") from None
    # Python takes more padding than there has to be
    if (
        base64.b64encode(blob).decode() != text
        or not blob.startswith(HEAD)
        or len(blob) != len(HEAD) + 32
    ):
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
