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

from ...files.hashing import read_regular
from ...repository.signing.sshsig import KEY_TYPE, NAMESPACE, fingerprint
from ...settings import customers_file
from .exceptions import AllowedSignersError

#: Bytes; far more than a file of keys has.
LARGEST = 1 << 20
OPTION = r'cert-authority|(?:namespaces|valid-after|valid-before)="(?:\\"|\\(?!")|[^"\\])*"'
LINE = re.compile(
    r'[ \t]*(?P<labels>[^ \t\r"]*)(?:"(?P<quoted>[^"]*)"|(?=[ \t\r]))[ \t\r]*'
    rf"(?:(?P<options>(?:(?:{OPTION})?,)*(?:{OPTION}))[ \t]+)?"
    r"(?P<type>(?:ssh|ecdsa|sk|webauthn)-[^ \t]+)[ \t]+(?P<key>[^ \t]+)",
    re.IGNORECASE,
)
DATE = re.compile(
    r"(\d{4})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
    r"(?:([01]\d|2[0-3])([0-5]\d)([0-5]\d|6[01])?)?(Z|UTC)?",
    re.ASCII | re.IGNORECASE,
)
#: The bytes before the key in the blob of an ed25519 key.
HEAD = b"\0\0\0\x0b" + KEY_TYPE.encode() + b"\0\0\0\x20"


@dataclass(frozen=True)
class _Line:
    labels: str
    #: None if the key's type or its options forbid it to sign here.
    fingerprint: str | None
    #: Seconds since 1970 between which it may sign.
    after: float
    before: float


def allowed(label: str) -> tuple[str, ...] | None:
    """Return the fingerprints of the keys that may sign for a label on this machine.

    None where the machine has no such file, or the file does not name the label.

    Raises:
        AllowedSignersError: The file cannot be read, or OpenSSH would refuse a line of it.
    """
    file = customers_file("allowed_signers")
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
    line = LINE.match(text)
    if not line:
        raise ValueError("it is not PRINCIPALS [OPTIONS] KEYTYPE KEY with options of OpenSSH")
    options: dict[str, str] = {}
    for option in re.findall(OPTION, line["options"] or "", re.IGNORECASE):
        name, _, value = option.partition("=")
        if value and name.lower() in options:
            raise ValueError(f"it has the option {name} twice")
        options[name.lower()] = value[1:-1].replace('\\"', '"')
    usable = line["type"] == KEY_TYPE and "cert-authority" not in options
    usable = usable and _matches(options.get("namespaces", NAMESPACE), NAMESPACE)
    after = _time(options["valid-after"]) if "valid-after" in options else 0.0
    before = _time(options["valid-before"]) if "valid-before" in options else float("inf")
    if after >= before:
        raise ValueError("its valid-before is not later than its valid-after")
    key = _fingerprint(line["key"].strip()) if usable else None
    return _Line(line["labels"] + (line["quoted"] or ""), key, after, before)


def _time(text: str) -> float:
    """Return seconds since 1970 of a date as OpenSSH reads it: in UTC if it says so, else in local
    time without summer time; a day that its month does not have is one of the next month.
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
    key = blob.removeprefix(HEAD)
    # Python takes more padding than there has to be
    if base64.b64encode(HEAD + key).decode() != text or len(key) != 32:
        raise ValueError("its key is damaged")
    return fingerprint(key)


def _matches(patterns: str, name: str) -> bool:
    """Return whether a list of OpenSSH's patterns has a name: `*`, `?`, and `!` for all but it."""
    matches = False
    for pattern in patterns.split(","):
        negated = pattern.startswith("!")
        parts = re.split(r"([*?])", pattern.removeprefix("!"))
        expression = "".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in parts)
        if re.fullmatch(expression, name, re.DOTALL):
            if negated:
                return False
            matches = True
    return matches
